import LinearAlgebra

/// Idea: as iso-c, but part of the directions is reserved for what each LoRA has of its own.
///
/// Formula: with k the rank of `S = Σ wᵢ Mᵢ`: the first `c = ⌊common · k⌋` triplets of S, and for each LoRA the first
/// `⌊(k - c) / N⌋` triplets of `wᵢMᵢ - U_c U_cᵀ wᵢMᵢ`; `U = [U_c U₁ … U_N]`, `V` alike, both made orthogonal by their polar
/// factors; `M = mean(σ) polar(U) polar(V)ᵀ` over all values taken.
///
/// Inputs: any number of LoRAs; `common` from 0 to 1.
///
/// Edge cases: common = 1 is iso-c; what does not divide by N is left to the common part; a zero sum stays zero.
///
/// Source: Marczak et al., ICML 2025 (Iso-CTS), restricted to the rank of the sum.
public struct IsoCts: LayerMethod {
  /// The name on the command line.
  public static let name = "iso-cts"
  /// The share of directions that is common to all.
  public var common: Double

  /// Creates the method.
  public init(common: Double = 0.8) { self.common = common }

  /// The parameters with their values.
  public var parameters: [MethodParameter] { [MethodParameter("common", common)] }

  /// What is wrong with the parameters or the number of sources; nil when nothing is.
  public func problem(sources: Int) -> String? {
    (0...1).contains(common) ? nil : "common is \(common), but lies between 0 and 1"
  }

  /// Merges a layer.
  public func merged(_ layer: CoreLayer) throws -> MergedProduct {
    let sum = try layer.sum.compactSVD()
    let k = sum.values.count
    guard k > 0 else { return .core(layer.sum) }
    let own = (k - Int(common * Double(k))) / layer.cores.count
    let shared = sum.leading(k - own * layer.cores.count)
    var parts = [shared]
    for core in layer.weighted where own > 0 {
      let rest = core - shared.u.times(shared.u.transposedTimes(core))
      let svd = try rest.compactSVD()
      parts.append(svd.leading(min(own, svd.values.count)))
    }
    let values = parts.flatMap(\.values)
    let mean = values.reduce(0, +) / Double(values.count)
    return .core(
      try Matrix.beside(parts.map(\.u)).polarFactor().scaled(by: mean)
        .times(try Matrix.stacked(parts.map(\.vt)).polarFactor()))
  }
}
