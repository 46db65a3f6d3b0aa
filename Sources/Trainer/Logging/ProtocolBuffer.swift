/// A protocol buffer message under construction: fields in the order in which they are added.
///
/// Like the reference's writers, callers leave out fields that have their default and are in no `oneof`.
struct ProtocolBuffer {
  private(set) var bytes: [UInt8] = []

  private mutating func variable(_ value: UInt64) {
    var value = value
    while value >= 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: value) | 0x80)
      value >>= 7
    }
    bytes.append(UInt8(truncatingIfNeeded: value))
  }

  /// A field's number with how it is stored: 0 for integers, 1 for 64 bits, 2 for bytes, 5 for 32 bits.
  private mutating func key(_ field: UInt64, _ wire: UInt64) { variable(field << 3 | wire) }

  /// Adds an integer.
  mutating func add(_ field: UInt64, integer: Int) {
    key(field, 0)
    variable(UInt64(bitPattern: Int64(integer)))
  }

  /// Adds a number of 64 bits.
  mutating func add(_ field: UInt64, double: Double) {
    key(field, 1)
    bytes += double.bitPattern.littleEndianBytes
  }

  /// Adds a number of 32 bits.
  mutating func add(_ field: UInt64, float: Float) {
    key(field, 5)
    bytes += float.bitPattern.littleEndianBytes
  }

  /// Adds bytes.
  mutating func add(_ field: UInt64, bytes added: [UInt8]) {
    key(field, 2)
    variable(UInt64(added.count))
    bytes += added
  }

  /// Adds a text.
  mutating func add(_ field: UInt64, text: String) { add(field, bytes: Array(text.utf8)) }

  /// Adds a message.
  mutating func add(_ field: UInt64, message: ProtocolBuffer) { add(field, bytes: message.bytes) }
}

extension FixedWidthInteger {
  /// The bytes, the least significant first.
  var littleEndianBytes: [UInt8] {
    stride(from: 0, to: Self.bitWidth, by: 8).map { UInt8(truncatingIfNeeded: self >> $0) }
  }
}
