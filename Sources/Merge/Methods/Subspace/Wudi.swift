import LinearAlgebra

/// Idea: a LoRA's own rows tell which inputs it was trained on; disturb each as little as possible where it listens.
///
/// Formula: `argmin_M Σ ‖(M - wᵢMᵢ) Mᵢᵀ‖² / ‖Mᵢ‖² = (Σ wᵢ Mᵢ Pᵢ)(Σ Pᵢ + ε I)⁻¹` with `Pᵢ = MᵢᵀMᵢ / ‖Mᵢ‖²` and
/// `ε = ridge · tr(Σ Pᵢ) / q`.
///
/// Inputs: any number of LoRAs of any ranks; `ridge` above 0.
///
/// Edge cases: zero LoRAs are left out; one alone is itself but for the ridge.
///
/// Source: WUDI-Merging 2025 (the objective), ACE, CVPR 2026 (its closed form).
public struct Wudi: LayerMethod {
  /// The name on the command line.
  public static let name = "wudi"
  /// ε as a part of the mean eigenvalue.
  public var ridge: Double

  /// Creates the method.
  public init(ridge: Double = 1e-6) { self.ridge = ridge }

  /// The parameters with their values.
  public var parameters: [MethodParameter] { [MethodParameter("ridge", ridge)] }

  /// What is wrong with the parameters or the number of sources; nil when nothing is.
  public func problem(sources: Int) -> String? {
    ridge > 0 && ridge.isFinite ? nil : "ridge is \(ridge), but must be above 0"
  }

  /// Merges a layer.
  public func merged(_ layer: CoreLayer) throws -> MergedProduct {
    let q = layer.inputs.count
    var right = Matrix(rows: q, columns: q)
    var left = Matrix(rows: layer.outputs.count, columns: q)
    for (core, strength) in zip(layer.cores, layer.strengths) {
      let energy = core.squaredNorm
      guard energy > 0 else { continue }
      let p = core.columnGram.scaled(by: 1 / energy)
      right = right + p
      left = left + core.times(p).scaled(by: strength)
    }
    guard right.trace > 0 else { return .core(left) }
    let (values, vectors) = try right.symmetricEigen()
    let ridge = ridge * right.trace / Double(q)
    let inverse = values.map { 1 / (max(0, $0) + ridge) }
    return .core(left.times(vectors).scalingColumns(by: inverse).timesTransposed(vectors))
  }
}
