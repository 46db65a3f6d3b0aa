public import Adapters
public import SafeTensors

/// One LoRA of a merge and how much of it to take.
public struct MergeSource: Sendable {
  /// The open file.
  public var adapter: Adapter
  /// What its ΔW is multiplied by.
  public var strength: Double

  /// What of each layer to take, besides.
  public var weights: LayerWeights

  /// Creates a source; the strength must be finite.
  public init(adapter: Adapter, strength: Double, weights: LayerWeights = .all) {
    self.adapter = adapter
    self.strength = strength
    self.weights = weights
  }

  /// What its ΔW of a layer is multiplied by.
  func strength(at path: ModulePath) -> Double { strength * weights.weight(of: path) }
}

/// How sources become one.
public enum MergeMethod: Sendable {
  /// The exact sum, by stacking the factors; the rank grows to the sum of the ranks.
  case concat
  /// The exact sum, then the best approximation of a rank; convolutions may have a rank of their own.
  case svd(rank: Int, convolutionRank: Int)
  /// Another method, and the rank its result is cut to; nil for all it has.
  case layered(any LayerMethod, rank: Int?, convolutionRank: Int?)

  /// The name on the command line.
  public var name: String {
    switch self {
    case .concat: "concat"
    case .svd: "svd"
    case .layered(let method, _, _): type(of: method).name
    }
  }
}

/// A merge as data: what goes in, how, and what comes out.
public struct MergeRecipe: Sendable {
  /// The LoRAs.
  public var sources: [MergeSource]
  /// How they become one.
  public var method: MergeMethod
  /// The number format of the result; nil for that of the sources (F32 when they differ).
  public var dtype: DType?
  /// The naming of the result; nil for that of the sources (kohya when they differ).
  public var dialect: OutputDialect?
  /// Whether layers and keys without an exact ΔW are left out instead of being an error.
  public var skipsUnsupported: Bool
  /// What happens to values that the number format cannot hold.
  public var overflow: OverflowPolicy
  /// Whether the residual against the exact result of the method is measured.
  public var verifies: Bool
  /// λ: what the result of a layered method is multiplied by, the strengths aside.
  public var lambda: Double
  /// Whether each layer is brought to the energy of a single LoRA, the mean of the `‖wᵢΔWᵢ‖²` that it came from.
  public var normalises: Bool
  /// What the sources' inputs look like, for methods that need it.
  public var covariances: CovarianceFile?
  /// Further metadata of the result, such as the text of a recipe.
  public var annotations: [String: String]

  /// Creates a recipe.
  public init(
    sources: [MergeSource], method: MergeMethod, dtype: DType? = nil, dialect: OutputDialect? = nil,
    skipsUnsupported: Bool = false, overflow: OverflowPolicy = .refuse, verifies: Bool = false, lambda: Double = 1,
    normalises: Bool = false, covariances: CovarianceFile? = nil, annotations: [String: String] = [:]
  ) {
    self.sources = sources
    self.method = method
    self.dtype = dtype
    self.dialect = dialect
    self.skipsUnsupported = skipsUnsupported
    self.overflow = overflow
    self.verifies = verifies
    self.lambda = lambda
    self.normalises = normalises
    self.covariances = covariances
    self.annotations = annotations
  }
}

extension MergeRecipe {
  /// Whether the method looks at the sources' inputs.
  var needsCovariances: Bool {
    if case .layered(let method, _, _) = method { method.needsCovariances } else { false }
  }

  /// What the ΔW of a source in a layer is multiplied by, all told: strength, weight of the layer and λ; 0 where it is
  /// excluded.
  ///
  /// A method may do more than that, such as normalise.
  public func weight(of source: Int, at path: ModulePath) -> Double { sources[source].strength(at: path) * lambda }

  /// Whether the method is one of those that work layer by layer in shared coordinates.
  var isLayered: Bool {
    if case .layered = method { true } else { false }
  }
}
