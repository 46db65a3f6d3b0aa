/// Everything that a rule looks at.
struct CheckContext {
  let outline: DatasetOutline
  let exposure: RunExposure
  let vocabulary: CheckVocabulary
  /// How each member is used.
  let members: [DatasetCheck.Member]
  /// What each picture's contents say, where they can be read.
  let facts: [PictureFacts?]
  /// Why a picture's contents cannot be read.
  let failures: [Int: String]
  /// The caption of each picture.
  let captions: [CaptionTags]
  /// The pictures of each member, those that are drawn before the run left out.
  let pictures: [[Int]]

  init(
    outline: DatasetOutline, exposure: RunExposure, facts: [String: PictureFacts.Outcome],
    vocabulary: CheckVocabulary, members: [DatasetCheck.Member]
  ) {
    (self.outline, self.exposure, self.vocabulary, self.members) = (outline, exposure, vocabulary, members)
    let all = outline.pictures.pictures
    self.facts = all.map { try? facts[$0.path]?.get() }
    var failures: [Int: String] = [:]
    for (number, picture) in all.enumerated() {
      if case .failure(let failure) = facts[picture.path] { failures[number] = failure.reason }
    }
    self.failures = failures
    captions = all.map { CaptionTags($0, rule: outline.subsets[$0.subset].captions) }
    pictures = outline.members.indices.map { member in
      outline.pictures(of: member).filter { !all[$0].path.isEmpty }
    }
  }

  /// The numbers of the members of a kind.
  func members(_ kind: DatasetOutline.Member.Kind) -> [Int] {
    outline.members.indices.filter { outline.members[$0].kind == kind }
  }

  /// A member's name.
  func name(_ member: Int) -> String { outline.members[member].name }

  /// Paths of pictures by their numbers.
  func paths(_ numbers: some Sequence<Int>) -> [String] { numbers.map { outline.pictures.pictures[$0].path } }

  /// The names of a few pictures, and how many more there are.
  func files(_ numbers: [Int], most: Int = 3) -> String {
    let names = paths(numbers).map { $0.split(separator: "/").last.map(String.init) ?? $0 }
    return names.listed(most)
  }

  /// A finding of one member.
  func finding(
    _ id: String, _ severity: DatasetCheck.Finding.Severity, _ about: [Int], _ numbers: [Int] = [], evidence: String,
    meaning: String, advice: String
  ) -> DatasetCheck.Finding {
    DatasetCheck.Finding(
      id: id, severity: severity, about: about.map(name), pictures: paths(numbers), evidence: evidence,
      meaning: meaning, advice: advice)
  }
}

extension [String] {
  /// The first few, and how many more there are.
  func listed(_ most: Int, _ separator: String = ", ") -> String {
    let shown = prefix(most).joined(separator: separator)
    return count > most ? "\(shown) and \(count - most) more" : shown
  }

  /// The first few in quotation marks, and how many more there are.
  func quoted(_ most: Int = 6) -> String { map { "\"\($0)\"" }.listed(most) }
}

extension Int {
  /// The number with a noun: `1 picture`, `3 pictures`.
  func of(_ noun: String) -> String { "\(self) \(noun)\(self == 1 ? "" : "s")" }
}
