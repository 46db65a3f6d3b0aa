import Adapters
import BlendAnalysis

/// One measure of a pair in every block and role, as a table whose cells are coloured.
struct HTMLHeatMap {
  /// What is measured, as a heading.
  var title: HTML
  /// The same without markup, for the cells' hints.
  var plainTitle: String
  /// What it tells.
  var question: String
  /// The blocks of the pair.
  var blocks: [PairReport.BlockMeasures]
  /// Which of the measures.
  var overlap: (Measures) -> Overlap

  /// The table.
  ///
  /// Blocks and roles that neither LoRA trains have no row or column.
  var html: HTML {
    let columns = order(blocks.map(\.block))
    let rows = Set(blocks.map(\.role)).sorted()
    let lines = rows.map { role -> HTML in
      "<tr><th scope=\"row\">\(role.rawValue)</th>\(columns.map { cell($0, role) })</tr>\n"
    }
    let heads = columns.map { "<th scope=\"col\">\($0)</th>" as HTML }
    return HTMLTable.scrolling(
      "\(plainTitle) by block and role",
      """
      <table class="heat">\(HTMLTable.caption(title, "\(question)"))
      <thead><tr><td></td>\(heads)</tr></thead>
      <tbody>\(lines)</tbody></table>
      """)
  }

  private func cell(_ block: String, _ role: ModulePath.Role) -> HTML {
    guard let found = blocks.first(where: { $0.block == block && $0.role == role }) else {
      return "<td></td>"
    }
    let overlap = overlap(found.measures)
    let hint =
      "\(block), \(role.rawValue): \(HTMLNumber.signed(overlap.excess, 3)), "
      + "z = \(HTMLNumber.deviations(overlap.z)), "
      + HTMLNumber.count(found.measures.modules, "layer")
    return """
      <td class="\(HTMLShade.name(overlap.excess, z: overlap.z))" title="\(hint)">\
      \(HTMLNumber.signed(overlap.excess, 2))</td>
      """
  }

  private func order(_ names: [String]) -> [String] {
    ModulePath.inOrder(names)
  }
}
