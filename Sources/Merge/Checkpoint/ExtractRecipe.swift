public import Adapters
public import SafeTensors

/// An extraction as data: two base models, and how much of their difference to keep.
public struct ExtractRecipe: Sendable {
  /// The model that the LoRA will be used with.
  public var base: Checkpoint
  /// The model that the LoRA is to make of it.
  public var tuned: Checkpoint
  /// The rank of linear layers and projections, above zero.
  public var rank: Int
  /// The rank of the convolutions in residual blocks and samplers; nil leaves them out.
  public var convolutionRank: Int?
  /// The number format of the factors.
  public var dtype: DType
  /// Whether what the written factors lack of the difference is measured.
  public var verifies: Bool

  /// Creates a recipe.
  public init(
    base: Checkpoint, tuned: Checkpoint, rank: Int, convolutionRank: Int? = nil, dtype: DType = .f16,
    verifies: Bool = false
  ) {
    self.base = base
    self.tuned = tuned
    self.rank = rank
    self.convolutionRank = convolutionRank
    self.dtype = dtype
    self.verifies = verifies
  }
}
