import Adapters
import Merge
import SafeTensors
import TOML

extension RecipeFile {
  /// The largest recipe that is read, in bytes.
  static let largest = 1 << 20

  /// Reads a recipe.
  /// - Throws: `SafeTensorsError` when the file cannot be read, else ``RecipeFileError``.
  static func read(path: String) throws -> RecipeFile {
    guard let bytes = try TextFile.contents(path) else {
      throw RecipeFileError(path: path, line: nil, rule: .missing, detail: "there is no such file; check the path")
    }
    guard bytes.count <= largest else {
      throw RecipeFileError(
        path: path, line: nil, rule: .syntax,
        detail: "a recipe has at most \(largest) bytes, this file has \(bytes.count); is it a recipe?")
    }
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw RecipeFileError(
        path: path, line: nil, rule: .syntax, detail: "a recipe is UTF-8 text, this file is not; save it as UTF-8")
    }
    return try RecipeFile(text: text, path: path)
  }

  /// Reads a recipe's text.
  ///
  /// - Parameters:
  ///   - text: the text.
  ///   - path: its name, for errors.
  init(text: String, path: String) throws(RecipeFileError) {
    var root = TOMLFields(try TOMLReader.read(text, path: path), name: "a recipe", path: path)
    method = try root.text("method")
    rank = try root.integer("rank", in: 1...4096)
    convRank = try root.integer("conv_rank", in: 1...4096)
    dtype = try root.text("dtype", among: MergeCommand.Format.allCases.map(\.rawValue))
    to = try root.text("to", among: OutputDialect.allCases.map(\.rawValue))
    output = try root.text("output")
    lambda = try root.number("lambda")
    normalise = try root.bool("normalise")
    for item in try root.list("exclude") {
      guard case .string(let pattern) = item else { throw root.mismatch("exclude", item, wanted: "a list of patterns") }
      try root.checked("exclude") { () throws(LayerWeightsError) in _ = try LayerPattern(pattern) }
      exclude.append(pattern)
    }
    if let table = try root.table("options") {
      for entry in table.entries {
        switch entry.value {
        case .string(let value): options[entry.key] = .text(value)
        case .bool(let value): options[entry.key] = .bool(value)
        case .integer(let value): options[entry.key] = .integer(value)
        // 1.0 and 1 are one parameter, and shall have one canonical text.
        case .number(let value): options[entry.key] = Int(exactly: value).map { .integer($0) } ?? .number(value)
        default:
          throw RecipeFileError(
            path: path, line: entry.line, rule: .value,
            detail: "options.\(entry.key) takes text, a number, true or false, \(entry.value.kind) was given")
        }
      }
    }
    for table in try root.tables("source") {
      sources.append(try Source(TOMLFields(table, name: "a source", path: path)))
    }
    try root.finish()
    guard !sources.isEmpty else {
      throw RecipeFileError(
        path: path, line: nil, rule: .missing,
        detail:
          "a recipe names at least one LoRA, there is none; add [[source]] and below it file = \"name.safetensors\"")
    }
  }
}

extension RecipeFile.Source {
  init(_ table: TOMLFields) throws(RecipeFileError) {
    var table = table
    guard let file = try table.text("file") else {
      throw RecipeFileError(
        path: table.path, line: table.line, rule: .missing,
        detail: "a source names its file, this one does not; add file = \"name.safetensors\"")
    }
    self.file = file
    strength = try table.number("strength")
    te = try table.number("te")
    te1 = try table.number("te1")
    te2 = try table.number("te2")
    unet = try table.number("unet")
    if let value = table.take("blocks") {
      switch value {
      case .string(let text): blocks = text
      case .array(let items):
        var numbers: [String] = []
        for item in items {
          guard let number = item.double else { throw table.mismatch("blocks", item, wanted: "numbers") }
          numbers.append(RecipeFile.number(number))
        }
        blocks = numbers.joined(separator: ",")
      default: throw table.mismatch("blocks", value, wanted: "a list of numbers or text such as \"MID,OUT=0.5\"")
      }
      let text = blocks ?? ""
      // The base model is not known yet; what no base model takes is refused here, with its line.
      try table.checked("blocks") { () throws(LayerWeightsError) in
        _ = try BlockWeights(text, architecture: .unknown)
      }
    }
    for entry in try table.table("layers")?.entries ?? [] {
      guard let weight = entry.value.double, weight.isFinite else {
        throw RecipeFileError(
          path: table.path, line: entry.line, rule: .value,
          detail: "the weight of \"\(entry.key)\" is a number, \(entry.value.kind) was given; write one such as 0.5")
      }
      do {
        layers.append(.init(pattern: try LayerPattern(entry.key).text, weight: weight))
      } catch {
        throw RecipeFileError(path: table.path, line: entry.line, rule: .value, detail: error.description)
      }
    }
    try table.finish()
  }
}
