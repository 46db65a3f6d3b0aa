extension ProcessGroup {
  /// Waits until all processes are here.
  public func barrier() throws(TorchError) {
    try alone { () throws(TorchError) in _ = try agree(.barrier) }
  }

  /// A few numbers from every process, such as losses.
  /// - Parameter numbers: this process's; each may bring another number of them.
  /// - Returns: the numbers of each rank, bit by bit, the same in all processes.
  public func gather(_ numbers: [Double]) throws(TorchError) -> [[Double]] {
    try alone { () throws(TorchError) in
      let sizes = try agree(.gather, size: numbers.count)
      let width = sizes.max() ?? 0
      guard width > 0 else { return sizes.map { _ in [] } }
      var own = numbers.map { Int64(bitPattern: $0.bitPattern) }
      own += repeatElement(0, count: width - numbers.count)
      return zip(sizes, try exchange(own)).map { size, row in
        row.prefix(size).map { Double(bitPattern: UInt64(bitPattern: $0)) }
      }
    }
  }

  /// The bytes of one process, such as a plan or a state.
  /// - Parameters:
  ///   - bytes: what the process of rank `root` has to say; what the others give is ignored.
  ///   - root: the rank whose bytes all receive.
  public func broadcast(bytes: [UInt8], from root: Int = 0) throws(TorchError) -> [UInt8] {
    try check(root)
    return try alone { () throws(TorchError) in
      var fingerprint = Fingerprint()
      fingerprint.add(root)
      let size = try agree(.bytes, fingerprint, size: rank == root ? bytes.count : 0)[root]
      guard size > 0 else { return [] }
      let tensor = try Tensor(rank == root ? bytes : [UInt8](repeating: 0, count: size))
      try broadcast(contiguous: tensor, from: root)
      return try tensor.array()
    }
  }
}
