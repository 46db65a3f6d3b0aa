import LinearAlgebra

/// Idea: give every LoRA singular directions of its own, by turning all of them just enough to be orthogonal.
///
/// Formula: `wᵢ Mᵢ = Uᵢ Σᵢ Vᵢᵀ`, cut to `⌈keep · rᵢ⌉`; `U = [U₁ … U_N]`, `V` alike; `M = polar(U) Σ polar(V)ᵀ` with
/// `polar(X) = X (XᵀX)^-½`.
///
/// Inputs: any number of LoRAs of any ranks; `keep` above 0 and at most 1. LoRAs are so thin that all of them fit side by
/// side, so everything is kept by default; 1 / N is the published setting for full fine-tunings.
///
/// Edge cases: one LoRA alone is itself; directions that two share wholly cannot both stay, and the rank is less.
///
/// Source: Gargiulo et al., CVPR 2025 (Task Singular Vectors, TSV-M).
public struct Tsv: LayerMethod {
  /// The name on the command line.
  public static let name = "tsv"
  /// The share of each LoRA's singular directions that is kept.
  public var keep: Double

  /// Creates the method.
  public init(keep: Double = 1) { self.keep = keep }

  /// The parameters with their values.
  public var parameters: [MethodParameter] { [MethodParameter("keep", keep)] }

  /// An upper bound of the rank of the result.
  public func rankBound(_ ranks: [Int]) -> Int { ranks.reduce(0) { $0 + kept(of: $1) } }

  /// What is wrong with the parameters or the number of sources; nil when nothing is.
  public func problem(sources: Int) -> String? {
    keep > 0 && keep <= 1 ? nil : "keep is \(keep), but must be above 0 and at most 1"
  }

  private func kept(of rank: Int) -> Int { max(1, Int((keep * Double(rank)).rounded(.up))) }

  /// Merges a layer.
  public func merged(_ layer: CoreLayer) throws -> MergedProduct {
    let parts = try layer.weighted.map { core in
      let svd = try core.compactSVD()
      return svd.values.isEmpty ? svd : svd.leading(min(svd.values.count, kept(of: svd.values.count)))
    }
    let u = Matrix.beside(parts.map(\.u))
    let vt = Matrix.stacked(parts.map(\.vt))
    guard u.columns > 0 else { return .core(Matrix(rows: u.rows, columns: vt.columns)) }
    return .core(
      try u.polarFactor().scalingColumns(by: parts.flatMap(\.values)).times(try vt.polarFactor()))
  }
}
