/// The numbers of one run, from its record.
struct StudyMeasures: Sendable {
  /// Of pictures with one trigger, averaged over triggers: the share that shows its character, another one, a doll.
  var own = 0.0
  var other = 0.0
  var doll = 0.0
  /// The share of pictures without a trigger that show a character nonetheless.
  var generic = 0.0
  /// Of the heads and torsos in pictures that show the character that was asked for, the share that looks most like
  /// another's of the run.
  ///
  /// Legs are left out: several of the cast wear the same, and the reader errs on a quarter.
  var foreign: Double?
  /// The distance to the nearest drawing of the character that was asked for, middle one of all that show it.
  var distance: Double?
  /// Of pictures with two triggers, the share that shows one of the two.
  var paired: Double?
  /// The share of a doll's captioned attributes that the base with the LoRA still draws.
  var base = 0.0
  /// The smallest share of own pictures among the characters.
  var weakest = 0.0
  /// Of pictures drawn with one of several LoRAs loaded by itself, the share that shows its character.
  var alone: Double?
  /// What pictures of two show.
  var duos: DuoMeasures?

  init(_ record: StudyRecord) {
    let members = Set(record.members.map(\.rawValue))
    let single = Dictionary(grouping: record.samples.filter { members.contains($0.asked) }, by: \.asked)
    func mean(_ share: (StudyRecord.Sample) -> Bool) -> [Double] {
      single.keys.sorted().map { key in Self.share(single[key] ?? [], share) }
    }
    func average(_ values: [Double]) -> Double { values.reduce(0, +) / Double(max(1, values.count)) }
    let owns = mean { $0.seen == $0.asked }
    own = average(owns)
    weakest = owns.min() ?? 0
    doll = average(mean { $0.seen == "doll" })
    other = average(mean { $0.seen != $0.asked && $0.seen != "doll" })
    generic = Self.share(record.samples.filter { $0.asked.hasPrefix("1") }) { $0.seen != "doll" }
    let shown = single.values.joined().filter { $0.seen == $0.asked }
    let parts = shown.flatMap { sample in sample.parts.prefix(2).map { $0 != sample.asked && members.contains($0) } }
    if !parts.isEmpty { foreign = Double(parts.count { $0 }) / Double(parts.count) }
    let distances = shown.compactMap(\.own).sorted()
    if !distances.isEmpty { distance = distances[distances.count / 2] }
    let pairs = record.samples.filter { $0.asked.contains("+") }
    if !pairs.isEmpty {
      paired = Self.share(pairs) { sample in sample.asked.split(separator: "+").contains { $0 == sample.seen } }
    }
    if !record.alone.isEmpty { alone = Self.share(record.alone) { $0.seen == $0.asked } }
    duos = DuoMeasures(record.duos)
    base = Double(record.agreed) / Double(max(1, record.read))
  }

  private static func share(_ samples: [StudyRecord.Sample], _ holds: (StudyRecord.Sample) -> Bool) -> Double {
    samples.isEmpty ? 0 : Double(samples.count(where: holds)) / Double(samples.count)
  }
}
