import LinearAlgebra

/// What one LoRA contributes to a layer, or, summed, to a block: sums only, so that totals are exact.
struct SelfTerms: Sendable {
  /// `Σσ² = ‖ΔW‖²`.
  var t = 0.0
  /// `Σσ⁴ = ‖ΔW ΔWᵀ‖²`.
  var q = 0.0
  /// How many layers.
  var modules = 0

  init() {}

  /// The terms of one layer from the Gram blocks of its factors: `t = ⟨G_B, G_A⟩`, `q = ⟨G_B G_A G_B, G_A⟩`.
  init(inputs: Matrix, outputs: Matrix) {
    t = outputs.dot(inputs)
    q = outputs.times(inputs).times(outputs).dot(inputs)
    modules = 1
  }

  static func + (a: SelfTerms, b: SelfTerms) -> SelfTerms {
    var sum = SelfTerms()
    sum.t = a.t + b.t
    sum.q = a.q + b.q
    sum.modules = a.modules + b.modules
    return sum
  }
}
