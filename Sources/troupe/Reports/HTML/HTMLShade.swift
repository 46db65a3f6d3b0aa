/// The colour of a cell: how far beyond chance, and in which direction.
///
/// The steps are fixed, so that two reports can be laid side by side.
enum HTMLShade {
  /// Where each step begins; the first two findings on overlap begin at 0.05 and 0.2.
  static let steps = [0.01, 0.02, 0.05, 0.1, 0.2, 0.4]
  /// How many standard deviations a number needs before it is coloured at all.
  static let threshold = 3.0

  /// The class of a cell, or none where chance explains the number.
  static func name(_ value: Double?, z: Double?) -> String {
    guard let value else { return "" }
    let step = steps.count { abs(value) >= $0 }
    // Without a z nothing says that it is chance: two copies that fill a layer have no freedom to rotate.
    guard step > 0, z.map({ abs($0) >= threshold }) ?? true else { return "s0" }
    return (value > 0 ? "p" : "n") + String(step)
  }

  /// What the colours mean, once per group of tables.
  static var legend: HTML {
    let below = steps.indices.reversed().map { key("n", $0, "−\(HTMLNumber.strength(steps[$0]))") }
    let above = steps.indices.map { key("p", $0, "+\(HTMLNumber.strength(steps[$0]))") }
    return """
      <div class="legend"><span class="keys"><span>\(below)<span class="key s0">0</span></span>
      <span>\(above)</span></span>
      <span>Each step begins at its number. Blue: below chance or cancelling. Orange: beyond chance or
      adding up. Without colour: chance explains it (less than \(Int(threshold)) standard deviations) or it is
      smaller than \(HTMLNumber.strength(steps[0])).</span></div>
      """
  }

  private static func key(_ direction: String, _ index: Int, _ text: String) -> HTML {
    "<span class=\"key \(direction)\(index + 1)\">\(text)</span>"
  }
}
