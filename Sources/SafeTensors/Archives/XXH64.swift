/// The 64-bit checksum of zstd's frames and seek tables, which keep its lower half.
///
/// After the specification of xxHash (XXH64, seed 0), doc/xxhash_spec.md of Cyan4973/xxHash.
enum XXH64 {
  private static let primes: [UInt64] = [
    0x9E37_79B1_85EB_CA87, 0xC2B2_AE3D_27D4_EB4F, 0x1656_67B1_9E37_79F9, 0x85EB_CA77_C2B2_AE63, 0x27D4_EB2F_1656_67C5,
  ]

  /// The checksum of bytes.
  static func of(_ bytes: RawSpan) -> UInt64 {
    let (p1, p2, p3, p4, p5) = (primes[0], primes[1], primes[2], primes[3], primes[4])
    func word(_ at: Int) -> UInt64 {
      UInt64(littleEndian: unsafe bytes.unsafeLoadUnaligned(fromByteOffset: at, as: UInt64.self))
    }
    func round(_ sum: UInt64, _ lane: UInt64) -> UInt64 { rotated(sum &+ lane &* p2, 31) &* p1 }
    var at = 0
    var sum: UInt64
    if bytes.byteCount >= 32 {
      var (a, b, c, d) = (p1 &+ p2, p2, UInt64(0), 0 &- p1)
      while at + 32 <= bytes.byteCount {
        a = round(a, word(at))
        b = round(b, word(at + 8))
        c = round(c, word(at + 16))
        d = round(d, word(at + 24))
        at += 32
      }
      sum = rotated(a, 1) &+ rotated(b, 7) &+ rotated(c, 12) &+ rotated(d, 18)
      for lane in [a, b, c, d] { sum = (sum ^ round(0, lane)) &* p1 &+ p4 }
    } else {
      sum = p5
    }
    sum &+= UInt64(bytes.byteCount)
    while at + 8 <= bytes.byteCount {
      sum = rotated(sum ^ round(0, word(at)), 27) &* p1 &+ p4
      at += 8
    }
    if at + 4 <= bytes.byteCount {
      let half = UInt32(littleEndian: unsafe bytes.unsafeLoadUnaligned(fromByteOffset: at, as: UInt32.self))
      sum = rotated(sum ^ UInt64(half) &* p1, 23) &* p2 &+ p3
      at += 4
    }
    while at < bytes.byteCount {
      let byte = unsafe bytes.unsafeLoad(fromByteOffset: at, as: UInt8.self)
      sum = rotated(sum ^ UInt64(byte) &* p5, 11) &* p1
      at += 1
    }
    sum = (sum ^ sum >> 33) &* p2
    sum = (sum ^ sum >> 29) &* p3
    return sum ^ sum >> 32
  }

  private static func rotated(_ value: UInt64, _ count: UInt64) -> UInt64 { value << count | value >> (64 - count) }
}
