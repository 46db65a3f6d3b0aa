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
    base = Double(record.agreed) / Double(max(1, record.read))
  }

  private static func share(_ samples: [StudyRecord.Sample], _ holds: (StudyRecord.Sample) -> Bool) -> Double {
    samples.isEmpty ? 0 : Double(samples.count(where: holds)) / Double(samples.count)
  }
}

/// A mean over seeds with the interval that holds the true one with 95 % certainty, by Student's t.
struct SeedMean: Sendable {
  var mean: Double
  /// Half of the interval; `nil` for fewer than three seeds, whose interval would say nothing.
  var half: Double?

  /// Student's t at 97.5 % by degrees of freedom, from 2.
  private static let quantiles = [4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262]

  init?(_ values: [Double]) {
    guard !values.isEmpty else { return nil }
    let mean = values.reduce(0, +) / Double(values.count)
    self.mean = mean
    guard values.count > 2 else { return }
    let square = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count - 1)
    half =
      Self.quantiles[min(values.count - 3, Self.quantiles.count - 1)] * (square / Double(values.count)).squareRoot()
  }

  /// The mean and half the interval, as `.87 ± .05`.
  var text: String {
    guard let half else { return Self.share(mean) }
    return "\(Self.share(mean)) ± \(Self.share(half))"
  }

  /// A share with two digits, as `.87`.
  static func share(_ value: Double) -> String {
    let hundredths = Int((value * 100).rounded())
    let digits = hundredths % 100 < 10 ? "0\(hundredths % 100)" : "\(hundredths % 100)"
    return hundredths >= 100 ? "\(hundredths / 100).\(digits)" : ".\(digits)"
  }
}
