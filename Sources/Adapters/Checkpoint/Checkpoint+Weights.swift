public import LinearAlgebra
import SafeTensors

extension CheckpointPlace {
  /// The layer's shape; nil for a tensor that is no weight of a layer.
  public var geometry: LayerGeometry? {
    guard rows != nil, tensor.shape.count >= 2, outputs > 0, inputs > 0 else { return nil }
    return LayerGeometry(outputs: outputs, channels: inputs / kernel.reduce(1, *), kernel: kernel)
  }
}

extension Checkpoint {
  /// A layer's weight, `[out, in · kernel]`, whatever it is stored as.
  /// - Throws: `SafeTensorsError`; ``AdapterError`` with rule `base` where weights are stored in units of a scale beside
  ///   them.
  public func weight(at place: CheckpointPlace) throws -> Matrix {
    let file = files[place.file].file
    if let scale = files[place.file].scaledTensor {
      throw AdapterError(
        path: file.path, rule: .base,
        detail: "stores its weights in scaled FP8 (\(scale)); give the F16 or BF16 version as base")
    }
    guard let rows = place.rows else {
      throw AdapterError(
        path: file.path, rule: .base, key: place.tensor.name,
        detail: "\(place.tensor.shape) has no three equal parts for query, key and value")
    }
    let values = try file.readDoubles(place.tensor)
    let columns = place.columns
    let own = Matrix(
      rows: rows.count, columns: columns,
      elements: rows.count * columns == values.count
        ? values : Array(values[rows.lowerBound * columns..<rows.upperBound * columns]))
    return place.isTransposed ? own.transposed : own
  }
}

extension Checkpoint.File {
  /// The tensor by which a file tells that its weights are stored in units of a scale beside them; nil where they are
  /// plain.
  package var scaledTensor: String? {
    file.header.tensors.first { $0.name == "scaled_fp8" || $0.name.hasSuffix(".scale_weight") }?.name
  }
}
