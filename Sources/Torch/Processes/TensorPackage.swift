/// Tensors that travel to other processes as one.
struct TensorPackage {
  /// The most bytes of a package of several tensors: enough for a network to be busy with, few enough to copy.
  static let limit = 25 << 20

  private(set) var tensors: [Tensor] = []
  private(set) var bytes = 0
  let format: ScalarType

  /// Packages of one device and format each, in an order that depends on the tensors alone.
  /// - Parameter format: what a tensor is converted to for the journey.
  static func pack(
    _ tensors: [Tensor], limit: Int = limit, as format: (Tensor) throws(TorchError) -> ScalarType
  ) throws(TorchError) -> [TensorPackage] {
    struct Kind: Hashable {
      var device: Device
      var format: ScalarType
    }
    var packages: [TensorPackage] = []
    var open: [Kind: Int] = [:]
    for tensor in tensors {
      let kind = Kind(device: tensor.device, format: try format(tensor))
      let bytes = tensor.count * kind.format.size
      guard bytes > 0 else { continue }
      if let index = open[kind], packages[index].bytes + bytes <= limit {
        packages[index].tensors.append(tensor)
        packages[index].bytes += bytes
      } else {
        open[kind] = packages.count
        packages.append(TensorPackage(tensors: [tensor], bytes: bytes, format: kind.format))
      }
    }
    return packages
  }

  /// All elements one after another, `[elements]`; it may share the memory of a single tensor.
  func flat() throws(TorchError) -> Tensor {
    var parts: [Tensor] = []
    parts.reserveCapacity(tensors.count)
    for tensor in tensors { parts.append(try tensor.detached().reshaped(-1).to(format)) }
    return parts.count == 1 ? try parts[0].contiguous() : try Tensor.concatenated(parts)
  }

  /// Puts the elements back where they came from, in each tensor's own format.
  func unpack(_ flat: Tensor) throws(TorchError) {
    var start = 0
    for tensor in tensors {
      let length = tensor.count
      try tensor.detached().assign(flat.narrowed(0, from: start, length: length).reshaped(tensor.shape))
      start += length
    }
  }
}
