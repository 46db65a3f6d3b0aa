import LinearAlgebra

/// Idea: the strongest LoRA stays as it is; each weaker one gives up what the stronger ones already listen to.
///
/// Formula: in falling order of `‖wᵢMᵢ‖`: `M ← M + wᵢMᵢ (I - V Vᵀ)`, then `V ← orth[V, Vᵢ]`, `Vᵢ` the row space of Mᵢ.
///
/// Inputs: any number of LoRAs of any ranks.
///
/// Edge cases: equal energies go in the order of the files; a LoRA whose rows all lie in those of stronger ones is lost,
/// which is so for LoRAs of a shared start: use np with a soft μ there.
///
/// Source: Gram–Schmidt between row spaces, as in the hard projection of NP-LoRA 2025, for more than two.
public struct Orthogonalise: LayerMethod {
  /// The name on the command line.
  public static let name = "orthogonalise"

  /// Creates the method.
  public init() {}

  /// Merges a layer.
  public func merged(_ layer: CoreLayer) throws -> MergedProduct {
    let weighted = layer.weighted
    let energies = weighted.map(\.squaredNorm)
    let order = energies.indices.sorted { (energies[$0], $1) > (energies[$1], $0) }
    var taken = Matrix(rows: 0, columns: layer.inputs.count)
    var result = Matrix(rows: layer.outputs.count, columns: layer.inputs.count)
    for index in order {
      result = result + (taken.rows > 0 ? weighted[index].removing(rowSpace: taken) : weighted[index])
      let rows = try layer.cores[index].compactSVD().vt
      let fresh = taken.rows > 0 ? rows.removing(rowSpace: taken) : rows
      // Directions that were taken already are left over as rounding only.
      taken = .stacked([taken, try fresh.rowsAbove(1e-8)])
    }
    return .core(result)
  }
}

extension Matrix {
  /// An orthonormal basis of the rows, without directions of a singular value up to `floor`.
  fileprivate func rowsAbove(_ floor: Double) throws(LinearAlgebraError) -> Matrix {
    let svd = try svd()
    return svd.vt.firstRows(svd.values.prefix { $0 > floor }.count)
  }
}
