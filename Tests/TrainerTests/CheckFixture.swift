import Testing

@testable import Trainer

/// Datasets without files: configurations as text, pictures and what they show as values.
enum CheckFixture {
  /// A cast of two characters with a folder each, and what else is written below.
  static func cast(steps: Int = 400, batch: Int = 4, training: String = "", _ rest: String = "") -> String {
    """
    [model]
    checkpoint = "model.safetensors"
    [training]
    steps = \(steps)
    batch = \(batch)
    resolution = 64
    \(training)
    [[character]]
    name = "Konrad"
    trigger = "konrad_httt"
    class = "1boy"
    images = "konrad"
    [[character]]
    name = "Li'sar"
    trigger = "lisar_httt"
    class = "1girl"
    images = "lisar"
    \(rest)
    """
  }

  /// Pictures of a subset that nothing is wrong with.
  static func pictures(
    _ subset: Int, _ count: Int, size: PixelSize = PixelSize(64), hasCaption: Bool = true,
    caption: (Int) -> String = {
      ["smile, portrait, from side", "standing, full body", "upper body, from behind"][$0 % 3]
    }
  ) -> [DatasetPictures.Picture] {
    (0..<count).map {
      .init(path: "\(subset)/\($0).png", size: size, caption: caption($0), hasCaption: hasCaption, subset: subset)
    }
  }

  /// What a picture shows: colours before a busy background, like no other.
  static func facts(
    _ name: String, background: PictureFacts.Background = .busy, isGreyscale: Bool = false
  ) -> PictureFacts {
    PictureFacts(
      hash: name, likeness: PictureLikeness(hash: 0, mirrored: 0, colours: []), colourfulness: isGreyscale ? 0 : 40,
      isGreyscale: isGreyscale, background: background)
  }

  /// The check of a cast.
  static func check(
    _ toml: String, _ pictures: [DatasetPictures.Picture], facts: [String: PictureFacts] = [:],
    vocabulary: CheckVocabulary = .notAsked
  ) throws -> DatasetCheck {
    let cast = try CastConfiguration(toml: toml, path: "cast.toml")
    return check(
      try DatasetOutline(cast, pictures: DatasetPictures(pictures: pictures)), facts: facts, vocabulary: vocabulary)
  }

  /// The check of sd-scripts' dataset configuration.
  static func kohya(
    _ toml: String, _ pictures: [DatasetPictures.Picture], steps: Int = 400
  ) throws -> DatasetCheck {
    let dataset = try DatasetConfiguration(toml: toml, path: "data.toml")
    return check(
      try DatasetOutline(dataset, pictures: DatasetPictures(pictures: pictures), steps: steps), facts: [:],
      vocabulary: .notAsked)
  }

  private static func check(
    _ outline: DatasetOutline, facts: [String: PictureFacts], vocabulary: CheckVocabulary
  ) -> DatasetCheck {
    var outcomes: [String: PictureFacts.Outcome] = [:]
    for picture in outline.pictures.pictures {
      outcomes[picture.path] = .success(facts[picture.path] ?? Self.facts(picture.path))
    }
    let check = DatasetCheck(
      outline, exposure: RunExposure(outline), facts: outcomes, vocabulary: vocabulary)
    for finding in check.findings {
      #expect(DatasetCheck.Finding.names.contains(finding.id), "--fail-on does not know \(finding.id)")
      #expect(!finding.evidence.isEmpty && finding.meaning.hasSuffix(".") && finding.advice.hasSuffix("."))
    }
    return check
  }
}

extension DatasetCheck {
  /// The findings of a name.
  func found(_ id: String) -> [Finding] { findings.filter { $0.id == id } }
}
