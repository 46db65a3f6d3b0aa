import SafeTensors

extension TrainingRecord {
  /// What stands in the files beside the weights: how the maker, or a user, says that they are to be used.
  public struct Notes: Sendable, Codable, Equatable {
    /// The names of the files that something was read from.
    public var files: [String]
    /// The text to put into a prompt, as stored.
    public var activationText: String?
    /// Words that call the character, as published.
    public var trainedWords: [String]
    /// The strength to use; nil where none is set.
    public var preferredWeight: Double?
    /// The text to put into a negative prompt.
    public var negativeText: String?
    /// The base model that it is said to be for, as stored: `SD1`, `SDXL`, `SD 1.5`, `Pony`, `Flux.1 D`.
    public var baseModel: String?
    /// The model's name, as published.
    public var title: String?
    /// The version's name, as published.
    public var version: String?
    /// What it is; of pages without their mark-up.
    public var description: String?
    /// The user's notes.
    public var text: String?
    /// Whether ``baseModel`` is the published page's, not the notes'.
    var isBaseModelFromPage = false
    /// Whether ``description`` is the published page's, not the notes'.
    var isDescriptionFromPage = false
    /// SHA-256 of the published files, whole and of the tensors alone, in lower case and as long as stored.
    public var hashes: [String]

    init?(_ sidecars: Sidecars) {
      (files, trainedWords, hashes) = ([], [], [])
      for document in sidecars.documents {
        let before = self
        switch document.kind {
        case .notes: readNotes(document.value)
        case .civitai: readPage(document.value)
        case .peft: break
        }
        // A JSON file of the same name may be anybody's.
        if self != before { files.append(document.file) }
      }
      if files.isEmpty { return nil }
    }

    private mutating func readNotes(_ value: JSONValue) {
      activationText = value["activation text"]?.filledText
      // The window writes 0 where nothing was set.
      preferredWeight = value["preferred weight"]?.number.flatMap { $0.isFinite && $0 != 0 ? $0 : nil }
      negativeText = value["negative text"]?.filledText
      let version = value["sd version"]?.filledText
      baseModel = version == "Unknown" ? nil : version
      description = value["description"]?.filledText
      text = value["notes"]?.filledText
    }

    private mutating func readPage(_ value: JSONValue) {
      trainedWords = (value["trainedWords"]?.elements ?? []).compactMap(\.filledText)
      if baseModel == nil {
        baseModel = value["baseModel"]?.filledText
        isBaseModelFromPage = baseModel != nil
      }
      title = value["model"]?["name"]?.filledText
      version = value["name"]?.filledText
      if description == nil {
        let plain = value["description"]?.filledText.map(Self.withoutMarkup)
        description = plain.flatMap { $0.isEmpty ? nil : $0 }
        isDescriptionFromPage = description != nil
      }
      for file in value["files"]?.elements ?? [] {
        for kind in ["SHA256", "AutoV3"] {
          guard let hash = file["hashes"]?[kind]?.filledText?.lowercased(), hash.utf8.count >= 10 else { continue }
          hashes.append(hash)
        }
      }
    }

    /// A page's text without what stands in angle brackets.
    static func withoutMarkup(_ text: String) -> String {
      var result = ""
      var inside = false
      for character in text {
        switch character {
        case "<":
          inside = true
          result.append(" ")
        case ">" where inside: inside = false
        default: if !inside { result.append(character) }
        }
      }
      for (code, sign) in [("&nbsp;", " "), ("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&amp;", "&")] {
        result = result.replacing(code, with: sign)
      }
      return result.split(whereSeparator: \.isWhitespace).joined(separator: " ")
    }

    /// The words that call the character: of each text the first, which leads, then what follows it.
    var triggers: [String] {
      let texts = [activationText].compactMap { $0 } + trainedWords
      let words = texts.map { text in
        text.split(separator: ",").map { String($0).trimmed }.filter { !$0.isEmpty && !$0.hasPrefix("<lora:") }
      }
      var seen: Set<String> = []
      return (words.compactMap(\.first) + words.flatMap { $0.dropFirst() }).filter { seen.insert($0).inserted }
    }
  }
}

extension TrainingRecord.Notes {
  /// The base model's family, where its name is one that web UIs and model sites use.
  var family: Architecture? {
    guard let plain = baseModel?.lettersAndDigits else { return nil }
    // Longer beginnings first: "sdxl" is no "sd".
    let families: [(String, Architecture)] = [
      ("sdxl", .sdxl), ("pony", .sdxl), ("illustrious", .sdxl), ("noobai", .sdxl), ("animagine", .sdxl),
      ("kolors", .unknown), ("sd3", .sd3), ("sd2", .sd2), ("sd1", .sd1), ("flux2", .flux2), ("flux1", .flux1),
      ("chroma", .chroma), ("wan", .wan), ("qwen", .qwenImage), ("zimage", .zImage), ("hunyuan", .hunyuan),
      ("lumina", .lumina2), ("anima", .anima),
    ]
    // Pony V7 is of another family than the Pony everybody means.
    if plain.hasPrefix("ponyv7") { return nil }
    return families.first { plain.hasPrefix($0.0) }.flatMap { $0.1 == .unknown ? nil : $0.1 }
  }
}
