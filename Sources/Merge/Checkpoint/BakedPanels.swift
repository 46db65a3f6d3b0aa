import Adapters
import LinearAlgebra
import SafeTensors

/// The changes of a tensor whose rows can be computed a few at a time.
///
/// Read, widened, changed and rounded while the processor's cache holds them: a tensor of 26 MB would go to memory and
/// back at each of these steps, and its 52 MB of floats be cleared by the system first. DoRA along the inputs needs all
/// rows at once, and a transposed layer all columns; they are left to ``BakedTensor``, as is every change that depends on
/// the weight.
struct BakedPanels {
  /// Floats of a panel: half of an L2 cache of 1 MB.
  private static let size = 1 << 17

  private let columns: Int
  private let steps: [(rows: Range<Int>, change: SingleChange, strength: Double)]

  /// Reads the changes; nil where the tensor cannot be computed so.
  /// - Throws: `AdapterError`, `SafeTensorsError` or `LinearAlgebraError`.
  init?(_ tensor: TensorInfo, edits: [TensorEdit], recipe: BakeRecipe) throws {
    let columns = edits.first?.place.columns ?? 1
    guard columns > 0, tensor.count % columns == 0 else { return nil }
    for edit in edits {
      guard edit.place.columns == columns else { return nil }
      if case .biasFactors = edit.kind { return nil }
      guard edit.kind == .matrix else { continue }
      guard !edit.place.isTransposed, !edit.module.variant.needsBase else { return nil }
    }
    self.columns = columns
    steps = try edits.compactMap { edit in
      let source = recipe.sources[edit.source]
      guard let rows = edit.place.rows else { return nil }
      return (rows, try SingleChange(edit, in: source.adapter), source.strength * edit.vectorScale)
    }
  }

  /// The bytes of the changed tensor, and how many of its values are NaN or infinite.
  /// - Throws: `SafeTensorsError`.
  func bytes(
    _ tensor: TensorInfo, in file: SafeTensorsFile, dtype: DType, policy: OverflowPolicy
  ) throws(SafeTensorsError) -> (bytes: [UInt8], nonFinite: Int) {
    let height = max(1, Self.size / columns)
    return try dtype.narrowed(
      count: tensor.count, panels: height * columns, policy: policy
    ) { values, panel throws(SafeTensorsError) in
      try file.readFloats(tensor, elements: values, into: &panel)
      let part = values.lowerBound / columns..<values.upperBound / columns
      for step in steps {
        let (common, start) = (part.clamped(to: step.rows), step.rows.lowerBound)
        guard !common.isEmpty else { continue }
        step.change.add(
          to: &panel, firstRow: common.lowerBound - part.lowerBound,
          part: common.lowerBound - start..<common.upperBound - start, strength: step.strength)
      }
    }
  }
}
