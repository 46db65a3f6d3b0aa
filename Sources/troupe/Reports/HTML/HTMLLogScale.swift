/// A logarithmic axis for shares of energy, from a round number above all of them to one below.
struct HTMLLogScale {
  /// The lines of the axis, from the largest to the smallest.
  let ticks: [Double]
  private let most: Double
  private let least: Double

  /// Frames shares from 0 to 1; nil when none of them is above 0.
  init?(_ shares: [Double]) {
    // Below a millionth of the energy there is only rounding.
    let shares = shares.filter { $0 > 0 }.map { min(max($0, 1e-6), 1) }
    guard let largest = shares.max(), let smallest = shares.min() else { return nil }
    let tens = [1.0, 1e-1, 1e-2, 1e-3, 1e-4, 1e-5, 1e-6]
    let round = tens.flatMap { [$0, $0 / 2, $0 / 5] }.filter { $0 >= 1e-6 }
    func frame(_ lines: [Double]) -> [Double] {
      let top = lines.dropLast().last { $0 >= largest } ?? 1
      let bottom = lines.first { $0 <= smallest && $0 < top } ?? 1e-6
      return lines.filter { $0 <= top && $0 >= bottom }
    }
    // Over more than two powers of ten the lines between them would crowd.
    let fine = frame(round)
    ticks = fine.count <= 7 ? fine : frame(tens)
    most = Self.logarithm(ticks.first ?? 1)
    least = Self.logarithm(ticks.last ?? 1e-6)
  }

  /// Where a share lies: 0 at the top line, 1 at the bottom line.
  func place(_ share: Double) -> Double {
    guard share > 0 else { return 1 }
    return min(1, max(0, (most - Self.logarithm(share)) / (most - least)))
  }

  /// A tick as a percentage; such small ones as have no short one are written out.
  static func label(_ tick: Double) -> String {
    let percent = tick * 100
    let decimals = [1.0, 0.1, 0.01, 0.001].firstIndex { percent >= $0 * 0.999 } ?? 4
    return HTMLNumber.fixed(percent, decimals) + "\u{2009}%"
  }

  /// The binary logarithm, from the exponent and a series in the significand; Foundation would be a large
  /// price.
  private static func logarithm(_ number: Double) -> Double {
    // ln m = 2 artanh((m - 1) / (m + 1)); with m from 1 to 2 nine terms give ten digits.
    let ratio = (number.significand - 1) / (number.significand + 1)
    var (power, sum) = (ratio, 0.0)
    for odd in stride(from: 1.0, through: 17, by: 2) {
      sum += power / odd
      power *= ratio * ratio
    }
    return Double(number.exponent) + 2 * sum / 0.693_147_180_559_945_3
  }
}
