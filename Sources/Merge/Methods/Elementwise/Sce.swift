public import LinearAlgebra

/// Idea: keep the elements in which the LoRAs differ most, weigh each LoRA by its energy there, and erase minority signs.
///
/// Formula: `V = top(var(wᵢMᵢ), ⌊τ · #{var > 0}⌋)`; `cᵢ = ‖V ⊙ wᵢMᵢ‖² / Σ`; `σ = sign Σ V ⊙ wᵢMᵢ`;
/// `M = Σ_{sign = σ} cᵢ wᵢ Mᵢ / Σ_{sign = σ} cᵢ` within `V`.
///
/// Inputs: two or more LoRAs; of one alone the variance is zero, and a layer that only one trains is taken as it is.
///
/// Edge cases: τ = 1 selects everything; all weights zero give equal weights; a sum of zero elects plus.
///
/// Source: Wan et al. 2024 (FuseChat-3 / SCE); mergekit `sce`.
public struct Sce: ElementwiseMethod {
  /// The name on the command line.
  public static let name = "sce"
  /// τ, the share of elements with variance that are selected, above 0 and at most 1.
  public var topK: Double
  /// Where the elements are.
  public var space: ElementSpace

  /// Creates the method.
  public init(topK: Double = 1, space: ElementSpace = .core) {
    self.topK = topK
    self.space = space
  }

  /// The parameters with their values.
  public var parameters: [MethodParameter] {
    [MethodParameter("select_topk", topK), MethodParameter("space", space.rawValue)]
  }

  /// What is wrong with the parameters or the number of sources; nil when nothing is.
  public func problem(sources: Int) -> String? {
    topK > 0 && topK <= 1 ? nil : "select-topk is \(topK), but must be above 0 and at most 1"
  }

  /// Merges matrices of one shape.
  public func merged(_ matrices: [Matrix], strengths: [Double], uniform: [() -> Double]) -> Matrix {
    var deltas = zip(matrices, strengths).map { $0.scaled(by: $1) }
    guard deltas.count > 1 else { return deltas[0] }
    if topK < 1 { deltas = selected(deltas) }
    let energies = deltas.map(\.squaredNorm)
    let all = energies.reduce(0, +)
    let weights = energies.map { all > 0 ? $0 / all : 1 / Double(deltas.count) }
    let elected = SignElection.total.signs(deltas)
    var sums = [Double](repeating: 0, count: elected.count)
    var divisors = sums
    for (delta, weight) in zip(deltas, weights) {
      for (index, value) in delta.elements.enumerated() where SignElection.sign(value) == elected[index] {
        sums[index] += weight * value
        divisors[index] += weight
      }
    }
    return Matrix(
      rows: deltas[0].rows, columns: deltas[0].columns, elements: zip(sums, divisors).map { $1 > 0 ? $0 / $1 : 0 })
  }

  /// The elements with the largest variance over the sources.
  private func selected(_ deltas: [Matrix]) -> [Matrix] {
    let count = Double(deltas.count)
    let variance = deltas[0].elements.indices.map { index in
      let mean = deltas.reduce(0) { $0 + $1.elements[index] } / count
      return deltas.reduce(0) { $0 + ($1.elements[index] - mean) * ($1.elements[index] - mean) } / count
    }
    let kept = Int(topK * Double(variance.count { $0 > 0 }))
    let order = variance.indices.sorted { (variance[$0], $1) > (variance[$1], $0) }
    let isKept = Set(order.prefix(kept))
    return deltas.map { delta in
      Matrix(
        rows: delta.rows, columns: delta.columns,
        elements: delta.elements.enumerated().map { isKept.contains($0.offset) ? $0.element : 0 })
    }
  }
}
