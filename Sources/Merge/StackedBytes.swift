import Adapters
import SafeTensors

/// The stacked factors of a layer as the bytes that are stored, made without widening what is only copied.
///
/// Gives the same bytes as ``Stacking`` followed by rounding, in half the time: down factors and the up factor of
/// the strongest source are copies.
enum StackedBytes {
  /// The bytes of both factors; nil where they are not plain factors in the result's format, or where a value is not
  /// finite, which the general way then reports.
  static func of(
    _ layer: MergePlan.Layer, _ recipe: MergeRecipe, dtype: DType,
    weight: ((source: Int, module: AdapterModule)) -> Double
  ) throws -> (up: [UInt8], down: [UInt8])? {
    let size = dtype.bitWidth / 8
    let parts = layer.parts.compactMap { part -> Part? in
      guard part.module.isPair, let up = part.module.tensors[.up], let down = part.module.tensors[.down],
        up.dtype == dtype, down.dtype == dtype
      else { return nil }
      let file = recipe.sources[part.source].adapter.file
      return Part(file: file, up: up, down: down, rank: part.module.rank, weight: weight(part))
    }
    guard parts.count == layer.parts.count, parts.reduce(0, { $0 + $1.rank }) == layer.rank else { return nil }
    var up = zeros(layer.outputs * layer.rank * size)
    var down = zeros(layer.rank * layer.inputs * size)
    var column = 0
    for part in parts {
      guard try part.file.nonFiniteCount(of: part.down) == 0 else { return nil }
      try part.file.copyRows(
        part.down, rows: part.rank, into: &down, offset: column * layer.inputs * size, stride: layer.inputs * size)
      if part.weight == 1 {
        guard try part.file.nonFiniteCount(of: part.up) == 0 else { return nil }
        try part.file.copyRows(
          part.up, rows: layer.outputs, into: &up, offset: column * size, stride: layer.rank * size)
      } else {
        let (bytes, bad) = dtype.narrowed(
          try part.file.floats(of: part.up), scale: Float(part.weight), policy: recipe.overflow)
        guard bad == 0 else { return nil }
        SafeTensors.copyRows(
          bytes, rows: layer.outputs, into: &up, offset: column * size, stride: layer.rank * size)
      }
      column += part.rank
    }
    return (up, down)
  }

  private static func zeros(_ count: Int) -> [UInt8] { Array(repeating: 0, count: count) }

  private struct Part {
    var file: SafeTensorsFile
    var up: TensorInfo
    var down: TensorInfo
    var rank: Int
    var weight: Double
  }
}
