/// How much of a file is read.
public struct InspectionOptions: Sendable {
  /// When something is computed.
  public enum Extent: Sendable {
    /// For adapters only; base models are too large to be read in passing.
    case adapters
    /// For every file.
    case always
    /// For none.
    case never
  }

  /// Whether an adapter's weights are read and measured.
  public var weights: Bool
  /// For which files hashes are computed.
  public var hashes: Extent
  /// Whether every layer is listed.
  public var listsLayers: Bool
  /// Whether the metadata are carried along as stored.
  public var keepsMetadata: Bool
  /// The base model by which changes that depend on it are measured; nil for none.
  public var base: Checkpoint?
  /// The rank that those changes are cut to; nil for all there is.
  public var baseRank: Int?
  /// How many layers are measured at once.
  public var workers: Int
  /// Told from time to time how many layers of how many are done; called from any thread.
  public var progress: @Sendable (Int, Int) -> Void

  /// Creates options.
  public init(
    weights: Bool = true, hashes: Extent = .adapters, listsLayers: Bool = false, keepsMetadata: Bool = false,
    base: Checkpoint? = nil, baseRank: Int? = nil, workers: Int = 2,
    progress: @escaping @Sendable (Int, Int) -> Void = { _, _ in }
  ) {
    self.weights = weights
    self.hashes = hashes
    self.listsLayers = listsLayers
    self.keepsMetadata = keepsMetadata
    self.base = base
    self.baseRank = baseRank
    self.workers = workers
    self.progress = progress
  }

  /// The header alone: no tensor is read but the alphas.
  public static let headerOnly = InspectionOptions(weights: false, hashes: .never)
}
