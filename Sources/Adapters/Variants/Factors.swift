public import LinearAlgebra
import SafeTensors

extension Adapter {
  /// The exact low-rank form of a layer's ΔW, with the scale folded into the left factor.
  ///
  /// - Parameter module: one of this adapter's layers.
  /// - Returns: `up [out, R]` and `down [R, in]`; `in` counts the kernel's elements of a convolution, in the order
  ///   channel, row, column.
  /// - Throws: ``AdapterError`` with rule `needsBase` for variants that have no such form, or
  ///   ``SafeTensorsError`` when a tensor has no numbers.
  public func factors(of module: AdapterModule) throws -> LowRank {
    if let bound = module.bound { return try boundFactors(of: module, bound) }
    func tensor(_ role: TensorRole, rows: Int? = nil) throws -> Matrix {
      guard let info = module.tensors[role] else {
        throw AdapterError(
          path: file.path, rule: .shape, key: module.stem, detail: "the tensor \(role.name) is missing")
      }
      let rows = rows ?? info.shape.first ?? 1
      return Matrix(rows: rows, columns: rows > 0 ? info.count / rows : 0, elements: try file.doubles(of: info))
    }
    let product: LowRank
    switch module.variant {
    case .lora, .locon:
      product = LowRank(up: try tensor(.up), down: try tensor(.down))
    case .tucker:
      product = LowRank(up: try tensor(.up), down: Tucker.expanded(try tensor(.mid), try tensor(.down)))
    case .loha:
      product = KhatriRao.product(
        LowRank(up: try tensor(.hadaW1A), down: try tensor(.hadaW1B)),
        LowRank(up: try tensor(.hadaW2A), down: try tensor(.hadaW2B)))
    case .lohaTucker:
      product = KhatriRao.product(
        LowRank(up: try tensor(.hadaW1A).transposed, down: Tucker.expanded(try tensor(.hadaT1), try tensor(.hadaW1B))),
        LowRank(up: try tensor(.hadaW2A).transposed, down: Tucker.expanded(try tensor(.hadaT2), try tensor(.hadaW2B))))
    case .lokr:
      product = try kronecker(module, tensor: { try tensor($0) })
    case .full where module.outputs > 0:
      let dense = try tensor(.diff)
      product =
        dense.rows <= dense.columns
        ? LowRank(up: .identity(dense.rows), down: dense) : LowRank(up: dense, down: .identity(dense.columns))
    case .full, .vector, .dora, .oft, .boft, .ia3, .glora, .replaced, .tlora:
      throw AdapterError(
        path: file.path, rule: .needsBase, key: module.stem,
        detail: module.variant.needsBase
          ? "\(module.variant.label) changes the base model's own weights, so ΔW is not known from this file; give the base model with --base"
          : "\(module.variant.label) is a vector, not a matrix")
    }
    var scaled = LowRank(up: product.up.scaled(by: module.scale), down: product.down)
    if module.hasSparsePart { scaled = .whole(try scaled.dense + sparsePart(of: module).scaled(by: module.scale)) }
    guard let rows = module.rows else { return scaled.compacted }
    return LowRank(up: .stacked(rows.map { scaled.up.block(rows: $0, columns: 0..<scaled.rank) }), down: scaled.down)
      .compacted
  }

  /// The single numbers that LyCORIS' extraction adds to a product, as a matrix.
  ///
  /// `bias_indices` `[dimensions, n]` are their places in a tensor of the shape `bias_size`, `bias_values` the numbers.
  /// Loaders multiply them by the scale too.
  private func sparsePart(of module: AdapterModule) throws -> Matrix {
    func failure(_ detail: String) -> AdapterError {
      AdapterError(
        path: file.path, rule: .shape, key: module.tensors[.biasIndices]?.name ?? module.stem, detail: detail)
    }
    let (places, values) = (try numbers(module, .biasIndices), try numbers(module, .biasValues))
    let shape = try numbers(module, .biasSize)
    var result = Matrix(rows: module.outputs, columns: module.inputs)
    guard places.count == values.count * shape.count, shape.reduce(1, *) == Double(module.outputs * module.inputs)
    else {
      throw failure(
        "\(places.count) indices and \(values.count) values do not fit a tensor of \(shape)")
    }
    for (n, value) in values.enumerated() {
      var place = 0.0
      for (dimension, size) in shape.enumerated() {
        let index = places[dimension * values.count + n]
        guard index >= 0, index < size else { throw failure("the index \(index) is outside of 0..<\(size)") }
        place = place * size + index
      }
      result[Int(place) / module.inputs, Int(place) % module.inputs] += value
    }
    return result
  }

  private func kronecker(_ module: AdapterModule, tensor: (TensorRole) throws -> Matrix) throws -> LowRank {
    let w1: LowRank =
      module.tensors[.lokrW1] != nil
      ? .whole(try tensor(.lokrW1)) : LowRank(up: try tensor(.lokrW1A), down: try tensor(.lokrW1B))
    let w2: LowRank
    if module.tensors[.lokrW2] != nil {
      w2 = .whole(try tensor(.lokrW2))
    } else if module.tensors[.lokrT2] != nil {
      w2 = LowRank(
        up: try tensor(.lokrW2A).transposed, down: Tucker.expanded(try tensor(.lokrT2), try tensor(.lokrW2B)))
    } else {
      w2 = LowRank(up: try tensor(.lokrW2A), down: try tensor(.lokrW2B))
    }
    return Kronecker.product(w1, w2)
  }
}

extension LowRank {
  /// A whole matrix as a product with the smaller identity.
  static func whole(_ matrix: Matrix) -> LowRank {
    matrix.rows <= matrix.columns
      ? LowRank(up: .identity(matrix.rows), down: matrix) : LowRank(up: matrix, down: .identity(matrix.columns))
  }
}
