import Adapters
import LinearAlgebra
import SafeTensors

/// Computes the new values of one tensor: widened once, changed by every LoRA in turn, rounded once.
///
/// In panels of rows (``BakedPanels``) where a row's new values need no other row, else the whole tensor at once.
///
/// In single precision, whose error of 1e-7 of the change is far below the rounding of the formats weights are kept in;
/// ``ExactTensor`` is the same in double precision, made another way, to check it by. Rotations and other changes of the
/// weight itself are computed in double precision here too.
enum BakedTensor {
  /// The bytes of the tensor after all changes.
  /// - Throws: ``MergeError`` with rule `overflow`; `SafeTensorsError`, `AdapterError` or `LinearAlgebraError`.
  static func bytes(
    _ tensor: TensorInfo, in file: SafeTensorsFile, edits: [TensorEdit], dtype: DType, recipe: BakeRecipe
  ) throws -> [UInt8] {
    let bytes: [UInt8]
    let bad: Int
    if let panels = try BakedPanels(tensor, edits: edits, recipe: recipe) {
      (bytes, bad) = try panels.bytes(tensor, in: file, dtype: dtype, policy: recipe.overflow)
    } else {
      var values = try file.readFloats(tensor)
      for edit in edits { try apply(edit, to: &values, recipe) }
      (bytes, bad) = dtype.narrowed(values, policy: recipe.overflow)
    }
    guard bad > 0 else { return bytes }
    let before = try file.readFloats(tensor).count { !$0.isFinite }
    if edits.isEmpty, before == bad { return bytes }
    for edit in edits {
      if let error = try recipe.sources[edit.source].adapter.nonFiniteError(in: edit.module) { throw error }
    }
    if before > 0 {
      throw SafeTensorsError(
        path: file.path, rule: .nonFinite, tensor: tensor.name,
        detail: "\(before) of \(tensor.count) values are NaN or infinite; the base model is damaged, fetch it again")
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
    let columns = edit.place.columns
    if edit.rewritesWeight {
      let stored = rows.lowerBound * columns..<rows.upperBound * columns
      let weight = Matrix(rows: rows.count, columns: columns, elements: values[stored].map(Double.init))
      values.replaceSubrange(
        stored, with: try edit.rewritten(weight, by: adapter, strength: strength).elements.map(Float.init))
      return
    }
    if case .biasFactors(let role) = edit.kind {
      guard let tensor = edit.module.tensors[role] else { return }
      for (i, factor) in zip(rows, try adapter.file.floats(of: tensor)) {
        values[i] *= 1 + Float(strength) * (factor - 1)
      }
      return
    }
    let change = try SingleChange(edit, in: adapter)
    let channels = edit.module.inputs / max(1, edit.place.kernel.reduce(1, *))
    let magnitudes = try adapter.magnitudes(of: edit.module, channels: channels)
    // The layer as [out, in], whatever it is stored as.
    let (outputs, inputs) = (edit.place.outputs, edit.place.inputs)
    let range = rows.lowerBound * columns..<rows.upperBound * columns
    var weight = Array(values[range])
    if edit.place.isTransposed { weight = transposed(weight, rows: inputs, columns: outputs) }
    change.add(to: &weight, firstRow: 0, part: 0..<outputs, strength: strength * edit.vectorScale)
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
