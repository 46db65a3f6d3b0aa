extension TrainingRecord {
  var castFields: [RecipeField] {
    guard let cast else { return [] }
    return group(
      "Cast",
      [
        ("cast_mode", "Files", cast.modeText),
        ("cast_characters", "Characters", cast.characters.map(\.name).joined(separator: ", ")),
        (
          "cast_losses", "Loss terms",
          cast.losses.map { "\($0.name) \(PlainText.number($0.weight))" }.joined(separator: ", ")
        ),
        (
          "cast_regularization", "Regularisation",
          cast.regularization.map(\.summary).joined(separator: "; ")
        ),
        ("cast_matching", "Batches", cast.batchText),
      ])
  }
}

extension TrainingRecord.Cast {
  /// How batches were made, in a few words.
  public var batchText: String? {
    switch matching {
    case "kohya": "as sd-scripts makes them"
    case "cast": "every step holds every character that fits"
    default: nil
    }
  }

  /// What the run wrote, in a few words.
  public var modeText: String? {
    switch mode {
    case "separate": file.map { "one per character, this is \($0)'s" } ?? "one per character"
    case "shared": "one for the whole cast"
    default: mode
    }
  }
}

extension TrainingRecord.Cast.RegularizationSet {
  /// The set in a few words: `1girl (20 pictures) with Aya, Rin`.
  public var summary: String {
    let maker = generated > 0 && generated == images ? " drawn by the base model" : ""
    let source = images == 0 ? "the characters' own pictures" : images.of("picture") + maker
    let target = target == "base" ? ", held to the base model" : ""
    return "\(className) (\(source)\(target))" + (pairsWith.isEmpty ? "" : " with \(pairsWith.joined(separator: ", "))")
  }
}
