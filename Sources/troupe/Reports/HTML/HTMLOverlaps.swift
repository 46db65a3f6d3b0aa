import BlendAnalysis

/// The four overlaps of a pair beside what chance alone would give.
struct HTMLOverlaps {
  /// What the pair shares.
  var measures: Measures

  /// A table with a bar for each overlap.
  var html: HTML {
    HTMLTable.scrolling(
      "Overlap and chance",
      """
      <table class="overlaps">
      \(HTMLTable.caption(
        "Overlap beside chance.", "The bar is the overlap from 0 to 1, the upright line what chance gives."))
      \(HTMLTable.head(["Overlap", HTMLTable.hidden("Bar"), "Value", "Chance", "Excess", "z"]))<tbody>
      \(row(HTMLTable.omegaOut, "what both write, strong directions first", measures.omegaOut))
      \(row(HTMLTable.omegaIn, "what both read, strong directions first", measures.omegaIn))
      \(row(HTMLTable.phiOut, "what both write, all directions alike", measures.phiOut))
      \(row(HTMLTable.phiIn, "what both read, all directions alike", measures.phiIn))
      </tbody></table>
      """)
  }

  private func row(_ symbol: HTML, _ words: String, _ overlap: Overlap) -> HTML {
    """
    <tr><th scope="row">\(symbol) <span class="small">\(words)</span></th>\
    <td class="wide">\(bar(overlap))</td>\
    <td>\(HTMLNumber.fixed(overlap.value, 3))</td><td>\(HTMLNumber.fixed(overlap.expected, 3))</td>\
    <td class="\(HTMLShade.name(overlap.excess, z: overlap.z))">\(HTMLNumber.signed(overlap.excess, 3))</td>\
    <td>\(HTMLNumber.deviations(overlap.z))</td></tr>
    """
  }

  private func bar(_ overlap: Overlap) -> HTML {
    guard let value = overlap.value, let expected = overlap.expected else { return .empty }
    let width = HTMLNumber.coordinate(min(max(value, 0), 1) * 200)
    // The line keeps its width within the drawing even at 0 and 1.
    let line = HTMLNumber.coordinate(min(max(expected, 0), 1) * 198)
    return """
      <svg class="bar" viewBox="0 0 200 12" preserveAspectRatio="none" role="img" aria-label="\
      \(HTMLNumber.fixed(value, 3)), chance gives \(HTMLNumber.fixed(expected, 3))">
      <rect class="track" y="2" width="200" height="8"/><rect class="fill" y="2" width="\(width)" height="8"/>
      <rect class="chance" x="\(line)" width="2" height="12"/></svg>
      """
  }
}
