import Adapters

/// All rules, and the order in which their findings are shown.
enum Findings {
  /// Applies every rule; the most serious findings come first, and of equals those of an earlier rule.
  static func all(
    _ report: BlendReport, analysis: Analysis, records: [(name: String, record: TrainingRecord)]
  ) -> [Finding] {
    let found =
      CompatibilityFindings.all(report, analysis: analysis)
      + CaptionFindings.all(records)
      + RecipeFindings.all(records)
      + OverlapFindings.all(report)
      + BalanceFindings.all(report)
    return found.enumerated().sorted { ($1.element.severity, $0.offset) < ($0.element.severity, $1.offset) }.map(
      \.element)
  }
}

extension Double {
  /// A number with a fixed count of decimals, for evidence sentences.
  func fixed(_ decimals: Int) -> String {
    guard isFinite else { return "not a number" }
    var power = 1.0
    for _ in 0..<decimals { power *= 10 }
    let scaled = (abs(self) * power).rounded()
    guard scaled < 1e15 else { return "\(self)" }
    let whole = Int(scaled)
    let unit = Int(power)
    let sign = self < 0 && whole > 0 ? "-" : ""
    guard decimals > 0 else { return "\(sign)\(whole)" }
    let fraction = String(whole % unit)
    return "\(sign)\(whole / unit)." + String(repeating: "0", count: decimals - fraction.count) + fraction
  }

  /// The same with its sign always shown.
  func signed(_ decimals: Int) -> String { (self >= 0 ? "+" : "") + fixed(decimals) }
}
