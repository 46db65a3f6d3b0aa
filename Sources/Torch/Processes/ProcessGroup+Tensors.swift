extension ProcessGroup {
  private static let view = Operator("aten::view", "dtype")

  /// Replaces every tensor by its sum over all processes, the same bits in all of them.
  ///
  /// Small tensors travel together. F16 and BF16 are summed in F32 and rounded once; the order of the sum depends on
  /// the number of processes and the shapes alone.
  /// - Parameter tensors: in floating-point formats, on any device, gradients or parameters.
  public func sum(_ tensors: [Tensor]) throws(TorchError) {
    try together(.sum, tensors) { tensor throws(TorchError) in
      let type = try tensor.scalarType
      guard type.isFloatingPoint else {
        throw TorchError(.processes, "a tensor in \(type) cannot be summed over processes: convert it to F32 or F64")
      }
      return type == .f64 ? .f64 : .f32
    } exchange: { flat throws(TorchError) in
      try self.sum(contiguous: flat)
    }
  }

  /// Overwrites every tensor with that of one process, bit by bit.
  /// - Parameters:
  ///   - tensors: in any format, on any device.
  ///   - root: the rank whose tensors the others receive.
  public func broadcast(_ tensors: [Tensor], from root: Int = 0) throws(TorchError) {
    try check(root)
    try together(.broadcast, tensors, root: root) { tensor throws(TorchError) in
      try tensor.scalarType
    } exchange: { flat throws(TorchError) in
      try self.broadcast(contiguous: Self.view(.tensor(flat), .type(.u8)), from: root)
    }
  }

  func check(_ root: Int) throws(TorchError) {
    guard (0..<count).contains(root) else {
      throw TorchError(.processes, "there is no rank \(root) to receive from: ranks go from 0 to \(count - 1)")
    }
  }

  /// Packs the tensors, exchanges each package, and puts what came back in their places.
  private func together(
    _ call: CollectiveCall, _ tensors: [Tensor], root: Int = 0,
    as format: (Tensor) throws(TorchError) -> ScalarType, exchange: (Tensor) throws(TorchError) -> Void
  ) throws(TorchError) {
    var fingerprint = Fingerprint()
    fingerprint.add(root)
    for tensor in tensors { try fingerprint.add(tensor) }
    let packages = try TensorPackage.pack(tensors, as: format)
    try alone { () throws(TorchError) in
      try agree(call, fingerprint)
      try withoutGradients { () throws(TorchError) in
        for package in packages {
          let flat = try package.flat()
          try exchange(flat)
          try package.unpack(flat)
        }
      }
    }
  }
}
