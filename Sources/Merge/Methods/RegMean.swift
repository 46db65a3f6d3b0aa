import LinearAlgebra

/// Idea: on each LoRA's own inputs answer as that LoRA does, as nearly as one matrix can, and on silent inputs not at all.
///
/// Formula: `argmin_W Σ tr((W - wᵢΔWᵢ) Cᵢ (W - wᵢΔWᵢ)ᵀ) + tr(W C₀ Wᵀ) + ε ‖W‖² = (Σ wᵢ ΔWᵢ Cᵢ)(Σ Cᵢ + C₀ + ε I)⁻¹`, with
/// `Cᵢ = Σ x xᵀ` over inputs of the layer, `[in, in]`, and `ε = ridge · tr(Σ Cᵢ + C₀) / in`. On the factors:
/// `up = [s₁U₁ … s_N U_N]`, `downᵢ = wᵢ Dᵢ Cᵢ (Σ C + ε I)⁻¹`. Where all are given as inputs `X`, `[T, in]`, fewer than
/// `in` in all: `downᵢ = wᵢ Dᵢ Xᵢᵀ · rowsᵢ((X Xᵀ + ε I)⁻¹ X)`, with X stacked.
///
/// Inputs: any number of LoRAs of any ranks, and `--covariances`, a safetensors file with `<n>.<layer>.covariance`,
/// `[in, in]`, or `<n>.<layer>.inputs`, `[T, in]`, for each source `n` from 1 and each of its layers, and with n = 0 for
/// inputs on which the result should do nothing (optional). How much each counts is in the size of its covariance.
/// `ridge` above 0.
///
/// Edge cases: without the file, or where a covariance is missing, the merge is refused; covariances that are all zero
/// are an error; with equal ones it is the mean `Σ wᵢΔWᵢ / N` but for the ridge; one alone without silent inputs is
/// itself on its inputs.
///
/// Source: Jin et al., ICLR 2023 (RegMean, 2212.09849), with a ridge instead of its shrinking of off-diagonal elements.
public struct RegMean: LayerMethod {
  /// The name on the command line.
  public static let name = "regmean"
  /// ε as a part of the mean eigenvalue.
  public var ridge: Double

  /// Creates the method.
  public init(ridge: Double = 1e-6) { self.ridge = ridge }

  /// The parameters with their values.
  public var parameters: [MethodParameter] { [MethodParameter("ridge", ridge)] }

  /// It weighs errors by the inputs.
  public var needsCovariances: Bool { true }

  /// What is wrong with the parameters or the number of sources; nil when nothing is.
  public func problem(sources: Int) -> String? {
    ridge > 0 && ridge.isFinite ? nil : "ridge is \(ridge), but must be above 0"
  }

  /// Merges a layer.
  public func merged(_ layer: CoreLayer) throws -> MergedProduct {
    guard let given = layer.covariances, given.sources.count == layer.ranks.count else {
      throw LayerMethodError("regmean needs the covariance of each LoRA's inputs")
    }
    let all = given.sources + (given.silent.map { [$0] } ?? [])
    let width = layer.down.columns
    let epsilon = ridge * all.reduce(0) { $0 + $1.trace } / Double(width)
    guard epsilon > 0 else { throw LayerMethodError("the covariances of its inputs are all zero") }
    var first = 0
    let downs = zip(layer.ranks, layer.strengths).map { rank, strength in
      defer { first += rank }
      return layer.down.block(rows: first..<first + rank, columns: 0..<width).scaled(by: strength)
    }
    let inputs = all.compactMap { if case .factor(let inputs) = $0 { inputs } else { nil } }
    let isThin = inputs.count == all.count && inputs.reduce(0) { $0 + $1.rows } < width
    let merged =
      try isThin ? Self.thin(downs, inputs, epsilon: epsilon) : Self.whole(downs, given.sources, all, epsilon: epsilon)
    return .product(LowRank(up: layer.up, down: .stacked(merged)))
  }

  private static func whole(
    _ downs: [Matrix], _ covariances: [Covariance], _ all: [Covariance], epsilon: Double
  ) throws(LinearAlgebraError) -> [Matrix] {
    var sum = Matrix.diagonal(Array(repeating: epsilon, count: downs[0].columns))
    for covariance in all { sum = sum + covariance.matrix }
    let right = Matrix.stacked(zip(downs, covariances).map { $1.applied(to: $0) })
    return [try sum.solvingPositive(right.transposed).transposed]
  }

  /// `inputs` may end with the silent ones, which no down factor meets.
  private static func thin(
    _ downs: [Matrix], _ inputs: [Matrix], epsilon: Double
  ) throws(LinearAlgebraError) -> [Matrix] {
    let x = Matrix.stacked(inputs)
    let solved = try (x.rowGram + .diagonal(Array(repeating: epsilon, count: x.rows))).solvingPositive(x)
    var first = 0
    return zip(downs, inputs).map { down, own in
      defer { first += own.rows }
      return down.timesTransposed(own).times(solved.block(rows: first..<first + own.rows, columns: 0..<x.columns))
    }
  }
}
