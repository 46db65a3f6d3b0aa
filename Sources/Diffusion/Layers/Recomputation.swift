/// What a pass computes again for its gradients instead of keeping it: time for memory.
///
/// Of a step of SDXL at 1024², batch 1, LoRA on all attention layers, on two cores: 60 s and 11.2 GB, 65 s and 8.4 GB,
/// 70 s and 7.1 GB (`Benchmarks/engine-run`).
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
