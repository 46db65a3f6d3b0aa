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
/// Source: `networks/merge_lora.py` and `sdxl_merge_lora.py` of kohya-ss/sd-scripts. PEFT's `linear` at weights `vᵢ` is
/// this at strengths `sign(vᵢ) √|vᵢ|`.
public struct KohyaCompat: LayerMethod {
  /// The name on the command line.
  public static let name = "kohya-compat"

  /// Creates the method.
  public init() {}

  /// An upper bound of the rank of the result.
  public func rankBound(_ ranks: [Int]) -> Int { ranks.max() ?? 0 }

  /// Merges a layer.
  public func merged(_ layer: CoreLayer) throws -> MergedProduct {
    let (ups, downs) = try layer.plainFactors(for: Self.name)
    guard layer.scales.allSatisfy({ $0 > 0 }) else {
      throw LayerMethodError("kohya-compat takes the root of alpha, which must be above 0")
    }
    var up = Matrix(rows: layer.up.rows, columns: layer.ranks[0])
    var down = Matrix(rows: layer.ranks[0], columns: layer.down.columns)
    for (index, strength) in layer.strengths.enumerated() {
      let root = layer.scales[index].squareRoot()
      up = up + ups[index].scaled(by: abs(strength) * root)
      down = down + downs[index].scaled(by: strength * root)
    }
    return .product(LowRank(up: up, down: down))
  }
}
