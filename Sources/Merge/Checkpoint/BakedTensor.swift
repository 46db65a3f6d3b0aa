import Adapters
import LinearAlgebra
import SafeTensors

/// Computes the new values of one tensor: widened once, changed by every LoRA in turn, rounded once.
///
/// In single precision, whose error of 1e-7 of the change is far below the rounding of the formats weights are kept in;
/// ``ExactTensor`` is the same in double precision, made another way, to check it by.
enum BakedTensor {
  /// The bytes of the tensor after all changes.
  /// - Throws: ``MergeError`` with rule `overflow`; `SafeTensorsError`, `AdapterError` or `LinearAlgebraError`.
  static func bytes(
    _ tensor: TensorInfo, in file: SafeTensorsFile, edits: [TensorEdit], dtype: DType, recipe: BakeRecipe
  ) throws -> [UInt8] {
    var values = try file.readFloats(tensor)
    for edit in edits { try apply(edit, to: &values, recipe) }
    let (bytes, bad) = dtype.narrowed(values, policy: recipe.overflow)
    guard bad > 0 else { return bytes }
    let before = try file.readFloats(tensor).count { !$0.isFinite }
    if edits.isEmpty, before == bad { return bytes }
    for edit in edits {
      if let error = recipe.sources[edit.source].adapter.nonFiniteError(in: edit.module) { throw error }
    }
    if before > 0 {
      throw SafeTensorsError(
        path: file.path, rule: .nonFinite, tensor: tensor.name,
        detail: "\(before) of \(values.count) values are NaN or infinite; the base model is damaged, fetch it again")
    }
    throw MergeError(
      path: tensor.name, rule: .overflow,
      detail:
        "\(bad) values are too large for \(dtype.rawValue); write F32 or BF16 with --dtype, or allow clamping with --saturate"
    )
  }

  private static func apply(_ edit: TensorEdit, to values: inout [Float], _ recipe: BakeRecipe) throws {
    let (adapter, strength) = (recipe.sources[edit.source].adapter, recipe.sources[edit.source].strength)
    guard let rows = edit.place.rows else { return }
    if case .vector(let role) = edit.kind {
      guard let tensor = edit.module.tensors[role] else { return }
      for (i, change) in try adapter.file.floats(of: tensor).enumerated() {
        values[rows.lowerBound + i] += Float(strength) * change
      }
      return
    }
    let change = try Change(edit.module, adapter)
    let channels = edit.module.inputs / max(1, edit.place.kernel.reduce(1, *))
    let magnitudes = try adapter.magnitudes(of: edit.module, channels: channels)
    if magnitudes == nil, !edit.place.isTransposed {
      change.add(to: &values, firstRow: rows.lowerBound, strength: strength)
      return
    }
    // The layer as [out, in], whatever it is stored as.
    let (outputs, inputs) = (edit.place.outputs, edit.place.inputs)
    let range = rows.lowerBound * edit.place.columns..<rows.upperBound * edit.place.columns
    var weight = Array(values[range])
    if edit.place.isTransposed { weight = transposed(weight, rows: inputs, columns: outputs) }
    change.add(to: &weight, firstRow: 0, strength: strength)
    if let magnitudes {
      DoRA.renormalise(
        &weight, outputs: outputs, channels: channels, magnitudes: magnitudes.values, axis: magnitudes.axis,
        strength: strength)
    }
    if edit.place.isTransposed { weight = transposed(weight, rows: outputs, columns: inputs) }
    values.replaceSubrange(range, with: weight)
  }

  private static func transposed(_ values: [Float], rows: Int, columns: Int) -> [Float] {
    var result = [Float](repeating: 0, count: values.count)
    for i in 0..<rows {
      for j in 0..<columns { result[j * rows + i] = values[i * columns + j] }
    }
    return result
  }
}

/// A layer's ΔW in single precision: factors, or the whole matrix where it is stored or known as one.
private enum Change {
  case product(SingleProduct, scale: Double)
  /// `[out, in]`.
  case whole([Float], columns: Int)

  init(_ module: AdapterModule, _ adapter: Adapter) throws {
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

  func add(to target: inout [Float], firstRow: Int, strength: Double) {
    switch self {
    case .product(let product, let scale):
      product.add(to: &target, firstRow: firstRow, scale: Float(strength * scale))
    case .whole(let matrix, let columns):
      let start = firstRow * columns
      for i in matrix.indices { target[start + i] += Float(strength) * matrix[i] }
    }
  }
}
