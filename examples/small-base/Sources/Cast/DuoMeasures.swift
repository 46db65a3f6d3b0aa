/// The numbers of a run's pictures of two characters side by side.
struct DuoMeasures: Sendable {
  /// The share that shows both, each once.
  var both: Double
  /// The share that shows two figures of which one at least is not, or is again, one of those asked for.
  var wrong: Double
  /// The share that shows one figure or none.
  var single: Double
  /// Of those that show both, the share in which they stand in the order of the prompt.
  var ordered: Double?
  /// Of the heads and torsos of figures that show one of the two, the share that looks most like the other's.
  var foreign: Double?
  /// Detect-and-Compare, 0 to 1, averaged.
  var score: Double

  /// Measures pictures; nil where there are none.
  init?(_ duos: [StudyRecord.Duo]) {
    guard !duos.isEmpty else { return nil }
    func share(_ holds: (StudyRecord.Duo) -> Bool) -> Double { Double(duos.count(where: holds)) / Double(duos.count) }
    func isBoth(_ duo: StudyRecord.Duo) -> Bool { duo.seen.sorted() == duo.asked.sorted() }
    both = share(isBoth)
    single = share { $0.seen.count < 2 }
    wrong = 1 - both - single
    let right = duos.filter(isBoth)
    if !right.isEmpty { ordered = Double(right.count { $0.seen == $0.asked }) / Double(right.count) }
    let parts = duos.filter { $0.seen.count == 2 }.flatMap { duo in
      zip(duo.seen, duo.parts).flatMap { seen, parts -> [Bool] in
        guard duo.asked.contains(seen) else { return [] }
        return parts.prefix(2).map { $0 != seen && duo.asked.contains($0) }
      }
    }
    if !parts.isEmpty { foreign = Double(parts.count { $0 }) / Double(parts.count) }
    score = duos.reduce(0) { $0 + $1.score } / Double(duos.count)
  }
}
