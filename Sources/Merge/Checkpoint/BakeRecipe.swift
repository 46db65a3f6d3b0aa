public import Adapters
public import SafeTensors

/// A bake as data: which LoRAs go into which base model, and what comes out.
public struct BakeRecipe: Sendable {
  /// The base model.
  public var base: Checkpoint
  /// The LoRAs, in the order in which they are applied.
  public var sources: [MergeSource]
  /// The number format of the networks' tensors; nil for each tensor's own.
  public var dtype: DType?
  /// Whether layers that the base model lacks are left out instead of being an error.
  public var skipsMissing: Bool
  /// Whether layers and keys of a kind that cannot be applied are left out instead of being an error.
  public var skipsUnsupported: Bool
  /// What happens to values that a number format cannot hold.
  public var overflow: OverflowPolicy
  /// Whether the written tensors are read again and compared with the exact result.
  public var verifies: Bool

  /// Creates a recipe.
  public init(
    base: Checkpoint, sources: [MergeSource], dtype: DType? = nil, skipsMissing: Bool = false,
    skipsUnsupported: Bool = false, overflow: OverflowPolicy = .refuse, verifies: Bool = false
  ) {
    self.base = base
    self.sources = sources
    self.dtype = dtype
    self.skipsMissing = skipsMissing
    self.skipsUnsupported = skipsUnsupported
    self.overflow = overflow
    self.verifies = verifies
  }
}
