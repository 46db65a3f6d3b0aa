import Adapters
import LinearAlgebra

/// Idea: the exact sum, then the closest matrix of the wanted rank (Eckart–Young).
///
/// Formula: with `B = [w₁ s₁ U₁ …]` and `A = [D₁; …]`: thin QR of `B` and of `Aᵀ`, SVD of the `Σr × Σr` core
/// `R_B R_Aᵀ = P Σ Qᵀ`; `up = Q_B P_k √Σ_k`, `down = √Σ_k Q_kᵀ Q_Aᵀ`; `alpha = k`.
/// The discarded energy is exactly `Σ_{i>k} σᵢ²`.
///
/// Inputs: any variants with exact factors, of any ranks.
///
/// Edge cases: a wanted rank beyond `Σr`, `out` or `in` is lowered to it, and then nothing is discarded.
///
/// Source: the SVD of sd-scripts `svd_merge_lora.py` without its clamp and without the dense matrix; PEFT's `svd`.
enum TruncatedSum {
  static func factors(_ layer: MergePlan.Layer, _ recipe: MergeRecipe) throws -> MergedFactors {
    let sum = try ExactSum.of(layer, recipe)
    let (product, discarded, total) = try sum.truncated(to: layer.rank)
    return MergedFactors(product, rank: layer.rank, energy: total, discarded: discarded)
  }
}
