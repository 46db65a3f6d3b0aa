import Adapters

/// The table of `troupe inspect --recursive`: columns of fixed widths, because rows are printed as files are read.
struct FolderTable {
  private struct Column {
    var title: String
    var width: Int
    var isRight = false
  }

  private let columns: [Column]
  private let style: Style
  private let width: Int

  init(style: Style = .output, width: Int = Terminal.width) {
    self.style = style
    self.width = width
    var columns = [
      Column(title: "for", width: 6), Column(title: "kind", width: 6), Column(title: "rank/α", width: 8),
      Column(title: "trigger", width: 12), Column(title: "⚠", width: 2, isRight: true),
    ]
    if width >= 72 {
      columns.insert(Column(title: "size", width: 7, isRight: true), at: 3)
      columns.insert(Column(title: "trained", width: 10), at: 5)
    }
    if width >= 110 {
      columns.insert(Column(title: "steps", width: 6, isRight: true), at: 6)
      columns.insert(Column(title: "base model", width: 20), at: 1)
    }
    // What is left goes to the name, and on wide terminals a part of it to the triggers.
    var left = width - columns.reduce(0) { $0 + $1.width + 1 }
    if width >= 100, let place = columns.firstIndex(where: { $0.title == "trigger" }) {
      let more = max(0, (left - 24) / 2)
      columns[place].width += more
      left -= more
    }
    self.columns = [Column(title: "name", width: max(8, left))] + columns
  }

  /// The heading.
  var header: String { style.dim(line(columns.map(\.title))) }

  /// A folder's name, where it changes.
  func folder(_ path: String) -> String { style.bold(TextTable.cut(Terminal.sanitised(path), to: width)) }

  /// The lines of a file: one, or more where a reason must be told.
  func lines(_ row: FolderRow) -> [String] {
    let name = Terminal.sanitised(Self.name(row.path))
    guard row.error == nil else {
      let text = Terminal.sanitised(row.reason)
      return TextWrap.lines("✗ \(name): \(text)", width: width, indent: 0, hanging: 2).map(style.red)
    }
    let values: [String: String] = [
      "name": name, "for": row.architecture?.shortLabel ?? "–", "base model": Terminal.sanitised(row.baseModel ?? "–"),
      "kind": row.shortKind, "rank/α": row.rankText, "size": row.size.map(Numbers.bytes) ?? "–",
      "trigger": row.triggers.isEmpty ? "–" : Terminal.sanitised(row.triggers.joined(separator: ", ")),
      "trained": row.trainedText, "steps": row.steps.map(String.init) ?? "–",
      "⚠": row.warnings.isEmpty ? "" : "\(row.warnings.count)",
    ]
    return [line(columns.map { values[$0.title] ?? "" })]
  }

  private func line(_ cells: [String]) -> String {
    let texts = zip(columns, cells).map { column, cell in
      let fitted = TextTable.cut(cell, to: column.width)
      let space = String(repeating: " ", count: max(0, column.width - Terminal.columns(of: fitted)))
      return column.isRight ? space + fitted : fitted + space
    }
    var text = texts.joined(separator: " ")
    while text.last == " " { text.removeLast() }
    return text
  }

  private static func name(_ path: String) -> String {
    var name = path.split(separator: "/").last.map(String.init) ?? path
    if name.hasSuffix(".safetensors") { name.removeLast(".safetensors".count) }
    return name
  }
}

extension FolderRow {
  /// The folder that the file lies in.
  var folder: String {
    let parts = path.split(separator: "/", omittingEmptySubsequences: false).dropLast()
    return parts.isEmpty ? "." : parts.joined(separator: "/")
  }

  /// Why it could not be read, without the path, which stands before it.
  fileprivate var reason: String {
    let text = error?.text ?? ""
    return text.hasPrefix(path + ": ") ? String(text.dropFirst(path.count + 2)) : text
  }

  fileprivate var shortKind: String {
    switch kind {
    case .checkpoint: return "model"
    case .other, nil: return "other"
    case .lora: break
    }
    switch variant {
    case .tucker: return "LoCon"
    case .lohaTucker: return "LoHa"
    case .full: return "diff"
    case .vector: return "norms"
    case let variant?: return variant.label
    case nil: return "LoRA?"
    }
  }

  fileprivate var rankText: String {
    guard let low = rank?.min, let high = rank?.max else { return "–" }
    let rank = low == high ? "\(low)" : "\(low)-\(high)"
    guard low == high, let least = alpha?.min, least == alpha?.max else { return rank }
    return "\(rank)/\(Numbers.short(least))"
  }

  /// The day, or how far it came.
  fileprivate var trainedText: String {
    if let trained { return String(trained.prefix(10)) }
    if let steps { return "\(steps) st." }
    return epoch.map { "\($0) ep." } ?? "–"
  }
}

extension Architecture {
  /// A name of at most six letters.
  fileprivate var shortLabel: String {
    switch self {
    case .sd1: "SD1"
    case .sd2: "SD2"
    case .sdxl: "SDXL"
    case .sd3: "SD3"
    case .flux1: "Flux"
    case .flux2: "Flux2"
    case .chroma: "Chroma"
    case .wan: "Wan"
    case .qwenImage: "Qwen"
    case .zImage: "Z-Img"
    case .hunyuan: "Huny."
    case .lumina2: "Lumina"
    case .anima: "Anima"
    case .krea2: "Krea2"
    case .unknown: "–"
    }
  }
}
