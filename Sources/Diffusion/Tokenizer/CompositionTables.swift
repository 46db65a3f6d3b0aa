/// Canonical mappings in both directions, with the Hangul syllables.
struct CompositionTables: Sendable {
  private var decompositions: [UInt32: (UInt32, UInt32?)] = [:]
  private var compositions: [UInt64: UInt32] = [:]

  /// Reads the words of ``CanonicalMappings``.
  init(_ text: String) {
    decompositions.reserveCapacity(2100)
    compositions.reserveCapacity(1000)
    var scalar: UInt32 = 0
    var number: UInt32 = 0
    var composes = false
    var parts: [UInt32] = []
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "+"), UInt8(ascii: "-"):
        scalar += number
        number = 0
        composes = byte == UInt8(ascii: "+")
      case UInt8(ascii: "."):
        parts.append(number)
        number = 0
      case UInt8(ascii: " "), UInt8(ascii: "\n"):
        parts.append(number)
        number = 0
        add(scalar, parts, composes)
        parts.removeAll(keepingCapacity: true)
      case UInt8(ascii: "a")...UInt8(ascii: "f"): number = number << 4 | UInt32(byte - UInt8(ascii: "a") + 10)
      default: number = number << 4 | UInt32(byte & 0x0F)
      }
    }
    parts.append(number)
    add(scalar, parts, composes)
  }

  private mutating func add(_ scalar: UInt32, _ parts: [UInt32], _ composes: Bool) {
    decompositions[scalar] = (parts[0], parts.count > 1 ? parts[1] : nil)
    if composes { compositions[Self.key(parts[0], parts[1])] = scalar }
  }

  private static func key(_ first: UInt32, _ second: UInt32) -> UInt64 { UInt64(first) << 32 | UInt64(second) }

  // The syllables are arranged as 19 leading consonants × 21 vowels × (none or 27 trailing consonants): The Unicode
  // Standard, section 3.12.
  private static let syllables: Range<UInt32> = 0xAC00..<0xD7A4
  private static let leading: Range<UInt32> = 0x1100..<0x1113
  private static let vowels: Range<UInt32> = 0x1161..<0x1176
  private static let trailing: Range<UInt32> = 0x11A8..<0x11C3

  /// The parts that a scalar decomposes into at one level, or nil when it does not.
  func parts(of scalar: Unicode.Scalar) -> (Unicode.Scalar, Unicode.Scalar?)? {
    let value = scalar.value
    guard value >= 0xC0 else { return nil }
    let parts: (UInt32, UInt32?)
    if Self.syllables.contains(value) {
      let index = value - Self.syllables.lowerBound
      let tail = index % 28
      parts =
        tail == 0
        ? (Self.leading.lowerBound + index / 588, Self.vowels.lowerBound + index % 588 / 28)
        : (value - tail, Self.trailing.lowerBound + tail - 1)
    } else if let found = decompositions[value] {
      parts = found
    } else {
      return nil
    }
    guard let first = Unicode.Scalar(parts.0) else { return nil }
    return (first, parts.1.flatMap { Unicode.Scalar($0) })
  }

  /// The scalar that two compose to, or nil.
  func composite(_ first: Unicode.Scalar, _ second: Unicode.Scalar) -> Unicode.Scalar? {
    let (a, b) = (first.value, second.value)
    if Self.leading.contains(a), Self.vowels.contains(b) {
      let index = (a - Self.leading.lowerBound) * 21 + b - Self.vowels.lowerBound
      return Unicode.Scalar(Self.syllables.lowerBound + index * 28)
    }
    if Self.syllables.contains(a), (a - Self.syllables.lowerBound) % 28 == 0, Self.trailing.contains(b) {
      return Unicode.Scalar(a + b - Self.trailing.lowerBound + 1)
    }
    return compositions[Self.key(a, b)].flatMap { Unicode.Scalar($0) }
  }
}
