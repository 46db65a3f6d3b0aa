import SafeTensors

/// What `troupe hash` prints of a file.
struct HashView {
  private let file: HashReport.File
  private let isFull: Bool
  private let style: Style

  init(_ file: HashReport.File, isFull: Bool, style: Style = .output) {
    self.file = file
    self.isFull = isFull
    self.style = style
  }

  func lines(width: Int = Terminal.width) -> [String] {
    var table = TextTable([.left, .left])
    let isShort = file.size <= 1 << 20
    table.add(["AutoV1", isFull ? file.autov1Sha256 : file.autov1])
    if isShort { table.add(["", "that of nothing, since the file is shorter than 1 MiB"]) }
    table.add(["AutoV2", isFull ? file.sha256 : file.autov2])
    table.add(["AutoV3", isFull ? file.tensorsSha256 : file.autov3])
    if isFull { table.add(["modelspec", file.modelspecHash]) }
    // A hash of 64 digits with its label is wider than 80 columns with anything beside it.
    let wide = max(width, 96)
    var lines =
      [style.bold(Terminal.sanitised(file.path)) + "  \(Numbers.bytes(file.size))"]
      + table.lines(indent: 2, width: isFull ? wide : width, style: style)
    guard !file.stored.isEmpty else { return lines + ["  no hash is stored in it"] }
    for stored in file.stored {
      let value = Terminal.sanitised(isFull ? stored.value : TextTable.cut(stored.value, to: 20))
      lines += TextWrap.lines(
        "\(stored.key) \(value)  \(verdict(stored))", width: isFull ? wide : width, indent: 2, hanging: 4)
    }
    return lines
  }

  private func verdict(_ stored: HashReport.Stored) -> String {
    let note = stored.note.map { " (\($0))" } ?? ""
    return switch StoredHash.Verdict(rawValue: stored.verdict) {
    case .right: style.green("✓ right")
    case .rightByName: style.green("✓ right, with the tensors in the order of their names")
    case .wrong: style.red("✗ wrong: the tensors have another")
    case .empty: style.yellow("✗ the hash of nothing") + note
    case .uncheckable: style.dim("cannot be checked") + note
    case .base, nil: style.dim("of the base model")
    }
  }
}
