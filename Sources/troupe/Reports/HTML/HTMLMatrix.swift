import BlendAnalysis

/// Every LoRA against every other: three small tables of numbers.
struct HTMLMatrix {
  /// What is shown.
  var report: BlendReport

  /// One of the tables.
  private struct Measure {
    var title: HTML
    /// The title without markup, for people who hear the page.
    var name: String
    var question: String
    /// Whether a common start explains what it measures.
    var isMarked = false
    var number: (Measures) -> (value: Double?, z: Double?)
  }

  private let measures = [
    Measure(title: "Cosine", name: "Cosine", question: "Do the changes add up (+) or cancel (−)?") {
      ($0.cosine, $0.cosineZ)
    },
    Measure(
      title: "\(HTMLTable.omegaOut) excess", name: "ω out excess", question: "Do both push the picture alike?"
    ) {
      ($0.omegaOut.excess, $0.omegaOut.z)
    },
    Measure(
      title: "\(HTMLTable.omegaIn) excess", name: "ω in excess", question: "Do both listen to the same?",
      isMarked: true
    ) {
      ($0.omegaIn.excess, $0.omegaIn.z)
    },
  ]

  init(report: BlendReport) { self.report = report }

  /// The whole section; empty for a single LoRA.
  var html: HTML {
    guard !report.pairs.isEmpty else { return .empty }
    let footnote: HTML =
      report.pairs.contains { $0.sharedInit.detected }
      ? """
      <p class="small"><strong>*</strong> Their <code>lora_down</code> agree row by row: a common start, which
      explains by itself that both read alike. Judge such a pair by \(HTMLTable.omegaOut) and the cosine.</p>
      """ : .empty
    return """
      <section id="overview">
      <h2>All pairs</h2>
      <p class="note" id="caveat"><strong>What these numbers can tell.</strong> \(report.caveat)</p>
      <div class="matrices">
      \(measures.map(table))
      </div>
      \(HTMLShade.legend)
      \(footnote)
      <p class="small">Below each number its z: how far from chance it lies, in standard deviations. On the
      diagonal the LoRA’s own ‖ΔW‖ at its strength. A number leads to its pair.</p>
      </section>

      """
  }

  private func table(_ measure: Measure) -> HTML {
    let heads = report.loras.enumerated().map { index, lora -> HTML in
      "<th scope=\"col\"><abbr title=\"\(lora.name)\">\(index + 1)</abbr></th>"
    }
    let rows = report.loras.enumerated().map { index, lora -> HTML in
      """
      <tr><th scope="row"><span class="index">\(index + 1)</span> \(lora.name)</th>\
      \(report.loras.map { cell(lora, $0, measure) })</tr>

      """
    }
    return HTMLTable.scrolling(
      measure.name,
      """
      <table class="matrix">\(HTMLTable.caption(measure.title, "\(measure.question)"))
      <thead><tr><td></td>\(heads)</tr></thead>
      <tbody>\(rows)</tbody></table>
      """)
  }

  private func cell(_ lora: LoRASummary, _ other: LoRASummary, _ measure: Measure) -> HTML {
    guard lora.name != other.name else {
      return """
        <td class="own" title="‖ΔW‖ of \(lora.name)">\(HTMLNumber.brief(lora.norm))<small>‖ΔW‖</small></td>
        """
    }
    guard let index = report.pairs.firstIndex(where: { Set([$0.a, $0.b]) == [lora.name, other.name] }) else {
      return "<td>\(HTMLNumber.none)</td>"
    }
    let pair = report.pairs[index]
    let (value, z) = measure.number(pair.total)
    let mark = measure.isMarked && pair.sharedInit.detected ? "\u{2009}*" : ""
    return """
      <td class="\(HTMLShade.name(value, z: z))" title="\(lora.name) and \(other.name)">\
      <a href="#pair-\(index)">\
      \(HTMLNumber.signed(value, 3))\(mark)\(HTMLTable.deviations(z))</a></td>
      """
  }
}
