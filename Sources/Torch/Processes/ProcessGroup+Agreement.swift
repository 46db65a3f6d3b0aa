/// What the processes are about to do together.
enum CollectiveCall: Int64 {
  case sum, broadcast, barrier, gather, bytes

  var name: String {
    switch self {
    case .sum: "sums tensors"
    case .broadcast: "broadcasts tensors"
    case .barrier: "waits at a barrier"
    case .gather: "gathers numbers"
    case .bytes: "broadcasts bytes"
    }
  }
}

extension ProcessGroup {
  /// Sees that all processes do the same, before they do it: buffers of different sizes would end a process, and
  /// different calls would wait for each other.
  /// - Parameters:
  ///   - fingerprint: the same in all processes.
  ///   - size: what each may say for itself.
  /// - Returns: the sizes of all processes.
  @discardableResult
  func agree(_ call: CollectiveCall, _ fingerprint: Fingerprint = .init(), size: Int = 0) throws(TorchError) -> [Int] {
    let own = [call.rawValue, Int64(bitPattern: fingerprint.value), Int64(size)]
    let rows = try exchange(own)
    for (other, row) in rows.enumerated() where row.prefix(2) != own.prefix(2) {
      let theirs = CollectiveCall(rawValue: row[0])?.name ?? "does something else"
      throw TorchError(
        .processes,
        row[0] == own[0]
          ? "rank \(rank) and rank \(other) both \(call.name), but not the same: shapes, formats, order and root must agree"
          : "rank \(rank) \(call.name) while rank \(other) \(theirs): all processes must do the same in the same order")
    }
    return rows.map { Int($0[2]) }
  }

  /// As many integers from every process, to every process.
  func exchange(_ own: [Int64]) throws(TorchError) -> [[Int64]] {
    // The others' places hold zeros, so the sum is exact.
    var all = [Int64](repeating: 0, count: own.count * count)
    all.replaceSubrange(rank * own.count..<(rank + 1) * own.count, with: own)
    let tensor = try Tensor(all)
    try sum(contiguous: tensor)
    let summed: [Int64] = try tensor.array()
    return (0..<count).map { Array(summed[$0 * own.count..<($0 + 1) * own.count]) }
  }
}

/// A number that depends on what is put in and on its order (FNV-1a), the same in every process.
struct Fingerprint {
  private(set) var value: UInt64 = 0xcbf2_9ce4_8422_2325

  mutating func add(_ number: Int) {
    var rest = UInt64(bitPattern: Int64(number))
    for _ in 0..<8 {
      value = (value ^ (rest & 0xff)) &* 0x100_0000_01b3
      rest >>= 8
    }
  }

  /// Format, kind of device and shape; the index of a device is each process's own.
  mutating func add(_ tensor: Tensor) throws(TorchError) {
    add(Int(try tensor.scalarType.code))
    add(Int(tensor.device.kind.code))
    let shape = tensor.shape
    add(shape.count)
    for size in shape { add(size) }
  }
}
