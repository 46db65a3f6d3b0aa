import LinearAlgebra

/// Idea: bring all LoRAs into one set of output directions, and let them vote there on what they read.
///
/// Formula: `[M₁ … M_N] = U Σ [V₁ᵀ … V_Nᵀ]`; `Tᵢ = Σ Vᵢᵀ Q_A`, `[k, in]`; `ΔW = Q_B U · ties(T₁ … T_N)`.
///
/// Inputs: any number of LoRAs of any ranks; density and sign election as of ties.
///
/// Edge cases: as of ties. The result leaves the span of what the inputs read, so it is not a core; its rank is at most
/// that of all outputs together.
///
/// Source: Stoica et al., ICLR 2025 (KnOTS), with the singular values on the side that is voted on.
public struct KnotsTies: LayerMethod {
  /// The name on the command line.
  public static let name = "knots-ties"
  /// The share of elements that stay, above 0 and at most 1.
  public var density: Double
  /// How signs are elected.
  public var election: SignElection

  /// Creates the method.
  public init(density: Double = 0.5, election: SignElection = .total) {
    self.density = density
    self.election = election
  }

  /// The parameters with their values.
  public var parameters: [MethodParameter] {
    [MethodParameter("density", density), MethodParameter("sign", election.rawValue)]
  }

  /// What is wrong with the parameters or the number of sources; nil when nothing is.
  public func problem(sources: Int) -> String? { Merge.problem(density: density) }

  /// Merges a layer.
  public func merged(_ layer: CoreLayer) throws -> MergedProduct {
    let svd = try Matrix.beside(layer.cores).compactSVD()
    let k = svd.values.count
    let scaled = svd.vt.scalingRows(by: svd.values)
    var first = 0
    let votes = layer.cores.map { core in
      defer { first += core.columns }
      return layer.inputs.lifted(scaled.block(rows: 0..<k, columns: first..<first + core.columns))
    }
    let merged = Ties(density: density, election: election).merged(votes, strengths: layer.strengths, uniform: [])
    return .product(LowRank(up: layer.outputs.lifted(svd.u), down: merged))
  }
}
