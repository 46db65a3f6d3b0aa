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
