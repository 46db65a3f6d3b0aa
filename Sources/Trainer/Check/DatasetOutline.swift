/// A configuration with its pictures in the one shape that checks look at, whichever kind it is.
public struct DatasetOutline: Sendable {
  /// What wrote the configuration down.
  public enum Kind: String, Sendable, Codable {
    /// A cast.
    case cast
    /// sd-scripts' dataset configuration, or its folders.
    case kohya
  }

  /// Pictures that stand for one thing.
  public struct Member: Sendable, Hashable {
    /// What they stand for.
    public enum Kind: String, Sendable, Codable {
      /// One character; in sd-scripts' configurations one subset.
      case character
      /// Several characters in one picture.
      case group
      /// A class.
      case regularization
    }

    /// What the pictures stand for.
    public var kind: Kind
    /// A name that no other member has.
    public var name: String
    /// The word that calls a character; empty where none is known.
    public var trigger = ""
    /// The class; empty where none is given.
    public var className = ""
    /// The subsets with its pictures, by number.
    public var subsets: [Int]
    /// Members that are in a group's pictures, or that a regularisation set is paired with, by number.
    public var characters: [Int] = []
  }

  /// A folder of pictures.
  public struct Subset: Sendable, Hashable {
    /// The folder or file.
    public var folder: String
    /// Its member, by number.
    public var member: Int
    /// What is done to its captions.
    public var captions: CaptionRule
    /// What is done to its pictures.
    public var images: ImageRule
    /// Uses of each picture in an epoch, where sd-scripts' batches are made.
    public var repeats: Int?
  }

  /// The file or folder of the configuration.
  public let file: String
  /// What wrote it down.
  public let kind: Kind
  /// Characters first, then groups, then regularisation sets; sd-scripts' subsets in their order.
  public let members: [Member]
  /// All subsets, as ``DatasetPictures`` numbers them; further ones stand for pictures that are drawn before the run.
  public let subsets: [Subset]
  /// All pictures; those that are drawn before the run have an empty path.
  public let pictures: DatasetPictures
  /// Pictures that are measured with and not trained on.
  public let heldOut: Set<Int>
  /// The member of each source of the sampler.
  public let sources: [Int]
  /// Steps of the run.
  public let steps: Int
  /// The run's seed.
  public let seed: UInt64
  /// Batches in an optimiser step.
  public let accumulation: Int
  /// The area that pictures are brought to: the largest of the resolutions.
  public let resolution: PixelSize
  /// Tokens of a caption that the text encoder sees.
  public let tokens: Int
  /// The base model, as the program opens it; nil where none is named.
  public let checkpoint: String?
  /// Whether a loss holds classes where they were, without regularisation pictures.
  public let preservesClasses: Bool
  /// How often a cut-out character is put beside another.
  public let composites: Double
  /// What draws the steps.
  public let sampler: StepSource
  /// The plan of a cast's run; nil for sd-scripts' configurations.
  let plan: RunPlan?

  init(
    file: String, kind: Kind, members: [Member], subsets: [Subset], pictures: DatasetPictures, heldOut: Set<Int> = [],
    sources: [Int], steps: Int, seed: UInt64, accumulation: Int, resolution: PixelSize, tokens: Int,
    checkpoint: String?,
    preservesClasses: Bool = false, sampler: StepSource, plan: RunPlan? = nil
  ) {
    (self.file, self.kind, self.members, self.subsets) = (file, kind, members, subsets)
    (self.pictures, self.heldOut, self.sources) = (pictures, heldOut, sources)
    (self.steps, self.seed) = (steps, seed)
    (self.accumulation, self.resolution, self.tokens) = (accumulation, resolution, tokens)
    (self.checkpoint, self.preservesClasses, self.sampler) = (checkpoint, preservesClasses, sampler)
    (self.plan, composites) = (plan, plan?.cast.training.composites ?? 0)
  }

  /// The member that a picture belongs to.
  func member(ofPicture picture: Int) -> Int { subsets[pictures.pictures[picture].subset].member }

  /// The numbers of a member's pictures, drawn ones included.
  func pictures(of member: Int) -> [Int] {
    let own = Set(members[member].subsets)
    return pictures.pictures.indices.filter { own.contains(pictures.pictures[$0].subset) }
  }

  /// Names that are all different: later ones of equals are numbered.
  static func distinct(_ names: [String]) -> [String] {
    var seen: [String: Int] = [:]
    return names.map { name in
      seen[name, default: 0] += 1
      let count = seen[name, default: 1]
      return count == 1 ? name : "\(name) (\(count))"
    }
  }
}
