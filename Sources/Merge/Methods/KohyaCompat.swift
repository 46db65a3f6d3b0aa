import LinearAlgebra

/// Idea: none; this reproduces files of sd-scripts' `merge_lora.py`, which adds the factors instead of the products.
///
/// Formula: `ΔW = (Σ |wᵢ| √sᵢ Uᵢ)(Σ wᵢ √sᵢ Dᵢ)`. Each LoRA's own part comes out at `wᵢ |wᵢ|` instead of `wᵢ`, and for N
/// unaligned LoRAs the share (N-1)/N of the energy is cross terms `Uᵢ Dⱼ`, which belong to nobody.
///
/// Inputs: LoRAs of one rank per layer, with positive alphas.
///
/// Edge cases: a layer that only one trains is taken at `w |w|`.
///
/// Source: `networks/merge_lora.py` and `sdxl_merge_lora.py` of kohya-ss/sd-scripts.
public struct KohyaCompat: LayerMethod {
  /// The name on the command line.
  public static let name = "kohya-compat"

  /// Creates the method.
  public init() {}

  /// An upper bound of the rank of the result.
  public func rankBound(_ ranks: [Int]) -> Int { ranks.max() ?? 0 }

  /// Merges a layer.
  public func merged(_ layer: CoreLayer) throws -> MergedProduct {
    let rank = layer.ranks[0]
    guard layer.ranks.allSatisfy({ $0 == rank }) else {
      throw LayerMethodError("kohya-compat adds factors, which needs one rank per layer; the ranks are \(layer.ranks)")
    }
    guard layer.scales.allSatisfy({ $0 > 0 }) else {
      throw LayerMethodError("kohya-compat takes the root of alpha, which must be above 0")
    }
    var up = Matrix(rows: layer.up.rows, columns: rank)
    var down = Matrix(rows: rank, columns: layer.down.columns)
    for (index, strength) in layer.strengths.enumerated() {
      let part = index * rank..<(index + 1) * rank
      let root = layer.scales[index].squareRoot()
      // `up` holds the scale already.
      up = up + layer.up.block(rows: 0..<up.rows, columns: part).scaled(by: abs(strength) / root)
      down = down + layer.down.block(rows: part, columns: 0..<down.columns).scaled(by: strength * root)
    }
    return .product(LowRank(up: up, down: down))
  }
}
