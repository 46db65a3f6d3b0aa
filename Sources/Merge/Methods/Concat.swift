import Adapters
import SafeTensors

/// Idea: a sum of products is one product of stacked factors, so nothing needs to be approximated.
///
/// Formula: `up = [c₁ U₁ … c_N U_N]`, `[out, Σr]`; `down = [D₁; …; D_N]`, `[Σr, in]`;
/// `alpha = Σr · maxᵢ |wᵢ sᵢ|`; `cᵢ = wᵢ sᵢ · Σr / alpha`, with strength `wᵢ` and scale `sᵢ = alphaᵢ / rᵢ`.
///
/// Inputs: any variants with exact factors, of any ranks.
///
/// Edge cases: a source of strength 0 keeps its ranks as zeros; the strongest source's numbers are copied
/// unchanged; where the dialect has no alpha, `cᵢ = wᵢ sᵢ`.
///
/// Source: PEFT `add_weighted_adapter(combination_type="cat")`, which puts the weight into `A` instead.
enum Concat {
  /// What a part's stored factors are multiplied by in the sum: strength times scale.
  static func weight(_ part: (source: Int, module: AdapterModule), _ recipe: MergeRecipe) -> Double {
    // Factors of other variants come with their scale folded in.
    recipe.sources[part.source].strength(at: part.module.path) * recipe.lambda
      * (part.module.isPair ? part.module.scale : 1)
  }

  static func factors(_ layer: MergePlan.Layer, _ recipe: MergeRecipe, dtype: DType) throws -> MergedFactors {
    let coefficient = { weight($0, recipe) * Double(layer.rank) / layer.alpha }
    if let bytes = try StackedBytes.of(layer, recipe, dtype: dtype, weight: coefficient) {
      return MergedFactors(up: .bytes(bytes.up), down: .bytes(bytes.down), energy: 0, discarded: 0)
    }
    var up = [Float](repeating: 0, count: layer.outputs * layer.rank)
    var down = [Float](repeating: 0, count: layer.rank * layer.inputs)
    try Stacking.fill(layer, recipe, rank: layer.rank, up: &up, down: &down, weight: coefficient)
    return MergedFactors(up: .values(up), down: .values(down), energy: 0, discarded: 0)
  }
}
