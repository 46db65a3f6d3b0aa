/// Reads the headers of safetensors files without a tree of values for what stands in nearly all of them.
extension JSONParser {
  /// A header's JSON.
  enum HeaderRoot {
    /// One of its members.
    struct Member {
      var name: String
      var value: Value
    }

    /// What a member holds.
    enum Value {
      /// A tensor's entry, spelled as writers spell it.
      case entry(HeaderEntries.Entry)
      /// Anything else.
      case json(JSONValue)

      /// The value as JSON: that of an entry as it was read.
      var json: JSONValue {
        switch self {
        case .json(let value): value
        case .entry(let entry):
          .object([
            .init(name: "dtype", value: .string(entry.dtype.rawValue)),
            .init(name: "shape", value: .array(entry.shape.map(JSONValue.unsigned))),
            .init(name: "data_offsets", value: .array([.unsigned(entry.begin), .unsigned(entry.end)])),
          ])
        }
      }
    }

    /// An object's members in their order.
    case object([Member])
    /// A header that is no object.
    case other(JSONValue)
  }

  /// Parses a header: the same language as ``parse(_:)-(Array<UInt8>)``, with the same errors.
  static func header(_ bytes: [UInt8]) throws(JSONParsingError) -> HeaderRoot {
    var parser = JSONParser(bytes)
    parser.skipSpace()
    guard parser.next == UInt8(ascii: "{") else { return .other(try parse(bytes)) }
    var members: [HeaderRoot.Member] = []
    try parser.nested { parser throws(JSONParsingError) in
      try parser.eachMember { (parser, name) throws(JSONParsingError) in
        if let entry = parser.usualEntry(name) {
          members.append(.init(name: name, value: .entry(entry)))
        } else {
          members.append(.init(name: name, value: .json(try parser.value())))
        }
      }
    }
    parser.skipSpace()
    guard parser.at == bytes.count else { throw parser.failure("more text after the end of the document") }
    return .object(members)
  }

  private static let dtype = Array(#"{"dtype":""#.utf8)
  private static let shape = Array(#"","shape":["#.utf8)
  private static let offsets = Array(#"],"data_offsets":["#.utf8)
  /// By their letters; the frequent ones first.
  private static let dtypes: [(letters: [UInt8], type: DType)] = {
    let frequent: [DType] = [.f16, .bf16, .f32]
    return (frequent + DType.allCases.filter { !frequent.contains($0) }).map { (Array($0.rawValue.utf8), $0) }
  }()

  /// Reads an entry that is spelled without spaces, its fields in the order in which the reference writes them; nil, and
  /// nothing read, for any other.
  private mutating func usualEntry(_ name: String) -> HeaderEntries.Entry? {
    let start = at
    guard let entry = strictEntry(name) else {
      at = start
      return nil
    }
    return entry
  }

  private mutating func strictEntry(_ name: String) -> HeaderEntries.Entry? {
    guard take(Self.dtype), let type = Self.dtypes.first(where: { take($0.letters, before: UInt8(ascii: "\"")) }),
      take(Self.shape)
    else { return nil }
    var sizes: [UInt64] = []
    if next != UInt8(ascii: "]") {
      sizes.reserveCapacity(4)
      repeat {
        guard let size = size() else { return nil }
        sizes.append(size)
      } while take(UInt8(ascii: ","))
    }
    guard take(Self.offsets), let begin = size(), take(UInt8(ascii: ",")), let end = size(),
      take(UInt8(ascii: "]")), take(UInt8(ascii: "}"))
    else { return nil }
    return HeaderEntries.Entry(name: name, dtype: type.type, shape: sizes, begin: begin, end: end)
  }

  private mutating func take(_ byte: UInt8) -> Bool {
    guard next == byte else { return false }
    at += 1
    return true
  }

  private mutating func take(_ text: [UInt8], before follower: UInt8? = nil) -> Bool {
    let end = at + text.count
    guard end < bytes.count else { return false }
    for index in text.indices where bytes[at + index] != text[index] { return false }
    if let follower, bytes[end] != follower { return false }
    at = end
    return true
  }

  /// A whole number of at most 19 digits, which 64 bits always hold; nil for any other.
  private mutating func size() -> UInt64? {
    let start = at
    var value: UInt64 = 0
    while at < bytes.count, case let digit = bytes[at] &- UInt8(ascii: "0"), digit < 10, at - start < 19 {
      value = value * 10 + UInt64(digit)
      at += 1
    }
    let count = at - start
    guard count > 0, count == 1 || bytes[start] != UInt8(ascii: "0") else { return nil }
    // A digit, a point or an exponent may follow: what comes next is then not what is taken.
    return value
  }
}
