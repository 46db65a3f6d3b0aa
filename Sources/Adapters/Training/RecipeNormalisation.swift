/// One spelling for what trainers write in several, so that recipes of different trainers can be compared.
package enum RecipeNormalisation {
  /// A field's value in the spelling that decides whether two are the same.
  package static func value(_ value: String, of id: String) -> String {
    switch id {
    // sd-scripts names classes (`AdamW8bit`), OneTrainer constants (`ADAMW_8BIT`).
    case "optimizer": value.lettersAndDigits
    case "scheduler": value.lettersAndDigits
    case "mixed_precision": precision(value.lettersAndDigits)
    case "base_model", "vae": model(value)
    case "base_version": RecipeComparison.family(value)
    case "loss_type": value.lowercased() == "mse" ? "l2" : value.lowercased()
    case "optimizer_args", "network_args": arguments(value)
    case "timestep_sampling", "weighting", "model_prediction": value.lettersAndDigits
    default: value
    }
  }

  private static func precision(_ plain: String) -> String {
    switch plain {
    case "bf16", "bfloat16", "torchbfloat16": "bf16"
    case "fp16", "float16", "torchfloat16", "half": "fp16"
    case "nonefp32", "no", "fp32", "float32", "torchfloat32": "fp32"
    default: plain
    }
  }

  /// A model's name without folders, ending, and the words that tell how its file was packed.
  static func model(_ name: String) -> String {
    var plain = name.lastPathComponent.withoutModelExtension.lettersAndDigits
    let packings = [
      "prunedemaonly", "pruned", "emaonly", "noema", "nonema", "fp16", "bf16", "fp32", "fp8", "09vae",
      "vaefix",
    ]
    while let packing = packings.first(where: { plain.hasSuffix($0) && plain != $0 }) {
      plain.removeLast(packing.count)
    }
    return plain
  }

  /// Arguments in any order; numbers by their value.
  private static func arguments(_ text: String) -> String {
    var parts: [String] = [""]
    var depth = 0
    for character in text where character != " " {
      if "([{".contains(character) { depth += 1 }
      if ")]}".contains(character) { depth -= 1 }
      if character == ",", depth == 0 { parts.append("") } else { parts[parts.count - 1].append(character) }
    }
    return parts.map { part in
      let sides = part.split(separator: "=", maxSplits: 1).map(String.init)
      guard sides.count == 2, let number = Double(sides[1]) else { return part.lowercased() }
      return "\(sides[0].lowercased())=\(PlainText.number(number))"
    }.sorted().joined(separator: ",")
  }
}

extension TrainingRecord {
  /// The fields as they are compared: what one trainer leaves to a common setting and another writes out is filled in.
  var comparedFields: [RecipeField] {
    var result = fields
    func has(_ id: String) -> Bool { result.contains { $0.id == id } }
    if !has("unet_lr"), let place = result.firstIndex(where: { $0.id == "learning_rate" }) {
      let common = result[place]
      result.insert(
        RecipeField(
          id: "unet_lr", group: common.group, label: "U-Net learning rate", value: common.value, source: common.source),
        at: place + 1)
    }
    return result
  }
}
