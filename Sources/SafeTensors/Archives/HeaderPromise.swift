/// How large a safetensors file will be, as soon as its header is there.
struct HeaderPromise {
  private var known: Int?

  /// The size that the header promises: nil until it is there, 0 for one that breaks the format's rules.
  mutating func size(after bytes: [UInt8]) -> Int? {
    if let known { return known }
    guard bytes.count >= 8 else { return nil }
    let length = bytes[..<8].reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    guard length <= UInt64(Header.largest) else {
      known = 0
      return known
    }
    let end = 8 + Int(length)
    guard bytes.count >= end else { return nil }
    if let root = try? JSONParser.header(Array(bytes[8..<end])), let entries = try? HeaderEntries(root, path: "") {
      let data = entries.tensors.map(\.end).max() ?? 0
      known = data > UInt64(Int.max - end) ? .max : end + Int(data)
    } else {
      known = 0
    }
    return known
  }
}
