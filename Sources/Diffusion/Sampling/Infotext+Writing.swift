internal import SafeTensors

extension Infotext {
  /// The whole text.
  public var text: String {
    let tags = loras.map(\.text).joined(separator: " ")
    let positive = prompt.isEmpty || tags.isEmpty ? prompt + tags : "\(prompt) \(tags)"
    var lines = positive.isEmpty ? [] : [positive]
    if !negativePrompt.isEmpty { lines.append("Negative prompt: \(negativePrompt)") }
    let fields = fields.filter { !$0.value.isEmpty }
    if !fields.isEmpty { lines.append(fields.map { "\($0.name): \(Self.quoted($0.value))" }.joined(separator: ", ")) }
    return lines.joined(separator: "\n")
  }

  /// The fields in the order of AUTOMATIC1111.
  private var fields: [Field] {
    var fields: [Field] = []
    func add(_ name: String, _ value: String?) {
      if let value { fields.append(Field(name, value)) }
    }
    add("Steps", steps.map { "\($0)" })
    add("Sampler", sampler)
    add("Schedule type", scheduleType)
    add("CFG scale", guidanceScale.map(Self.text))
    add("Seed", seed.map { "\($0)" })
    add("Size", size.map { "\($0.width)x\($0.height)" })
    add("Model hash", modelHash)
    add("Model", model)
    fields += others
    add(
      "Lora hashes",
      loraHashes.isEmpty
        ? nil : loraHashes.map { "\(Self.hashName($0.name)): \($0.hash)" }.joined(separator: ", "))
    add("Version", version)
    return fields
  }

  /// A LoRA's name within the list of hashes, where commas separate too.
  private static func hashName(_ name: String) -> String {
    String(String.UnicodeScalarView(LoRATag.safe(name).unicodeScalars.filter { $0 != "," }))
  }

  /// A number as people write it: whole ones without a point.
  static func text(_ number: Double) -> String {
    let text = "\(number)"
    return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
  }

  /// A value as a JSON string where it would end early or lose something otherwise.
  ///
  /// AUTOMATIC1111 quotes values with commas, colons and line breaks; values that begin like a quoted one, or have spaces
  /// at their ends, are only read back whole with quotes.
  private static func quoted(_ value: String) -> String {
    let scalars = value.unicodeScalars
    let separates = scalars.contains { $0 == "," || $0 == ":" || $0.properties.isWhitespace && $0 != " " }
    let loses =
      scalars.first == "\"" || scalars.first?.properties.isWhitespace == true
      || scalars.last?.properties.isWhitespace == true
    return separates || loses ? JSONValue.string(value).text : value
  }
}
