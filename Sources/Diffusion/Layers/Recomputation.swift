/// What a pass computes again for its gradients instead of keeping it: time for memory.
///
/// For SDXL at 1024², batch 1, LoRA on all attention layers (`Benchmarks/engine-run` measures it).
public enum Recomputation: String, Sendable, Hashable, CaseIterable, Comparable {
  /// All activations are kept.
  case nothing
  /// Feed-forward layers and residual blocks are computed again: they hold most and cost least.
  case light
  /// Attention too.
  case everything

  /// By how much is computed again.
  public static func < (a: Recomputation, b: Recomputation) -> Bool {
    (allCases.firstIndex(of: a) ?? 0) < (allCases.firstIndex(of: b) ?? 0)
  }
}
