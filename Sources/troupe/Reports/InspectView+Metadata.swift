import Adapters
import SafeTensors

extension InspectView {
  /// The metadata as stored; JSON inside them is laid out over several lines.
  var metadata: [String] {
    guard let metadata = file.metadata, !metadata.isEmpty else { return [style.bold("Metadata"), "  none"] }
    return [style.bold("Metadata")]
      + metadata.sorted { $0.key < $1.key }.flatMap { key, value in
        let document = MetadataText.document(value).map { Self.lines($0, indent: 4) }
        guard let document else {
          let pieces = value.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).map {
            safe(String($0))
          }
          guard pieces.count > 1 else { return ["  \(style.cyan(safe(key)))  \(pieces.first ?? "")"] }
          return ["  \(style.cyan(safe(key)))"] + pieces.map { "    \($0)" }
        }
        return ["  \(style.cyan(safe(key)))"] + document.map(safe)
      }
  }

  /// A document with two spaces per level; what fits on a line stays on one.
  private static func lines(_ value: JSONValue, indent: Int, label: String = "", end: String = "") -> [String] {
    let margin = String(repeating: " ", count: indent)
    let whole = value.text
    if whole.count <= 60 { return [margin + label + whole + end] }
    func comma(_ index: Int, _ count: Int) -> String { index < count - 1 ? "," : "" }
    switch value {
    case .object(let members):
      let inner = members.enumerated().flatMap { index, member in
        lines(
          member.value, indent: indent + 2, label: JSONValue.string(member.name).text + ": ",
          end: comma(index, members.count))
      }
      return [margin + label + "{"] + inner + [margin + "}" + end]
    case .array(let elements):
      let inner = elements.enumerated().flatMap { index, element in
        lines(element, indent: indent + 2, end: comma(index, elements.count))
      }
      return [margin + label + "["] + inner + [margin + "]" + end]
    default: return [margin + label + whole + end]
    }
  }
}
