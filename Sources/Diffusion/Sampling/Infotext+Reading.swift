internal import SafeTensors

extension Infotext {
  /// Reads a text as AUTOMATIC1111 does.
  ///
  /// Nothing is refused: a last line that does not look like fields belongs to the prompt, and a field whose value is not
  /// of its kind stays among ``others``.
  public init(parsing text: String) {
    var lines = Self.stripped(text.unicodeScalars).split(separator: "\n", omittingEmptySubsequences: false)
    var fields = lines.last.map { Self.fields(Array($0)) } ?? []
    if fields.count < 3 { fields = [] } else { lines.removeLast() }

    var prompts = (positive: [String](), negative: [String]())
    var isNegative = false
    for line in lines {
      var line = String(Self.stripped(line))
      if line.hasPrefix("Negative prompt:") {
        isNegative = true
        line = String(Self.stripped(Substring(line.dropFirst("Negative prompt:".count)).unicodeScalars))
      }
      // Blank lines before the first word are dropped.
      if isNegative {
        if !(prompts.negative.isEmpty && line.isEmpty) { prompts.negative.append(line) }
      } else if !(prompts.positive.isEmpty && line.isEmpty) {
        prompts.positive.append(line)
      }
    }
    let (prompt, tags) = LoRATag.extract(from: prompts.positive.joined(separator: "\n"))
    self.init(prompt: prompt, negativePrompt: prompts.negative.joined(separator: "\n"), loras: tags)
    for field in fields where !field.value.isEmpty && !take(field) { others.append(field) }
  }

  /// Puts a field into its property.
  /// - Returns: false when it has none, when it stands there already, or when the value is not of its kind.
  private mutating func take(_ field: Field) -> Bool {
    func fill<Value>(_ property: inout Value?, _ value: Value?) -> Bool {
      guard property == nil, let value else { return false }
      property = value
      return true
    }
    switch field.name {
    case "Steps": return fill(&steps, Int(field.value))
    case "Sampler": return fill(&sampler, field.value)
    case "Schedule type": return fill(&scheduleType, field.value)
    case "CFG scale": return fill(&guidanceScale, Double(field.value).flatMap { $0.isFinite ? $0 : nil })
    case "Seed": return fill(&seed, UInt64(field.value))
    case "Size": return fill(&size, Self.size(field.value))
    case "Model hash": return fill(&modelHash, field.value)
    case "Model": return fill(&model, field.value)
    case "Version": return fill(&version, field.value)
    case "Lora hashes":
      guard loraHashes.isEmpty, let hashes = Self.hashes(field.value) else { return false }
      loraHashes = hashes
      return true
    default: return false
    }
  }

  private static func size(_ text: String) -> Size? {
    let parts = text.split(separator: "x", omittingEmptySubsequences: false)
    guard parts.count == 2, let width = Int(parts[0]), let height = Int(parts[1]), width > 0, height > 0 else {
      return nil
    }
    return Size(width: width, height: height)
  }

  /// `name: hash, name: hash`.
  private static func hashes(_ text: String) -> [LoRAHash]? {
    var hashes: [LoRAHash] = []
    for part in text.split(separator: ",") {
      let pair = part.split(separator: ":", omittingEmptySubsequences: false)
      guard pair.count == 2 else { return nil }
      hashes.append(
        LoRAHash(name: String(stripped(pair[0].unicodeScalars)), hash: String(stripped(pair[1].unicodeScalars))))
    }
    return hashes.isEmpty ? nil : hashes
  }

  private static func stripped(_ text: String.UnicodeScalarView) -> Substring.UnicodeScalarView { stripped(text[...]) }

  /// Without white space at both ends.
  private static func stripped(_ text: Substring.UnicodeScalarView) -> Substring.UnicodeScalarView {
    var text = text.drop { $0.properties.isWhitespace }
    while text.last?.properties.isWhitespace == true { text.removeLast() }
    return text
  }

  /// The fields of a line: `name: value` up to a comma, or `name: "value"` with JSON's escapes.
  ///
  /// Whatever is between fields is skipped. Fields without a value count, too.
  private static func fields(_ line: [Unicode.Scalar]) -> [Field] {
    var fields: [Field] = []
    var at = 0
    while at < line.count {
      let start = at
      while at < line.count, isName(line[at], first: at == start) { at += 1 }
      guard at - start >= 2, at < line.count, line[at] == ":" else {
        // No name begins within this run either, because it would end at the same place.
        at = max(at, start + 1)
        continue
      }
      let name = String(String.UnicodeScalarView(line[start..<at]))
      at += 1
      while at < line.count, line[at].properties.isWhitespace { at += 1 }
      let end = quotedEnd(line, at) ?? line[at...].firstIndex(of: ",") ?? line.count
      fields.append(Field(name, unquoted(line[at..<end])))
      at = end + 1
    }
    return fields
  }

  private static func isName(_ scalar: Unicode.Scalar, first: Bool) -> Bool {
    switch scalar.properties.generalCategory {
    case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter, .decimalNumber,
      .letterNumber, .otherNumber:
      return true
    default: break
    }
    if scalar == "_" { return true }
    return !first && (scalar == " " || scalar == "-" || scalar == "/")
  }

  /// The index behind a quoted value that a comma or the line's end follows.
  private static func quotedEnd(_ line: [Unicode.Scalar], _ start: Int) -> Int? {
    guard start < line.count, line[start] == "\"" else { return nil }
    var at = start + 1
    while at < line.count, line[at] != "\"" { at += line[at] == "\\" ? 2 : 1 }
    let end = at + 1
    return at < line.count && (end == line.count || line[end] == ",") ? end : nil
  }

  /// A quoted value's text; itself when the quotes do not hold a JSON string.
  private static func unquoted(_ value: ArraySlice<Unicode.Scalar>) -> String {
    let text = String(String.UnicodeScalarView(value))
    guard value.count >= 2, value.first == "\"", value.last == "\"" else { return text }
    return (try? JSONParser.parse(text))?.string ?? text
  }
}
