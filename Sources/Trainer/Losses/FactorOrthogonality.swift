public import Torch

/// Characters' LoRAs act in different directions: an ablation, off unless asked for.
///
/// Over pairs i < j of adapters of a layer, `D` down `[rank, in]` and `U` up `[out, rank]`, summed and computed from small
/// Gram matrices. arXiv 2510.03262 found that orthogonal factors alone do not keep meanings apart.
public struct FactorOrthogonality: Sendable, Hashable {
  /// What must not overlap.
  public enum Measure: String, Sendable, Hashable, CaseIterable {
    /// `‖Dᵢ Dⱼᵀ‖²`, what they read (O-LoRA, arXiv 2310.14152).
    case inputs
    /// `‖Uᵢᵀ Uⱼ‖²`, what they write.
    case outputs
    /// `⟨UᵢDᵢ, UⱼDⱼ⟩² = (Σ (UᵢᵀUⱼ)∘(DᵢDⱼᵀ))²`, the changes themselves.
    case changes
  }

  /// What is measured.
  public let measure: Measure

  /// Makes a loss.
  public init(_ measure: Measure = .inputs) { self.measure = measure }

  /// The loss of a layer, one number; 0 with fewer than two adapters.
  /// - Parameter adapters: the factors in F32, one pair for each character; convolutions' as they are.
  public func loss(_ adapters: [MaximumNorm.Factors]) throws(TorchError) -> Tensor {
    var total = try Tensor.zeros([], on: adapters.first?.down.device ?? .cpu)
    for (index, first) in adapters.enumerated() {
      for second in adapters.dropFirst(index + 1) { total = try total + overlap(first, second) }
    }
    return total
  }

  private func overlap(_ i: MaximumNorm.Factors, _ j: MaximumNorm.Factors) throws(TorchError) -> Tensor {
    func inputs() throws(TorchError) -> Tensor {
      let (own, other) = (try i.down.reshaped(i.down.size(0), -1), try j.down.reshaped(j.down.size(0), -1))
      return try own.matrixProduct(other.transposed())
    }
    func outputs() throws(TorchError) -> Tensor {
      let (own, other) = (try i.up.reshaped(-1, i.down.size(0)), try j.up.reshaped(-1, j.down.size(0)))
      return try own.transposed().matrixProduct(other)
    }
    switch measure {
    case .inputs: return try inputs().power(2).sum()
    case .outputs: return try outputs().power(2).sum()
    case .changes: return try ((outputs() * inputs()).sum() * (i.scale * j.scale)).power(2)
    }
  }
}
