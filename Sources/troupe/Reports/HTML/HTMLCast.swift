import Adapters
import BlendAnalysis

/// Each LoRA by itself: how strong it is, where, and in how many directions.
struct HTMLCast {
  /// What is shown.
  var report: BlendReport

  /// The whole section.
  var html: HTML {
    """
    <section id="loras">
    <h2>Each LoRA</h2>
    <div class="cast">\(report.loras.map(card))</div>
    </section>

    """
  }

  private func card(_ lora: LoRASummary) -> HTML {
    """
    <article class="lora">
    <h3>\(lora.name)</h3>
    <p>\(facts(lora))</p>
    \(networks(lora))
    \(HTMLSpectrum(lora, among: report.loras).html)
    \(places(lora))
    </article>

    """
  }

  private func facts(_ lora: LoRASummary) -> HTML {
    // The folder tells about its owner's computer, not about the LoRA.
    let file = lora.path.split(whereSeparator: { $0 == "/" || $0 == "\\" }).last.map(String.init) ?? lora.path
    var facts: [HTML] = [
      "<code>\(file)</code>", "base \(lora.architecture.label)",
      "strength \(HTMLNumber.strength(lora.strength))",
      "<span>‖ΔW‖ <strong>\(HTMLNumber.brief(lora.norm))</strong></span>",
      "\(HTMLNumber.count(lora.modules, "layer"))",
    ]
    if lora.needingBase > 0 {
      facts.append("\(HTMLNumber.count(lora.needingBase, "layer")) left out (need the base model)")
    }
    if lora.unmatched > 0 { facts.append("\(HTMLNumber.count(lora.unmatched, "key")) of no known layer") }
    return facts.joined(" · ")
  }

  private func networks(_ lora: LoRASummary) -> HTML {
    guard !lora.parts.isEmpty else { return "<p>No layer of it could be measured.</p>" }
    let most = lora.parts.map(\.norm).max() ?? 0
    let rows = lora.parts.map { part -> HTML in
      """
      <tr><th scope="row">\(part.part.label)</th><td>\(HTMLNumber.grouped(part.modules))</td>\
      <td class="wide">\(HTMLTable.bar(most > 0 ? part.norm / most : 0))</td>\
      <td>\(HTMLNumber.brief(part.norm))</td>\
      <td>\(HTMLNumber.fixed(part.effectiveRank, 1))</td>\
      <td>\(HTMLNumber.percent(part.leadingShare))</td></tr>

      """
    }
    return HTMLTable.scrolling(
      "\(lora.name) by network",
      """
      <table>\(HTMLTable.caption("By network"))
      \(HTMLTable.head([
        "Network", "Layers", HTMLTable.hidden("Bar"), "‖ΔW‖", "Effective rank",
        "\(HTMLTable.symbol("σ", "1")) share",
      ]))<tbody>
      \(rows)</tbody></table>
      """)
  }

  /// Where the LoRA is strong: by block in the order of the model, and by what the layers do.
  private func places(_ lora: LoRASummary) -> HTML {
    guard !lora.blocks.isEmpty else { return .empty }
    let names = lora.blocks.map(\.block)
    let blocks = ModulePath.inOrder(names).map { name in
      (name, norm(lora.blocks.filter { $0.block == name }))
    }
    let roles = Set(lora.blocks.map(\.role)).sorted().map { role in
      (role.rawValue, norm(lora.blocks.filter { $0.role == role }))
    }
    return """
      <div class="places">\(bars("By block", lora.name, blocks))\(bars("By role", lora.name, roles))</div>
      """
  }

  /// Norms of separate layers add by their squares.
  private func norm(_ blocks: [LoRASummary.BlockSummary]) -> Double {
    blocks.reduce(0) { $0 + $1.norm * $1.norm }.squareRoot()
  }

  private func bars(_ title: String, _ name: String, _ norms: [(label: String, norm: Double)]) -> HTML {
    let most = norms.map(\.norm).max() ?? 0
    let rows = norms.map { label, norm -> HTML in
      """
      <tr><th scope="row">\(label)</th><td class="wide">\(HTMLTable.bar(most > 0 ? norm / most : 0))</td>\
      <td>\(HTMLNumber.brief(norm))</td></tr>

      """
    }
    return HTMLTable.scrolling(
      "\(name), \(title)",
      """
      <table class="bars">\(HTMLTable.caption("\(title)"))
      \(HTMLTable.head([HTMLTable.hidden("Place"), HTMLTable.hidden("Bar"), "‖ΔW‖"]))<tbody>
      \(rows)</tbody></table>
      """)
  }
}
