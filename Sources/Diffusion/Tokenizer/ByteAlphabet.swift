/// The scalars that stand for bytes in byte-level vocabularies.
///
/// Printable bytes of Latin-1 stand for themselves, the others for U+0100 and on, in their order.
enum ByteAlphabet {
  /// The bytes in the order of CLIP's vocabulary: the printable ones first.
  static let order: [UInt8] = {
    let printable = Array(0x21...0x7E) + Array(0xA1...0xAC) + Array(0xAE...0xFF) as [UInt8]
    let known = Set(printable)
    return printable + (0...255).filter { !known.contains($0) }
  }()

  /// The scalar of each byte.
  static let scalars: [Unicode.Scalar] = {
    var scalars = (0...255).map { Unicode.Scalar(UInt8($0)) }
    for (offset, byte) in order.dropFirst(188).enumerated() {
      scalars[Int(byte)] = Unicode.Scalar(UInt32(0x100 + offset)) ?? scalars[Int(byte)]
    }
    return scalars
  }()

  /// The byte of each scalar.
  static let bytes: [Unicode.Scalar: UInt8] = Dictionary(
    uniqueKeysWithValues: scalars.enumerated().map { ($1, UInt8($0)) })
}
