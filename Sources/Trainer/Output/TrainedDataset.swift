/// The pictures of a run as LoRA files tell of them: sd-scripts' data sets of folders, whatever the run's configuration was.
///
/// Folders go by the last part of their path; where two have the same, the second is `name (2)`.
public struct TrainedDataset: Sendable, Hashable {
  /// One folder of pictures.
  public struct Folder: Sendable, Hashable {
    /// The name; unlike any other folder's.
    public var name: String
    /// Pictures that are trained on.
    public var images: Int
    /// Uses of each picture in an epoch.
    public var repeats: Int
    /// Whether these are regularisation pictures.
    public var isRegularization: Bool
    /// The caption of pictures that have none.
    public var classTokens: String?
    /// The name of the metadata file that the captions come from.
    public var metadata: String?
    /// What is done to captions.
    public var captions: CaptionRule
    /// Whether half of the uses are mirrored.
    public var flips = false
    /// Whether pictures are cropped at random.
    public var cropsAtRandom = false
    /// Whether colours are changed at random.
    public var changesColours = false
    /// In how many captions each tag stands.
    public var tags: [String: Int] = [:]
    /// Uses of each picture in an epoch times pictures.
    public var exposure: Int { images * repeats }

    /// A folder of these facts.
    public init(
      name: String, images: Int, repeats: Int = 1, isRegularization: Bool = false, classTokens: String? = nil,
      metadata: String? = nil, captions: CaptionRule = CaptionRule()
    ) {
      (self.name, self.images, self.repeats) = (name, images, repeats)
      (self.isRegularization, self.classTokens, self.metadata) = (isRegularization, classTokens, metadata)
      self.captions = captions
    }
  }

  /// Folders that are trained at one resolution.
  public struct Block: Sendable, Hashable {
    /// The sizes.
    public var rule: BucketRule
    /// Whether there is more than the one size.
    public var hasBuckets = true
    /// Samples in a batch.
    public var batch: Int
    /// The folders.
    public var folders: [Folder]
    /// Pictures of each size in an epoch, with repeats.
    public var buckets: [PixelSize: Int] = [:]
    /// How far ratios of width to height are from those of their buckets, on average.
    public var ratioError = 0.0

    /// Training pictures in an epoch.
    public var trainingImages: Int { folders.reduce(0) { $0 + ($1.isRegularization ? 0 : $1.exposure) } }
    /// Regularisation pictures with their repeats, before they are matched to the training pictures.
    public var regularizationImages: Int { folders.reduce(0) { $0 + ($1.isRegularization ? $1.exposure : 0) } }

    /// A block of these parts.
    public init(rule: BucketRule, batch: Int, folders: [Folder]) {
      (self.rule, self.batch, self.folders) = (rule, batch, folders)
    }
  }

  /// The blocks; one for each resolution.
  public var blocks: [Block]
  /// Batches in an epoch, in which every training picture is used as often as its folder's repeats say.
  public var batchesPerEpoch: Int
  /// Pictures that are held out.
  public var validationImages = 0

  /// A data set of these parts.
  public init(blocks: [Block], batchesPerEpoch: Int) {
    (self.blocks, self.batchesPerEpoch) = (blocks, max(1, batchesPerEpoch))
  }

  /// Optimiser steps in an epoch.
  public func stepsPerEpoch(accumulation: Int) -> Int { (batchesPerEpoch + accumulation - 1) / max(1, accumulation) }

  /// The last part of a path, whatever kind of slash parts it.
  static func lastPart(of path: String) -> String {
    path.split { $0 == "/" || $0 == "\\" }.last { $0 != "." && $0 != ".." }.map(String.init) ?? "pictures"
  }
}

/// Names of folders, told apart by numbers where they are the same.
struct FolderNames {
  private var used: Set<String> = []

  mutating func name(of path: String) -> String {
    let last = TrainedDataset.lastPart(of: path)
    var name = last
    var number = 2
    while !used.insert(name).inserted {
      name = "\(last) (\(number))"
      number += 1
    }
    return name
  }
}
