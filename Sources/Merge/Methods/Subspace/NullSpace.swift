import LinearAlgebra

/// Idea: protect one character: the others may not speak where it listens.
///
/// Formula: `V` the row space of the protected `M_p`; `M = w_p M_p + Σ_{i≠p} wᵢ Mᵢ (I - κ V Vᵀ)` with `κ = μ / (1 + μ)`,
/// or `κ = 1` with `--hard`.
///
/// Inputs: any number of LoRAs; `protect`, the position of the protected one, from 1; `μ` at least 0.
///
/// Edge cases: a layer that the protected LoRA does not train is the plain sum; μ = 0 is the plain sum everywhere. A hard
/// projection takes most from LoRAs of a shared start, whose row spaces coincide: they lose nearly everything.
///
/// Source: NP-LoRA 2025 (soft with μ = 0.5; there for one content and one style).
public struct NullSpace: LayerMethod {
  /// The name on the command line.
  public static let name = "np"
  /// The position of the protected source, from 0.
  public var protected: Int
  /// How soft the projection is.
  public var mu: Double
  /// Whether it is complete.
  public var isHard: Bool

  /// Creates the method.
  public init(protected: Int = 0, mu: Double = 0.5, isHard: Bool = false) {
    self.protected = protected
    self.mu = mu
    self.isHard = isHard
  }

  /// The parameters with their values.
  public var parameters: [MethodParameter] {
    [MethodParameter("protect", protected + 1), isHard ? MethodParameter("hard", true) : MethodParameter("mu", mu)]
  }

  /// What is wrong with the parameters or the number of sources; nil when nothing is.
  public func problem(sources: Int) -> String? {
    guard (0..<sources).contains(protected) else {
      return "protect is \(protected + 1), but there are sources 1 to \(sources)"
    }
    return mu >= 0 && mu.isFinite ? nil : "mu is \(mu), but must be at least 0"
  }

  /// Merges a layer.
  public func merged(_ layer: CoreLayer) throws -> MergedProduct {
    guard let index = layer.sources.firstIndex(of: protected) else { return .core(layer.sum) }
    let basis = try layer.cores[index].compactSVD().vt
    let share = isHard ? 1 : mu / (1 + mu)
    var result = layer.cores[index].scaled(by: layer.strengths[index])
    for other in layer.cores.indices where other != index {
      result = result + layer.cores[other].removing(rowSpace: basis, share: share).scaled(by: layer.strengths[other])
    }
    return .core(result)
  }
}
