/// Castagnoli's checksum, as records of event files have it.
enum CRC32C {
  /// What each byte does to the sum; the polynomial is 0x1EDC6F41, bits reversed.
  private static let table: [UInt32] = (0..<256).map { (byte: UInt32) in
    (0..<8).reduce(byte) { sum, _ in sum & 1 == 1 ? sum >> 1 ^ 0x82F6_3B78 : sum >> 1 }
  }

  /// The checksum.
  static func sum(_ bytes: [UInt8]) -> UInt32 {
    let table = table
    return ~bytes.reduce(~0) { table[Int(($0 ^ UInt32($1)) & 0xFF)] ^ $0 >> 8 }
  }

  /// The checksum turned and shifted, so that sums of data that hold sums are no weaker.
  static func masked(_ bytes: [UInt8]) -> UInt32 {
    let sum = sum(bytes)
    return (sum >> 15 | sum << 17) &+ 0xA282_EAD8
  }
}
