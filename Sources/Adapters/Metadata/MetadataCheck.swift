import SafeTensors

/// Says what is wrong with a metadata value before it is written.
package enum MetadataCheck {
  /// What is wrong with a value under a key, as a clause; nil where nothing is, and for keys that are not known.
  package static func problem(_ key: String, _ value: String) -> String? {
    if key.isEmpty { return "an entry needs a key" }
    if key.hasPrefix("modelspec."), !MetadataForm.modelspecKeys.contains(String(key.dropFirst("modelspec.".count))) {
      return "modelspec 1.0.1 has no key of this name"
    }
    guard let form = MetadataForm.of(key) else { return nil }
    // sd-scripts writes None for whatever was not given.
    if key.hasPrefix("ss_"), value == "None" { return nil }
    return form.problem(value).map { "\($0), and “\(value.shortened(to: 60))” is not" }
  }
}

extension MetadataForm {
  /// What a value should be, as a clause, where it is something else.
  func problem(_ value: String) -> String? {
    switch self {
    case .integer: Int(value) == nil ? "must be a whole number" : nil
    case .count: (Int(value) ?? -1) < 0 ? "must be a whole number from 0 on" : nil
    case .number: Self.isNumber(value) ? nil : "must be a number"
    case .numbers: Self.areNumbers(value) ? nil : "must be a number, or several as in (512, 768)"
    case .countOrDynamic:
      value != "Dynamic" && (Int(value) ?? -1) < 0 ? "must be a whole number from 0 on, or Dynamic" : nil
    case .numberOrDynamic: value != "Dynamic" && !Self.isNumber(value) ? "must be a number, or Dynamic" : nil
    case .flag: ["True", "False"].contains(value) ? nil : "must be True or False, as Python writes them"
    case .object: Self.json(value)?.members == nil ? "must be a JSON object" : nil
    case .array: Self.json(value)?.elements == nil ? "must be a JSON array" : nil
    case .tags: Self.areTags(value) ? nil : "must be a JSON object of folders with an object of tags and counts each"
    case .folders:
      Self.areFolders(value) ? nil : "must be a JSON object of folders with n_repeats and img_count each"
    case .adapterConfiguration: Self.adapterProblem(value)
    case .hex(let count, let prefix): Self.isHex(value, count, prefix) ? nil : Self.hexadecimal(count, prefix)
    case .word(let words): words.contains(value) ? nil : "must be \(Self.list(words))"
    case .filled: value.trimmed.isEmpty ? "must not be empty" : nil
    case .size: Self.isPair(value, by: "x") ? nil : "must be a width and a height as in 1024x1024"
    case .date: Self.isDate(value) ? nil : "must be a date of ISO 8601 as in 2024-07-20 or 2024-07-20T12:30:00"
    case .range: Self.isPair(value, by: ",") ? nil : "must be two time steps as in 0,999"
    case .picture: Self.isPicture(value) ? nil : "must be a picture as a data URL: data:image/jpeg;base64,…"
    }
  }

  private static func json(_ text: String) -> JSONValue? { try? JSONParser.parse(text) }

  private static func isNumber(_ text: String) -> Bool { Double(text)?.isFinite ?? false }

  private static func areNumbers(_ text: String) -> Bool {
    var inner = text[...]
    for (open, close) in [("(", ")"), ("[", "]")] where inner.hasPrefix(open) && inner.hasSuffix(close) {
      inner = inner.dropFirst().dropLast()
    }
    let parts = inner.split(separator: ",", omittingEmptySubsequences: false).map { String($0).trimmed }
    // Python writes a tuple of one with a comma at its end.
    let numbers = parts.count > 1 && parts.last == "" ? parts.dropLast() : parts[...]
    return !numbers.isEmpty && numbers.allSatisfy { isNumber($0) || $0 == "None" }
  }

  private static func areTags(_ text: String) -> Bool {
    json(text)?.members?.allSatisfy { $0.value.members?.allSatisfy { $0.value.count != nil } ?? false } ?? false
  }

  private static func areFolders(_ text: String) -> Bool {
    json(text)?.members?.allSatisfy { $0.value["n_repeats"]?.count != nil && $0.value["img_count"]?.count != nil }
      ?? false
  }

  private static func isHex(_ text: String, _ count: Int, _ prefix: String) -> Bool {
    guard text.hasPrefix(prefix) else { return false }
    let digits = text.dropFirst(prefix.count)
    return digits.utf8.count == count && digits.utf8.allSatisfy { (48...57).contains($0) || (97...102).contains($0) }
  }

  private static func hexadecimal(_ count: Int, _ prefix: String) -> String {
    "must be \(prefix.isEmpty ? "" : "\(prefix) and ")\(count) hexadecimal digits in lower case"
  }

  private static func list(_ words: [String]) -> String {
    words.count < 2 ? words.joined() : words.dropLast().joined(separator: ", ") + " or \(words[words.count - 1])"
  }

  private static func isPair(_ text: String, by separator: Character) -> Bool {
    let parts = text.split(separator: separator, omittingEmptySubsequences: false)
    return parts.count == 2 && parts.allSatisfy { Int($0).map { $0 >= 0 } ?? false }
  }

  /// `YYYY-MM-DD`, then perhaps `T` or a space, `HH:MM[:SS[.fraction]]`, and `Z` or an offset.
  private static func isDate(_ text: String) -> Bool {
    let pattern = #/(\d{4})-(\d\d)-(\d\d)([T ](\d\d):(\d\d)(:(\d\d)(\.\d+)?)?(Z|[+-]\d\d(:?\d\d)?)?)?/#
    guard let match = text.wholeMatch(of: pattern) else { return false }
    func within(_ part: Substring?, _ range: ClosedRange<Int>) -> Bool {
      part.flatMap { Int($0) }.map(range.contains) ?? true
    }
    return within(match.2, 1...12) && within(match.3, 1...31) && within(match.5, 0...23) && within(match.6, 0...59)
      && within(match.8, 0...60)
  }

  private static func isPicture(_ text: String) -> Bool {
    guard text.hasPrefix("data:image/"), let comma = text.firstIndex(of: ","), text[..<comma].hasSuffix(";base64")
    else { return false }
    let data = text[text.index(after: comma)...].utf8
    return !data.isEmpty && data.count % 4 == 0
      && data.allSatisfy {
        (48...57).contains($0) || (65...90).contains($0) || (97...122).contains($0) || [43, 47, 61].contains($0)
      }
  }

  /// What is wrong with diffusers' `lora_adapter_metadata`, from which loaders take a LoRA's strength.
  ///
  /// A flat object: `unet.r`, `unet.lora_alpha`, `unet.rank_pattern` and so on, a network's name before each.
  private static func adapterProblem(_ text: String) -> String? {
    guard let members = json(text)?.members else { return "must be a JSON object" }
    for member in members {
      let pieces = member.name.split(separator: ".", maxSplits: 1)
      guard pieces.count == 2 else {
        return "must have a network's name before every key, as in unet.lora_alpha (“\(member.name.shortened(to: 40))”)"
      }
      let value = member.value
      let isRight =
        switch pieces[1] {
        case "lora_alpha": value.number?.isFinite ?? false
        case "r": (value.int ?? 0) > 0
        case "rank_pattern": value.members?.allSatisfy { ($0.value.int ?? 0) > 0 } ?? false
        case "alpha_pattern": value.members?.allSatisfy { $0.value.number?.isFinite ?? false } ?? false
        case "use_rslora", "use_dora": value.bool != nil
        case "target_modules":
          value.string != nil || value == .null || (value.elements?.allSatisfy { $0.string != nil } ?? false)
        default: true
        }
      guard isRight else {
        return "must have \(expected(pieces[1])) under \(member.name.shortened(to: 60))"
      }
    }
    return nil
  }

  private static func expected(_ name: Substring) -> String {
    switch name {
    case "lora_alpha": "a number"
    case "r": "a rank from 1 on"
    case "rank_pattern": "an object of ranks"
    case "alpha_pattern": "an object of numbers"
    case "target_modules": "a text or a list of texts"
    default: "true or false"
    }
  }
}
