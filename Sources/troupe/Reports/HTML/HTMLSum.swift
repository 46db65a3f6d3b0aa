import Adapters
import BlendAnalysis

/// What all LoRAs add up to when they are used at once.
enum HTMLSum {
  /// The whole section; empty for a single LoRA, which adds up to itself.
  static func section(_ report: BlendReport) -> HTML {
    guard report.loras.count > 1 else { return .empty }
    let sum = report.sum
    guard !report.hasSeveralBases else {
      return """
        <section id="sum">
        <h2>All together</h2>
        <p>These LoRAs are for different base models and cannot be used at once, so there is no
        sum to judge.</p>
        </section>

        """
    }
    return """
      <section id="sum">
      <h2>All together</h2>
      <p>At the strengths given, the energy of the sum is
      <strong>\(HTMLNumber.fixed(sum.energyRatio, 3))</strong> times what it would be if the LoRAs shared nothing:
      ‖ΣΔW‖ is \(HTMLNumber.brief(sum.norm)) and would be
      \(HTMLNumber.brief(sum.orthogonalNorm)). Above 1 they add up where they meet, below 1 they cancel;
      near 1 they do neither on the whole.</p>
      </section>

      """
  }
}

extension BlendReport {
  /// Whether the LoRAs are for base models that are known to differ.
  var hasSeveralBases: Bool { Self.haveSeveralBases(loras) }

  /// The same for some of them.
  static func haveSeveralBases(_ loras: [LoRASummary]) -> Bool {
    Set(loras.map(\.architecture)).subtracting([.unknown]).count > 1
  }
}
