import Adapters
import LinearAlgebra
import SafeTensors

/// What a layer adds to a tensor, in single precision: factors, or the whole matrix where it is stored or known as one.
enum SingleChange {
  case product(SingleProduct, scale: Double)
  /// `[out, in]`; a vector has one column.
  case whole([Float], columns: Int)

  /// Reads a change's numbers.
  /// - Throws: `AdapterError`, `SafeTensorsError` or `LinearAlgebraError`.
  init(_ edit: TensorEdit, in adapter: Adapter) throws {
    let module = edit.module
    if case .vector(let role) = edit.kind {
      self = .whole(try module.tensors[role].map { try adapter.file.floats(of: $0) } ?? [], columns: 1)
      return
    }
    let plain =
      module.isPair || (module.variant == .dora && module.tensors[.up] != nil && module.tensors[.mid] == nil)
    if plain, let up = module.tensors[.up], let down = module.tensors[.down], module.rank > 0 {
      self = .product(
        SingleProduct(
          up: try adapter.file.floats(of: up), down: try adapter.file.floats(of: down), rank: module.rank),
        scale: module.scale)
      return
    }
    let factors = try adapter.deltaFactors(of: module)
    if factors.rank == factors.outputs, factors.up == .identity(factors.rank) {
      self = .whole(factors.down.elements.map(Float.init), columns: factors.inputs)
    } else if factors.rank == factors.inputs, factors.down == .identity(factors.rank) {
      self = .whole(factors.up.elements.map(Float.init), columns: factors.inputs)
    } else {
      self = .product(
        SingleProduct(
          up: factors.up.elements.map(Float.init), down: factors.down.elements.map(Float.init), rank: factors.rank),
        scale: 1)
    }
  }

  /// Adds rows `part` of the change to a row-major matrix of the same width, from row `firstRow` on.
  func add(to target: inout [Float], firstRow: Int, part: Range<Int>, strength: Double) {
    switch self {
    case .product(let product, let scale):
      product.add(to: &target, firstRow: firstRow, part: part, scale: Float(strength * scale))
    case .whole(let matrix, let columns):
      let shift = (firstRow - part.lowerBound) * columns
      for i in part.lowerBound * columns..<min(part.upperBound * columns, matrix.count) {
        target[shift + i] += Float(strength) * matrix[i]
      }
    }
  }
}
