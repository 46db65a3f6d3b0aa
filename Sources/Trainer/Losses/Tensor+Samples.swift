internal import Torch

extension Tensor {
  private static let adaptivePool = Operator("aten::adaptive_avg_pool2d")

  /// The mean of each sample: `[batch, …] → [batch]` in F32.
  func sampleMeans() throws(TorchError) -> Tensor {
    try to(.f32).reshaped(size(0), -1).mean([1])
  }

  /// Maps of `[batch, channels, height, width]` brought to another size, each pixel the mean of what it covers.
  func areaResized(height: Int, width: Int) throws(TorchError) -> Tensor {
    try Self.adaptivePool(.tensor(self), .ints([height, width]))
  }

  /// One number for each sample, to be multiplied with `other`.
  static func perSample(_ values: [Double], like other: Tensor) throws(TorchError) -> Tensor {
    let shape = [values.count] + [Int](repeating: 1, count: max(other.dimensions - 1, 0))
    return try Tensor(values.map(Float.init), shape: shape).to(other.device)
  }
}
