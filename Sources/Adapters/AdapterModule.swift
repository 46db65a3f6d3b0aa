public import SafeTensors

/// One layer of an adapter: which layer, which tensors, which shape and scale.
public struct AdapterModule: Sendable {
  /// The layer of the base model.
  public let path: ModulePath
  /// The stem its keys share in the file.
  public let stem: String
  /// The dialect the stem is in.
  public let dialect: Dialect
  /// How the change is stored.
  public let variant: Variant
  /// The tensors by role.
  public let tensors: [TensorRole: TensorInfo]
  /// The output features, `out`; 0 where the tensors do not tell.
  public let outputs: Int
  /// The input features, `in`, channels times kernel size for a convolution; 0 where the tensors do not tell.
  public let inputs: Int
  /// The kernel of a convolution stored with its shape, such as `[3, 3]`; empty for a linear layer or a
  /// flattened one.
  public let kernel: [Int]
  /// The rank that alpha is divided by; 0 for variants without one.
  public let rank: Int
  /// The alpha and where it came from.
  public let alpha: Alpha
  /// What the stored product is multiplied by: `alpha / rank` but for a few documented exceptions.
  public let scale: Double

  /// Whether the layer is a plain pair of factors, `scale · up · down`, and all of it.
  public var isPair: Bool { (variant == .lora || variant == .locon) && rows == nil && !hasSparsePart }

  /// Whether single numbers are added to the product (`bias_indices`, `bias_values`).
  public var hasSparsePart: Bool { tensors[.biasIndices] != nil && tensors[.biasValues] != nil }

  /// Whether ΔW is a matrix that can be written as exact factors: from the file alone, or over a base model.
  public var hasFactors: Bool { variant.hasFactors || bound != nil }

  /// Whether ΔW depends on a base model that was not given.
  public var needsBase: Bool { variant.needsBase && bound == nil }

  /// The inner dimension of the exact factors: `r` for LoRA, `r²` for LoHa, a product for LoKr; never more than out or
  /// in but for a plain pair, which is taken as it is stored.
  public let exactRank: Int

  /// The rows of the stored layer that are this layer's, in its own order, where a file keeps as one what diffusers keeps
  /// apart; nil for all.
  public let rows: [Range<Int>]?

  /// The base model's layer, where the change depends on it and it was given (``Adapter/bound(to:strength:)``).
  public internal(set) var bound: BoundLayer?
}
