import Adapters
import LinearAlgebra
import SafeTensors

/// The same change in double precision, by the definitions and with the whole ΔW, to measure what was written by.
enum ExactTensor {
  /// The tensor after all changes, in the order of its elements.
  static func values(
    _ tensor: TensorInfo, in file: SafeTensorsFile, edits: [TensorEdit], recipe: BakeRecipe
  ) throws -> (before: [Double], after: [Double]) {
    let before = try file.readDoubles(tensor)
    var values = before
    for edit in edits {
      let (adapter, strength) = (recipe.sources[edit.source].adapter, recipe.sources[edit.source].strength)
      guard let rows = edit.place.rows else { continue }
      if case .vector(let role) = edit.kind {
        guard let tensor = edit.module.tensors[role] else { continue }
        for (i, change) in try adapter.file.doubles(of: tensor).enumerated() {
          values[rows.lowerBound + i] += strength * edit.vectorScale * change
        }
        continue
      }
      if case .biasFactors(let role) = edit.kind {
        guard let tensor = edit.module.tensors[role] else { continue }
        for (i, factor) in zip(rows, try adapter.file.doubles(of: tensor)) { values[i] *= 1 + strength * (factor - 1) }
        continue
      }
      let columns = edit.place.columns
      let range = rows.lowerBound * columns..<rows.upperBound * columns
      let stored = Matrix(rows: rows.count, columns: columns, elements: Array(values[range]))
      if edit.rewritesWeight {
        values.replaceSubrange(range, with: try edit.rewritten(stored, by: adapter, strength: strength).elements)
        continue
      }
      let delta = try adapter.deltaFactors(of: edit.module).dense.scaled(by: strength)
      var weight = ((edit.place.isTransposed ? stored.transposed : stored) + delta).elements
      let channels = edit.module.inputs / max(1, edit.place.kernel.reduce(1, *))
      if let (lengths, axis) = try adapter.magnitudes(of: edit.module, channels: channels) {
        DoRA.renormalise(
          &weight, outputs: edit.place.outputs, channels: channels, magnitudes: lengths, axis: axis, strength: strength)
      }
      let result = Matrix(rows: edit.place.outputs, columns: edit.place.inputs, elements: weight)
      values.replaceSubrange(range, with: (edit.place.isTransposed ? result.transposed : result).elements)
    }
    return (before, values)
  }
}

/// Compares a written checkpoint with the exact result.
enum BakeVerification {
  /// The squared norms of one tensor: of what is stored beside the exact result, of that result, and of the change.
  struct Measure: Sendable {
    var tensor: String
    var residual: Double
    var exact: Double
    var change: Double
  }

  /// Reads every changed tensor of a written file again.
  /// - Throws: `SafeTensorsError` when the written file cannot be read, and what the computation throws.
  static func measures(
    _ plan: BakeFile, written path: String, recipe: BakeRecipe, workers: Int
  ) async throws -> [Measure] {
    let written = try SafeTensorsFile(path: path)
    let base = plan.base.file
    let changed = base.header.tensors.filter { plan.edits[$0.name] != nil }
    return try await ParallelMap.run(count: changed.count, width: workers, scratch: {}) { index, _ in
      let tensor = changed[index]
      guard let stored = written[tensor.name], stored.shape == tensor.shape else {
        throw MergeError(
          path: path, rule: .verification, detail: "lacks \(tensor.name), which was written; check the disk")
      }
      let (before, exact) = try ExactTensor.values(
        tensor, in: base, edits: plan.edits[tensor.name] ?? [], recipe: recipe)
      let values = try written.readDoubles(stored)
      func row(_ elements: [Double]) -> Matrix { Matrix(rows: 1, columns: elements.count, elements: elements) }
      let result = row(exact)
      return Measure(
        tensor: tensor.name, residual: (row(values) - result).squaredNorm, exact: result.squaredNorm,
        change: (result - row(before)).squaredNorm)
    }
  }
}
