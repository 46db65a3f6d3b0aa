public import LinearAlgebra

/// Where the elements of an elementwise method are.
public enum ElementSpace: String, Sendable, CaseIterable {
  /// The cores along their common axes: exact and small, and of the rank of the inputs.
  case core
  /// The ΔW themselves, `[out, in]`, as the methods were published.
  ///
  /// The result has full rank, so cutting it to a file's rank loses a large part (about half of the norm for TIES), and
  /// it takes a dense decomposition of every layer.
  case dense
  /// The stored factors themselves, up and down each by itself, with the roots of `wᵢsᵢ`, the sign on the down factor.
  ///
  /// Only to reproduce files made with PEFT's combination types without `_svd`: needs one rank per layer, depends on how
  /// each ΔW happens to be split, and the product of the two results is mostly cross terms `Uᵢ Dⱼ`.
  case factors
}

/// A method that looks at the elements of matrices one by one; which matrices, it does not care.
public protocol ElementwiseMethod: LayerMethod {
  /// Where its elements are.
  var space: ElementSpace { get }
  /// Merges matrices of one shape.
  ///
  /// - Parameters:
  ///   - matrices: one for each source, at strength 1.
  ///   - strengths: theirs.
  ///   - uniform: for each source, random numbers from 0 up to 1, in row order.
  func merged(_ matrices: [Matrix], strengths: [Double], uniform: [() -> Double]) -> Matrix
  /// The seed of its masks; nil when it has none.
  var seed: UInt64? { get }
}

extension ElementwiseMethod {
  /// No masks, no seed.
  public var seed: UInt64? { nil }

  /// A dense result has as many directions as the layer allows, one of factors as many as a single LoRA.
  public func rankBound(_ ranks: [Int]) -> Int {
    switch space {
    case .core: ranks.reduce(0, +)
    case .dense: .max
    case .factors: ranks.max() ?? 0
    }
  }

  /// Merges a layer.
  public func merged(_ layer: CoreLayer) throws -> MergedProduct {
    try merged(
      layer,
      uniform: layer.sources.map { source in
        let generator = GeneratorBox(MaskGenerator(seed: seed ?? 0, layer: layer.name, source: source))
        return { generator.uniform() }
      })
  }

  /// Merges a layer with given random numbers: for each source those of its elements in row order, in the space of
  /// factors first those of the down factor.
  func merged(_ layer: CoreLayer, uniform: [() -> Double]) throws -> MergedProduct {
    switch space {
    case .core:
      let axes = try CommonAxes(layer.cores)
      let cores = layer.cores.map(axes.along)
      return .core(axes.back(merged(cores, strengths: layer.strengths, uniform: uniform)))
    case .dense:
      let dense = layer.cores.map { layer.inputs.lifted(layer.outputs.lifted($0)) }
      return .dense(merged(dense, strengths: layer.strengths, uniform: uniform))
    case .factors:
      let (ups, downs) = try layer.plainFactors(for: Self.name)
      let weights = zip(layer.strengths, layer.scales).map(*)
      let down = merged(downs, strengths: weights.map { abs($0).squareRoot() * ($0 < 0 ? -1 : 1) }, uniform: uniform)
      let up = merged(ups, strengths: weights.map { abs($0).squareRoot() }, uniform: uniform)
      return .product(LowRank(up: up, down: down))
    }
  }
}

/// A generator that a closure can advance.
private final class GeneratorBox {
  private var generator: MaskGenerator
  init(_ generator: MaskGenerator) { self.generator = generator }
  func uniform() -> Double { generator.uniform() }
}

/// What is wrong with a share that must lie above 0 and not above 1; nil when nothing is.
func problem(density: Double) -> String? {
  density > 0 && density <= 1 ? nil : "density is \(density), but must be above 0 and at most 1"
}
