/// Numbers as the page prints them: a true minus sign, and a dash where a number is not defined.
enum HTMLNumber {
  /// What stands for a number that is not defined.
  static let none = "–"

  /// A number with a fixed count of decimals.
  static func fixed(_ number: Double?, _ decimals: Int) -> String {
    guard let number, number.isFinite else { return none }
    let power = (0..<decimals).reduce(1.0) { power, _ in power * 10 }
    let scaled = (abs(number) * power).rounded()
    guard scaled < 1e15 else { return "\(number)" }
    // A number that rounds to zero has no sign.
    let sign = number < 0 && scaled > 0 ? "−" : ""
    guard decimals > 0 else { return sign + grouped(Int(scaled)) }
    let unit = Int(power)
    let fraction = String(Int(scaled) % unit)
    let zeros = String(repeating: "0", count: decimals - fraction.count)
    return "\(sign)\(grouped(Int(scaled) / unit)).\(zeros)\(fraction)"
  }

  /// The same with its sign always shown, unless it rounds to zero.
  static func signed(_ number: Double?, _ decimals: Int) -> String {
    let text = fixed(number, decimals)
    guard let number, number > 0, text.contains(where: { ("1"..."9").contains($0) }) else { return text }
    return "+" + text
  }

  /// A number with about three digits, for norms, which range over several powers of ten.
  static func brief(_ number: Double?) -> String {
    guard let number else { return none }
    return switch abs(number) {
    case 100...: fixed(number, 0)
    case 10..<100: fixed(number, 1)
    case 0: "0"
    case ..<0.001: "<\u{2009}0.001"
    case ..<0.1: fixed(number, 3)
    default: fixed(number, 2)
    }
  }

  /// Standard deviations; decimals matter only near chance.
  static func deviations(_ z: Double?) -> String {
    guard let z, z.isFinite else { return none }
    return signed(z, abs(z) < 9.95 ? 1 : 0)
  }

  /// A share from 0 to 1 as a percentage.
  static func percent(_ share: Double?) -> String {
    guard let share, share.isFinite else { return none }
    let percent = share * 100
    if percent > 0, percent < 0.1 { return "<\u{2009}0.1\u{2009}%" }
    return fixed(percent, percent < 9.95 ? 1 : 0) + "\u{2009}%"
  }

  /// An angle in degrees; what half-precision storage cannot tell from zero is given as a bound.
  static func degrees(_ angle: Double?) -> String {
    guard let angle, angle.isFinite else { return none }
    return angle < 0.0574 ? "<\u{2009}0.06°" : fixed(angle, 1) + "°"
  }

  /// A plain decimal for coordinates and widths, which must use an ASCII minus and no group separators.
  static func coordinate(_ number: Double) -> String {
    guard number.isFinite else { return "0" }
    let tenths = Int((min(max(number, -1e6), 1e6) * 10).rounded())
    let sign = tenths < 0 ? "-" : ""
    return "\(sign)\(abs(tenths) / 10).\(abs(tenths) % 10)"
  }

  /// A strength as it is typed into a prompt: no decimals that say nothing.
  static func strength(_ number: Double) -> String {
    var text = fixed(number, 2)
    while text.hasSuffix("0") { text.removeLast() }
    if text.hasSuffix(".") { text.removeLast() }
    return text
  }

  /// A whole number in groups of three.
  static func grouped(_ number: Int) -> String {
    let digits = String(abs(number))
    guard digits.count > 3 else { return String(number) }
    var text = ""
    for (index, digit) in digits.enumerated() {
      // Four digits stay together, as is usual in tables.
      if digits.count > 4, index > 0, (digits.count - index).isMultiple(of: 3) { text += "\u{202F}" }
      text.append(digit)
    }
    return number < 0 ? "−" + text : text
  }

  /// “1 layer”, “2 layers”.
  static func count(_ number: Int, _ noun: String) -> String {
    "\(grouped(number)) \(noun)\(number == 1 ? "" : "s")"
  }
}
