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

  /// A dense result has as many directions as the layer allows.
  public func rankBound(_ ranks: [Int]) -> Int { space == .dense ? .max : ranks.reduce(0, +) }

  /// Merges a layer.
  public func merged(_ layer: CoreLayer) throws -> MergedProduct {
    let uniform = layer.sources.map { source -> () -> Double in
      let generator = GeneratorBox(MaskGenerator(seed: seed ?? 0, layer: layer.name, source: source))
      return { generator.uniform() }
    }
    switch space {
    case .core:
      let axes = try CommonAxes(layer.cores)
      let cores = layer.cores.map(axes.along)
      return .core(axes.back(merged(cores, strengths: layer.strengths, uniform: uniform)))
    case .dense:
      let dense = layer.cores.map { layer.inputs.lifted(layer.outputs.lifted($0)) }
      return .dense(merged(dense, strengths: layer.strengths, uniform: uniform))
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
