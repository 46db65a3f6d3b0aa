internal import Torch

/// What is left out of a LoRA while it trains, as sd-scripts: whole layers, ranks, single hidden values.
///
/// Every sample has its own numbers, which depend on its seed and the layer alone: a batch of other samples, another
/// process or a recomputation draws the same. (sd-scripts leaves a layer out for a whole batch.)
struct NetworkDropout: Sendable, Hashable {
  /// The share of hidden values that are zeroed; the others are scaled up.
  var values = 0.0
  /// The share of ranks that are left out; the others are scaled up.
  var ranks = 0.0
  /// The share of layers that are left out; the others are not scaled.
  var layers = 0.0

  /// Whether anything is left out.
  var isActive: Bool { values > 0 || ranks > 0 || layers > 0 }

  /// The hidden values `down(x)`, `[samples, …, rank]` or `[samples, rank, height, width]`, with what is left out zeroed.
  /// - Parameters:
  ///   - seeds: one for each row.
  ///   - layer: the layer's place in the network.
  func applied(to hidden: Tensor, seeds: [UInt64], layer: Int) throws(TorchError) -> Tensor {
    guard isActive else { return hidden }
    var masks: [Tensor] = []
    for seed in seeds {
      let generator = try Generator(seed: CounterRandom(seed: seed, 0x4452_4F50, UInt64(layer)).key)
      masks.append(try mask(of: hidden, generator))
    }
    return try hidden * Tensor.concatenated(masks).to(hidden.device, hidden.scalarType)
  }

  /// One row's factors, `[1, …]` in a shape that broadcasts.
  private func mask(of hidden: Tensor, _ generator: Generator) throws(TorchError) -> Tensor {
    let shape = hidden.shape
    let isPicture = shape.count == 4
    var mask = try Tensor.ones([1] + [Int](repeating: 1, count: shape.count - 1))
    if layers > 0 { mask = try mask * Self.kept(try Tensor.uniform(mask.shape, using: generator), share: layers) }
    if ranks > 0 {
      let rank = shape[isPicture ? 1 : shape.count - 1]
      let draws = try Tensor.uniform([rank], using: generator).reshaped(
        isPicture ? [1, rank, 1, 1] : mask.shape.dropLast() + [rank])
      mask = try mask * Self.kept(draws, share: ranks) / (1 - ranks)
    }
    if values > 0 {
      let draws = try Tensor.uniform([1] + shape.dropFirst(), using: generator)
      mask = try mask * Self.kept(draws, share: values) / (1 - values)
    }
    return mask
  }

  /// 0 where a draw falls below the share, else 1.
  private static func kept(_ draws: Tensor, share: Double) throws(TorchError) -> Tensor {
    try 1 - draws.isLess(than: share).to(.f32)
  }
}
