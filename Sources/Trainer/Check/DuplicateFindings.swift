/// Pictures that are there twice.
enum DuplicateFindings {
  static func all(_ context: CheckContext) -> [DatasetCheck.Finding] {
    let pictures = context.facts.indices.filter { context.facts[$0] != nil }
    var byHash: [String: [Int]] = [:]
    for number in pictures { byHash[context.facts[number]?.hash ?? "", default: []].append(number) }
    let same = byHash.values.filter { $0.count > 1 }.sorted { $0[0] < $1[0] }
    // One of each stands for its copies.
    let heads = byHash.values.map { $0[0] }.sorted()
    return findings(context, same, isExact: true) + findings(context, alike(context, heads), isExact: false)
  }

  /// Sets of pictures that resemble one another, directly or by others between them.
  private static func alike(_ context: CheckContext, _ heads: [Int]) -> [[Int]] {
    let looks = heads.compactMap { context.facts[$0]?.likeness }
    var parents = Array(heads.indices)
    func root(_ index: Int) -> Int {
      var index = index
      while parents[index] != index { index = parents[index] }
      return index
    }
    for a in looks.indices {
      for b in looks.indices where b > a && looks[a].resemblance(looks[b]) != nil {
        let (first, second) = (root(a), root(b))
        parents[max(first, second)] = min(first, second)
      }
    }
    var sets: [Int: [Int]] = [:]
    for index in heads.indices { sets[root(index), default: []].append(heads[index]) }
    return sets.values.filter { $0.count > 1 }.sorted { $0[0] < $1[0] }
  }

  /// One finding for each combination of members that sets of pictures are in.
  private static func findings(_ context: CheckContext, _ sets: [[Int]], isExact: Bool) -> [DatasetCheck.Finding] {
    var byMembers: [(members: [Int], sets: [[Int]])] = []
    for set in sets {
      let members = Set(set.map { context.outline.member(ofPicture: $0) }).sorted()
      if let place = byMembers.firstIndex(where: { $0.members == members }) {
        byMembers[place].sets.append(set)
      } else {
        byMembers.append((members, [set]))
      }
    }
    return byMembers.map { members, sets in
      let texts = sets.map { set in set.map { name(context, $0, among: members) }.listed(4, " = ") }
      let kinds = Set(members.map { context.outline.members[$0].kind })
      let isCrossed = members.count > 1
      let number = "\(sets.count.of("set")) of \(isExact ? "equal files" : "pictures that look the same")"
      let isAgainst = kinds.contains(.regularization) && kinds.count > 1
      let others =
        isAgainst
        ? "One pulls towards the character and the other away from it."
        : "The same picture then teaches two names, and each calls the other."
      return context.finding(
        isExact ? "duplicate" : "near-duplicate",
        isCrossed ? (isExact ? .problem : .warning) : (isExact ? .warning : .note), members, sets.flatMap { $0 },
        evidence: "\(number): \(texts.listed(3, "; "))",
        meaning: isCrossed
          ? others
          : "What they show counts \(isExact ? "as often as there are copies" : "about so many times"), and is learned by heart sooner.",
        advice: isCrossed
          ? isAgainst
            ? "Remove them from the regularisation set."
            : "Keep each where it belongs; pictures of several characters belong in a [[group]]."
          : isExact ? "Remove all but one." : "Look at them, and keep the best; variants on purpose may stay.")
    }
  }

  private static func name(_ context: CheckContext, _ number: Int, among members: [Int]) -> String {
    let file = context.files([number])
    return members.count > 1 ? "\(context.name(context.outline.member(ofPicture: number)))/\(file)" : file
  }
}
