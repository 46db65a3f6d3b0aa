/// Numbers as people read them.
enum Numbers {
  /// A number with a fixed count of decimals; an en dash for nothing.
  static func fixed(_ value: Double?, _ decimals: Int, sign: Bool = false) -> String {
    guard let value, value.isFinite else { return "–" }
    var power = 1.0
    for _ in 0..<decimals { power *= 10 }
    let scaled = (abs(value) * power).rounded()
    guard scaled < 9e15 else { return scientific(value, digits: 3) }
    let isNegative = value < 0 && scaled > 0
    let prefix = isNegative ? "-" : sign ? "+" : ""
    let whole = Int(scaled)
    guard decimals > 0 else { return prefix + "\(whole)" }
    let unit = Int(power)
    let fraction = String(whole % unit)
    return prefix + "\(whole / unit)." + String(repeating: "0", count: decimals - fraction.count) + fraction
  }

  /// A number in the form 3.4e-04.
  static func scientific(_ value: Double?, digits: Int = 2) -> String {
    guard let value, value.isFinite else { return "–" }
    guard value != 0 else { return "0" }
    var mantissa = abs(value)
    var exponent = 0
    while mantissa >= 10 { (mantissa, exponent) = (mantissa / 10, exponent + 1) }
    while mantissa < 1 { (mantissa, exponent) = (mantissa * 10, exponent - 1) }
    var text = fixed(mantissa, digits - 1)
    if text.hasPrefix("10") { (text, exponent) = (fixed(1, digits - 1), exponent + 1) }
    let size = abs(exponent)
    return (value < 0 ? "-" : "") + text + "e" + (exponent < 0 ? "-" : "+") + (size < 10 ? "0" : "") + "\(size)"
  }

  /// A size in bytes, in decimal units as file managers show it.
  static func bytes(_ count: Int) -> String {
    var value = Double(count)
    for unit in ["B", "kB", "MB", "GB"] {
      if value < 1000 || unit == "GB" {
        return unit == "B" ? "\(count) B" : "\(fixed(value, value < 10 ? 2 : value < 100 ? 1 : 0)) \(unit)"
      }
      value /= 1000
    }
    return "\(count) B"
  }

  /// A count with spaces between groups of three digits.
  static func grouped(_ count: Int) -> String {
    let digits = String(abs(count))
    var result = ""
    for (i, digit) in digits.enumerated() {
      if i > 0, (digits.count - i) % 3 == 0 { result += "\u{202F}" }
      result.append(digit)
    }
    return (count < 0 ? "-" : "") + result
  }

  /// A share from 0 to 1 as percent.
  static func percent(_ share: Double?, _ decimals: Int = 0) -> String {
    share.map { fixed($0 * 100, decimals) + " %" } ?? "–"
  }

  /// A duration in seconds as `1 h 20 min`, `3 min 5 s` or `12 s`.
  static func duration(_ seconds: Double) -> String {
    let total = Int(seconds.rounded())
    if total >= 3600 { return "\(total / 3600) h \(total % 3600 / 60) min" }
    if total >= 60 { return "\(total / 60) min \(total % 60) s" }
    return "\(total) s"
  }
}
