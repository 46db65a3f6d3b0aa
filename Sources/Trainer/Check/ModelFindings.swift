/// What cannot be opened at all.
enum ModelFindings {
  static func all(_ context: CheckContext) -> [DatasetCheck.Finding] {
    var found: [DatasetCheck.Finding] = []
    if case .noModel(let reason) = context.vocabulary {
      found.append(
        context.finding(
          "unreadable-model", .problem, [], evidence: reason, meaning: "The run cannot begin without its base model.",
          advice: "Correct checkpoint in [model], or name the file with --model."))
    }
    let broken = context.failures.keys.sorted()
    if let first = broken.first {
      found.append(
        context.finding(
          "unreadable-picture", .problem, Set(broken.map { context.outline.member(ofPicture: $0) }).sorted(), broken,
          evidence: broken.count == 1
            ? context.failures[first] ?? ""
            : "\(broken.count) files, the first is \(context.failures[first] ?? "")",
          meaning: "The run would stop at the first of these.",
          advice: "Save them again in a format that is read, or remove them: \(context.files(broken))."))
    }
    return found
  }
}
