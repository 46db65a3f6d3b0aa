/// `{red|blue} hair`: one of the two, drawn at each use.
enum Wildcards {
  /// The text with every `{…}` replaced by one of its parts; `{{` and `}}` become braces.
  ///
  /// A group begins at the first open brace and ends at the next closed one; empty groups stay as they are.
  static func expanded(_ text: String, using random: inout some DrawSource) -> String {
    // What stands for doubled braces must not occur in the text.
    var (open, closed) = ("⦅", "⦆")
    while text.unicodeScalars.contains(open.unicodeScalars) || text.unicodeScalars.contains(closed.unicodeScalars) {
      open += "⦅"
      closed += "⦆"
    }
    let scalars = Array(text.replacing(each: "{{", by: open).replacing(each: "}}", by: closed).unicodeScalars)
    var result = String.UnicodeScalarView()
    var at = 0
    while at < scalars.count {
      if scalars[at] == "{", let end = scalars[(at + 1)...].firstIndex(of: "}"), end > at + 1 {
        let parts = scalars[(at + 1)..<end].split(separator: "|", omittingEmptySubsequences: false)
        result.append(contentsOf: parts[random.below(parts.count)])
        at = end + 1
      } else {
        result.append(scalars[at])
        at += 1
      }
    }
    return String(result).replacing(each: open, by: "{").replacing(each: closed, by: "}")
  }
}
