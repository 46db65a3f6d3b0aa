import SafeTensors

extension RecipeFile {
  /// The recipe in one fixed spelling: keys in a fixed order, options and exclusions sorted, sources and patterns in
  /// their own order, which has a meaning.
  ///
  /// It is a recipe itself and reads back as an equal one, but for the order and repetition of exclusions.
  var canonicalText: String {
    var lines: [String] = []
    func add(_ key: String, _ value: String?) { if let value { lines.append("\(key) = \(value)") } }
    add("method", method.map(Self.quoted))
    add("rank", rank.map(String.init))
    add("conv_rank", convRank.map(String.init))
    add("dtype", dtype.map(Self.quoted))
    add("to", to.map(Self.quoted))
    add("output", output.map(Self.quoted))
    add("lambda", lambda.map(Self.number))
    add("normalise", normalise.map { $0 ? "true" : "false" })
    if !exclude.isEmpty {
      add("exclude", "[" + Set(exclude).sorted().map(Self.quoted).joined(separator: ", ") + "]")
    }
    if !options.isEmpty {
      lines.append("[options]")
      for (key, value) in options.sorted(by: { $0.key < $1.key }) { add(Self.quoted(key), value.text) }
    }
    for source in sources {
      lines.append("[[source]]")
      add("file", Self.quoted(source.file))
      add("strength", source.strength.map(Self.number))
      add("te", source.te.map(Self.number))
      add("te1", source.te1.map(Self.number))
      add("te2", source.te2.map(Self.number))
      add("unet", source.unet.map(Self.number))
      add("blocks", source.blocks.map(Self.quoted))
      if !source.layers.isEmpty {
        lines.append("[source.layers]")
        for layer in source.layers { add(Self.quoted(layer.pattern), Self.number(layer.weight)) }
      }
    }
    return lines.joined(separator: "\n") + "\n"
  }

  /// The SHA-256 of ``canonicalText``, 64 hexadecimal digits.
  var hash: String { SHA256Hash.hex(of: canonicalText) }

  /// The shortest text of a number, without `.0`.
  static func number(_ value: Double) -> String { Int(exactly: value).map(String.init) ?? "\(value)" }

  /// Text in quotes, with what may not stand in them escaped.
  static func quoted(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": result += "\\\""
      case "\\": result += "\\\\"
      case let scalar where scalar.value < 0x20 || scalar.value == 0x7F:
        let digits = String(scalar.value, radix: 16)
        result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result + "\""
  }
}

extension RecipeFile.Option {
  /// The value as a recipe writes it.
  var text: String {
    switch self {
    case .bool(let value): value ? "true" : "false"
    case .integer(let value): String(value)
    case .number(let value): RecipeFile.number(value)
    case .text(let value): RecipeFile.quoted(value)
    }
  }
}
