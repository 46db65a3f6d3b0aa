extension Lettering {
  /// Breaks a text into lines no wider than `width`, at spaces, or within a word that is wider than a line.
  ///
  /// What does not fit in `count` lines is cut, and the last line ends in an ellipsis.
  func wrapped(_ text: String, width: Int, lines count: Int) -> [String] {
    var lines: [String] = []
    for paragraph in text.split(whereSeparator: \.isNewline) {
      var line = ""
      for word in paragraph.split(separator: " ") {
        let longer = line.isEmpty ? String(word) : "\(line) \(word)"
        if self.width(of: longer) <= width {
          line = longer
          continue
        }
        if !line.isEmpty { lines.append(line) }
        var rest = word
        while self.width(of: rest) > width, rest.count > 1 {
          let head = rest.prefix(fitting(rest, width))
          lines.append(String(head))
          rest = rest.dropFirst(head.count)
        }
        line = String(rest)
      }
      if !line.isEmpty { lines.append(line) }
    }
    guard lines.count > count, count > 0 else { return lines }
    let next = lines[count]
    lines.removeLast(lines.count - count)
    lines[count - 1] = shortened("\(lines[count - 1]) \(next)", width: width)
    return lines
  }

  /// The text's beginning and an ellipsis, no wider than `width` together.
  func shortened(_ text: String, width: Int) -> String {
    guard self.width(of: text) > width else { return text }
    var kept = text[...]
    while let last = kept.last, self.width(of: kept + "…") > width || last == " " { kept.removeLast() }
    return kept + "…"
  }

  /// How many letters of a word fit; up to a sign that names are put together with, where that keeps at least half.
  private func fitting(_ word: Substring, _ width: Int) -> Int {
    var count = 1
    while count < word.count, self.width(of: word.prefix(count + 1)) <= width { count += 1 }
    let seams = word.prefix(count).enumerated().filter { "_-/.,:+".contains($0.element) }
    if let seam = seams.last, (seam.offset + 1) * 2 >= count { return seam.offset + 1 }
    return count
  }
}
