/// Gathers everything in a record that hints at the words which call its characters.
struct TriggerSearch {
  private let record: TrainingRecord
  private var found: [String: [TriggerCandidate]] = [:]

  init(_ record: TrainingRecord, _ reader: inout MetadataReader) {
    self.record = record
    readStatements(&reader)
    readFolders()
    readTags()
  }

  /// One candidate per word, at most 30: its best evidence decides, further evidence raises it a little.
  var candidates: [TriggerCandidate] {
    let ranked = found.values.compactMap { hints -> TriggerCandidate? in
      let hints = hints.sorted { ($1.confidence, $0.evidence) < ($0.confidence, $1.evidence) }
      guard var best = hints.first else { return nil }
      // The same evidence from several folders is one piece of evidence.
      var kinds: Set<String> = [best.evidence]
      let further = hints.dropFirst().filter { kinds.insert($0.evidence).inserted }
      let doubt = further.reduce(1 - best.confidence) { $0 * (1 - $1.confidence / 2) }
      best.confidence = ((1 - doubt) * 100).rounded() / 100
      best.confidence = min(best.confidence, 0.99)
      best.evidence = ([best] + further).prefix(3).map(\.evidence).joined(separator: "; ")
      let folders = Set(hints.map(\.folder))
      best.folder = folders.count == 1 ? best.folder : nil
      return best
    }.sorted { ($1.confidence, $0.token) < ($0.confidence, $1.token) }
    return Array(ranked.prefix(30))
  }

  private mutating func add(_ token: String, folder: String? = nil, _ evidence: String, _ confidence: Double) {
    let token = token.trimmed
    guard !token.isEmpty, token.utf8.count <= 200 else { return }
    let key = token.lowercased().filter { $0 != "\\" }.split { $0 == " " || $0 == "_" }.joined(separator: " ")
    // What the maker states outright may be as general as it likes.
    guard confidence > 0.9 || !GenericTags.common.contains(key) else { return }
    found[key, default: []].append(
      TriggerCandidate(token: token, folder: folder, evidence: evidence, confidence: confidence))
  }

  // MARK: - What the maker says

  private mutating func readStatements(_ reader: inout MetadataReader) {
    let members = record.cast?.trained ?? []
    for member in members { add(member.trigger, "the trainer's record says that it calls \(member.name)", 0.98) }
    // The phrase of a cast is those words in a row.
    let phrase = reader.text("modelspec.trigger_phrase")
    if let phrase, phrase != members.map(\.trigger).filter({ !$0.isEmpty }).joined(separator: ", ") {
      add(phrase, "the maker published it as the trigger phrase", 0.97)
    }
    for (index, word) in Self.words(inComment: record.identity.comment ?? "").enumerated() {
      add(word, "the training comment calls it the trigger word", index == 0 ? 0.95 : 0.85)
    }
    for (index, word) in (record.notes?.triggers ?? []).enumerated() {
      add(word, "the notes beside the file give it", index == 0 ? 0.96 : 0.7)
    }
    for key in reader.keys.sorted() where reader.stored(key) == "<embed>" {
      reader.take(key)
      add(key, "the file holds its own embedding for it", 0.95)
    }
  }

  /// The words after "trigger word is" and the like.
  static func words(inComment comment: String) -> [String] {
    let lowered = comment.lowercased()
    // Offsets are shared between both texts only if lowering kept the length.
    guard lowered.unicodeScalars.count == comment.unicodeScalars.count else { return [] }
    let scalars = Array(comment.unicodeScalars)
    let starts = ["trigger", "activation", "activate with"].compactMap {
      lowered.firstRange(of: $0)?.upperBound
    }
    guard let start = starts.min() else { return [] }
    var at = lowered.unicodeScalars.distance(from: lowered.unicodeScalars.startIndex, to: start)
    func skip(_ words: [String]) -> Bool {
      while at < scalars.count, scalars[at].properties.isWhitespace { at += 1 }
      for word in words {
        let end = at + word.unicodeScalars.count
        guard end <= scalars.count, String(String.UnicodeScalarView(scalars[at..<end])).lowercased() == word
        else {
          continue
        }
        at = end
        return true
      }
      return false
    }
    while skip(["phrases", "phrase", "words", "word", "tokens", "token", "tags", "tag", "text", "s"]) {}
    guard skip([":", "=", "is ", "is:", "are ", "are:"]) else { return [] }
    while skip([":", "="]) {}
    var line = scalars[at...].prefix { $0 != "\n" && $0 != ";" }
    if let stop = line.indices.first(where: { i in
      line[i] == "." && (i + 1 == line.endIndex || line[i + 1].properties.isWhitespace)
    }) {
      line = line[..<stop]
    }
    let text = String(String.UnicodeScalarView(line)).trimmed
    guard text.utf8.count <= 200, !text.lowercased().hasPrefix("not "), text.lowercased() != "none" else {
      return []
    }
    return text.split(separator: ",").map { part in
      String(part).trimmed.filter { !"\"'`“”".contains($0) }
    }.filter { !$0.isEmpty }
  }

  // MARK: - What the folders say

  private mutating func readFolders() {
    for folder in record.data.datasets where !folder.isRegularisation {
      // Class tokens and folder names are only used where an image has no caption.
      let captioned = !folder.topTags.isEmpty
      if let tokens = folder.classTokens {
        add(
          tokens, folder: folder.name,
          captioned ? "class tokens, used for images without a caption" : "class tokens",
          captioned ? 0.35 : 0.85)
      }
      if let prefix = folder.captionPrefix {
        for word in prefix.split(separator: ",") {
          add(String(word), folder: folder.name, "put before each caption", 0.85)
        }
      }
      let concept = folder.concept
      guard !GenericTags.folders.contains(concept.lowercased()), !concept.allSatisfy(\.isNumber) else {
        continue
      }
      add(
        concept, folder: folder.name, "the image folder's name",
        captioned || concept == folder.name ? 0.3 : 0.75)
    }
  }
  // MARK: - What the captions say

  private mutating func readTags() {
    let folders = Self.taggedFolders(record)
    for (tag, presence) in Self.constantTags(folders) {
      let (evidence, confidence) = Self.judge(tag, presence, among: folders)
      let folder = folders.count > 1 && presence.folders.count == 1 ? presence.folders[0].name : nil
      add(tag, folder: folder, evidence, confidence)
    }
  }
}
