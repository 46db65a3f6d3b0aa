public import Torch

/// Keeps what an adapter does to tokens other than the trigger small (after TARA, arXiv 2508.08812).
///
/// `mean |ΔK| + mean |ΔV|` over tokens that are not the trigger's, with ΔK and ΔV what the adapter adds to keys and values
/// of cross-attention. Only text embeddings are needed.
public enum TokenFocus {
  /// The loss of each sample, `[batch]`; 0 for a sample whose tokens are all the trigger's.
  /// - Parameters:
  ///   - changes: what the adapter adds in each layer, keys and values, each `[batch, tokens, width]`.
  ///   - trigger: `[batch, tokens]`, 1 at the trigger's tokens, 0 elsewhere.
  /// - Returns: the mean over keys, plus that over values, averaged over layers.
  public static func losses(_ changes: [(key: Tensor, value: Tensor)], trigger: Tensor) throws(TorchError) -> Tensor {
    guard let first = changes.first else {
      throw TorchError(.general, "token focus was given no layers of cross-attention")
    }
    let others = try 1 - trigger.to(first.key.device, .f32)
    let counts = try others.sum([1]).clamped(from: 1)
    func mean(_ change: Tensor) throws(TorchError) -> Tensor {
      try (change.to(.f32).absolute().mean([2]) * others).sum([1]) / counts
    }
    var total = try mean(first.key) + mean(first.value)
    for change in changes.dropFirst() { total = try total + mean(change.key) + mean(change.value) }
    return try total / Double(changes.count)
  }
}
