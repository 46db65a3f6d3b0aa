/// What a file to be written holds, before any data exist.
public struct TensorDeclaration: Sendable, Hashable {
  /// The key in the header.
  public var name: String
  /// The number format.
  public var dtype: DType
  /// The sizes of the dimensions; empty for a scalar.
  public var shape: [Int]

  /// Creates a declaration.
  public init(name: String, dtype: DType, shape: [Int]) {
    self.name = name
    self.dtype = dtype
    self.shape = shape
  }

  /// The size of the data in bytes.
  public var byteCount: Int { shape.contains(0) ? 0 : shape.reduce(1, *) * dtype.bitWidth / 8 }
}

extension Header {
  /// The order in which the reference implementation writes tensors: by dtype, largest first, then by name;
  /// every tensor then starts on a multiple of its element size.
  public static func written(_ declarations: [TensorDeclaration]) -> [TensorInfo] {
    var start = 0
    return
      declarations
      .sorted { a, b in
        (b.dtype.writingRank, a.name.utf8) < (a.dtype.writingRank, b.name.utf8)
      }
      .map { declaration in
        defer { start += declaration.byteCount }
        return TensorInfo(
          name: declaration.name, dtype: declaration.dtype, shape: declaration.shape,
          range: start..<start + declaration.byteCount)
      }
  }

  /// The bytes before the data: the length, then JSON padded with spaces to a multiple of 8.
  ///
  /// Metadata are sorted by key, so the same content always gives the same bytes.
  public static func encoded(tensors: [TensorInfo], metadata: [String: String]) -> [UInt8] {
    var json: [UInt8] = [UInt8(ascii: "{")]
    if !metadata.isEmpty {
      json += Array("\"__metadata__\":{".utf8)
      for (i, key) in metadata.keys.sorted(by: { $0.utf8 < $1.utf8 }).enumerated() {
        if i > 0 { json.append(UInt8(ascii: ",")) }
        json.appendJSON(key)
        json.append(UInt8(ascii: ":"))
        json.appendJSON(metadata[key] ?? "")
      }
      json.append(UInt8(ascii: "}"))
    }
    for tensor in tensors {
      if json.count > 1 { json.append(UInt8(ascii: ",")) }
      json.appendJSON(tensor.name)
      let shape = tensor.shape.map(String.init).joined(separator: ",")
      json += Array(
        ":{\"dtype\":\"\(tensor.dtype.rawValue)\",\"shape\":[\(shape)],\"data_offsets\":[\(tensor.range.lowerBound),\(tensor.range.upperBound)]}"
          .utf8)
    }
    json.append(UInt8(ascii: "}"))
    json += Array(repeating: UInt8(ascii: " "), count: (8 - json.count % 8) % 8)
    let length = UInt64(json.count)
    return (0..<8).map { UInt8(truncatingIfNeeded: length >> (8 * $0)) } + json
  }
}

extension String.UTF8View {
  static func < (a: Self, b: Self) -> Bool { a.lexicographicallyPrecedes(b) }
}

private func < (a: (Int, String.UTF8View), b: (Int, String.UTF8View)) -> Bool {
  a.0 != b.0 ? a.0 < b.0 : a.1 < b.1
}

extension [UInt8] {
  /// Appends a JSON string literal, escaped as serde_json escapes.
  mutating func appendJSON(_ text: String) {
    let hex = Array("0123456789abcdef".utf8)
    append(UInt8(ascii: "\""))
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "\""), UInt8(ascii: "\\"): self += [UInt8(ascii: "\\"), byte]
      case 0x08: self += Array("\\b".utf8)
      case 0x09: self += Array("\\t".utf8)
      case 0x0A: self += Array("\\n".utf8)
      case 0x0C: self += Array("\\f".utf8)
      case 0x0D: self += Array("\\r".utf8)
      case 0..<0x20: self += Array("\\u00".utf8) + [hex[Int(byte >> 4)], hex[Int(byte & 15)]]
      default: append(byte)
      }
    }
    append(UInt8(ascii: "\""))
  }
}
