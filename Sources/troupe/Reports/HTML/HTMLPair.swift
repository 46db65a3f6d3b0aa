import Adapters
import BlendAnalysis

/// Everything measured of one pair, behind a line that holds its main numbers.
struct HTMLPair {
  /// The pair.
  var pair: PairReport
  /// Its place in the report, which the matrices' links use.
  var index: Int
  /// Whether it is unfolded at first.
  var isOpen: Bool
  /// Whether the two are known to be for different base models.
  var hasSeveralBases: Bool

  /// All pairs; those with the most overlap come first and the first is open.
  static func section(_ report: BlendReport) -> HTML {
    guard !report.pairs.isEmpty else { return .empty }
    let order = report.pairs.indices.sorted {
      (weight(report.pairs[$1]), $0) < (weight(report.pairs[$0]), $1)
    }
    let pairs = order.map {
      let pair = report.pairs[$0]
      let mixed = BlendReport.haveSeveralBases(report.loras.filter { [pair.a, pair.b].contains($0.name) })
      return HTMLPair(pair: pair, index: $0, isOpen: $0 == order.first, hasSeveralBases: mixed).html
    }
    let hint =
      report.pairs.count > 1
      ? " The pair with the most overlap comes first; click on another to unfold it." : ""
    return """
      <section id="pairs">
      <h2>Pair by pair</h2>
      <p>Where two LoRAs meet.\(hint) These numbers show where two LoRAs could disturb each other,
      not that they do: see <a href="#caveat">what they can tell</a>.</p>
      \(pairs)
      </section>

      """
  }

  /// What a pair is sorted by.
  ///
  /// A shared start explains what both read, so it does not count then.
  private static func weight(_ pair: PairReport) -> Double {
    let reads = pair.sharedInit.detected ? 0 : pair.total.omegaIn.excess ?? 0
    return max(abs(pair.total.cosine ?? 0), pair.total.omegaOut.excess ?? 0, reads)
  }

  /// The pair.
  ///
  /// The link target lies within the fold, because browsers unfold what a link leads to.
  var html: HTML {
    let total = pair.total
    return """
      <details class="pair"\(isOpen ? " open" : "")>
      <summary><strong>\(pair.a)</strong> and <strong>\(pair.b)</strong>
      <span class="facts"><span>cosine \(HTMLNumber.signed(total.cosine, 3))</span>
      <span>\(HTMLTable.omegaOut) excess \(HTMLNumber.signed(total.omegaOut.excess, 3))</span>
      <span>\(HTMLTable.omegaIn) excess \(HTMLNumber.signed(total.omegaIn.excess, 3))</span></span></summary>
      <div id="pair-\(index)" class="body">
      \(content)
      </div>
      </details>

      """
  }

  private var content: HTML {
    guard pair.total.modules > 0 else {
      return "<p>No layer is trained by both in the same shape, so there is nothing to compare.</p>"
    }
    let warning: HTML =
      hasSeveralBases
      ? "<p>They are for different base models; the numbers cover layers that happen to agree in shape.</p>"
      : .empty
    return """
      \(warning)
      <p>Both train \(HTMLNumber.count(pair.total.modules, "layer")). Over all of them the cosine is
      \(HTMLNumber.signed(pair.total.cosine, 3)) (z = \(HTMLNumber.deviations(pair.total.cosineZ))).</p>
      \(HTMLOverlaps(measures: pair.total).html)
      \(networks)
      <h3>Where they write and read alike</h3>
      <div class="maps">\(maps)</div>
      \(HTMLShade.legend)
      \(hotspots)
      <h3>Directions and start</h3>
      \(angles)
      <p>\(start)</p>
      """
  }

  private var maps: [HTML] {
    [
      HTMLHeatMap(
        title: "\(HTMLTable.omegaOut) excess", plainTitle: "ω out excess", question: "what both write",
        blocks: pair.blocks, overlap: \.omegaOut
      ).html,
      HTMLHeatMap(
        title: "\(HTMLTable.omegaIn) excess", plainTitle: "ω in excess", question: "what both read",
        blocks: pair.blocks, overlap: \.omegaIn
      ).html,
    ]
  }

  private var networks: HTML {
    guard pair.parts.count > 1 else { return .empty }
    let rows = pair.parts.map { part -> HTML in
      let measures = part.measures
      return """
        <tr><th scope="row">\(part.part.label)</th><td>\(HTMLNumber.grouped(measures.modules))</td>\
        \(cell(measures.cosine, measures.cosineZ))\(cell(measures.omegaOut.excess, measures.omegaOut.z))\
        \(cell(measures.omegaIn.excess, measures.omegaIn.z))</tr>

        """
    }
    return HTMLTable.scrolling(
      "By network",
      """
      <table>\(HTMLTable.caption("By network.", "Small numbers are z."))
      \(HTMLTable.head([
        "Network", "Layers", "Cosine", "\(HTMLTable.omegaOut) excess", "\(HTMLTable.omegaIn) excess",
      ]))<tbody>
      \(rows)</tbody></table>
      """)
  }

  private func cell(_ value: Double?, _ z: Double?) -> HTML {
    """
    <td class="\(HTMLShade.name(value, z: z))">\(HTMLNumber.signed(value, 3)) \
    \(HTMLTable.deviations(z))</td>
    """
  }

  private var hotspots: HTML {
    guard !pair.hotspots.isEmpty else { return .empty }
    let rows = pair.hotspots.map { spot -> HTML in
      """
      <tr><th scope="row" class="layer">\(HTML.path(spot.module))</th>\
      <td>\(HTMLNumber.percent(spot.energyShare))</td>\
      <td>\(HTMLNumber.signed(spot.omegaOutExcess, 3))</td>\
      <td>\(HTMLNumber.signed(spot.omegaInExcess, 3))</td>\
      <td>\(HTMLNumber.signed(spot.cosine, 3))</td></tr>

      """
    }
    return HTMLTable.scrolling(
      "Layers where they meet most",
      """
      <table>\(HTMLTable.caption("Layers where they meet most,", "by excess times share of energy."))
      \(HTMLTable.head([
        "Layer", "Share of energy", "\(HTMLTable.omegaOut) excess", "\(HTMLTable.omegaIn) excess", "Cosine",
      ]))<tbody>
      \(rows)</tbody></table>
      """)
  }

  private var angles: HTML {
    guard pair.anglesIn != nil || pair.anglesOut != nil else {
      return "<p>Principal angles were not measured for this report.</p>"
    }
    func row(_ name: String, _ angles: AngleSummary?) -> HTML {
      let shared = angles.map {
        "\(HTMLNumber.grouped($0.shared)) of \(HTMLNumber.grouped($0.count))"
      }
      return """
        <tr><th scope="row">\(name)</th><td>\(HTMLNumber.degrees(angles?.smallest))</td>\
        <td>\(HTMLNumber.degrees(angles?.meanSmallest))</td><td>\(shared ?? HTMLNumber.none)</td></tr>

        """
    }
    return HTMLTable.scrolling(
      "Principal angles",
      """
      <table>\(HTMLTable.caption("Principal angles.", "0° is a shared direction, 90° an unrelated one."))
      \(HTMLTable.head(["Side", "Smallest of all", "Smallest per layer, mean", "Below 45°"]))<tbody>
      \(row("What they write", pair.anglesOut))\(row("What they read", pair.anglesIn))</tbody></table>
      """)
  }

  /// The evidence on a common start; what follows from it is the findings' business.
  private var start: HTML {
    let shared = pair.sharedInit
    guard let z = shared.z else {
      return """
        Whether both began from the same random weights cannot be told: no layer has plain factors of one rank
        in both.
        """
    }
    let verdict = shared.detected ? "agree far beyond chance" : "show no common start"
    return """
      Matching rows of <code>lora_down</code> \(verdict): mean cosine
      \(HTMLNumber.signed(shared.meanCosine, 3)) (z = \(HTMLNumber.deviations(z))), other rows
      \(HTMLNumber.signed(shared.otherCosine, 3)), matching columns of <code>lora_up</code>
      \(HTMLNumber.signed(shared.upCosine, 3)).
      """
  }
}
