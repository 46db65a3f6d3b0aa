/// Who trains on what: pictures, and the sources that samples are drawn from.
public struct CastPlan: Sendable, Hashable {
  /// A set of pictures that is drawn from evenly.
  public struct Pool: Sendable, Hashable {
    /// The pictures, by number.
    public var pictures: [Int]
    /// How much of its source comes from here, against the other pools; above 0.
    public var share: Double

    /// A pool of these pictures.
    public init(pictures: [Int], share: Double = 1) { (self.pictures, self.share) = (pictures, share) }
  }

  /// What a source's samples stand for.
  public enum Role: Sendable, Hashable {
    /// One character alone, by number.
    case character(Int)
    /// Several characters in one picture.
    case group([Int])
    /// A regularisation set, with the characters that it is paired with.
    case regularization(set: Int, characters: [Int])
  }

  /// What samples are drawn from.
  public struct Source: Sendable, Hashable {
    /// What the samples stand for.
    public var role: Role
    /// The pools; none of them is empty.
    public var pools: [Pool]
    /// How many samples against other sources; characters have 1.
    public var rate: Double
    /// What the loss of its samples is multiplied with.
    public var weight: Double

    /// A source of these parts.
    public init(role: Role, pools: [Pool], rate: Double = 1, weight: Double = 1) {
      (self.role, self.pools, self.rate, self.weight) = (role, pools, rate, weight)
    }
  }

  /// The sources; characters come first.
  public var sources: [Source]
  /// The size of every picture, upright.
  public var sizes: [PixelSize]
  /// The resolutions.
  public var buckets: BucketChoice
  /// Samples that go through the model at once.
  public var batch: Int
  /// How many such batches make an optimiser step.
  public var accumulation: Int
  /// The seed.
  public var seed: UInt64

  /// A plan of these parts.
  public init(
    sources: [Source], sizes: [PixelSize], buckets: BucketChoice, batch: Int, accumulation: Int = 1, seed: UInt64
  ) {
    (self.sources, self.sizes, self.buckets) = (sources, sizes, buckets)
    (self.batch, self.accumulation, self.seed) = (max(1, batch), max(1, accumulation), seed)
  }

  /// Samples in an optimiser step.
  public var samples: Int { batch * accumulation }
}

/// One picture in a step.
public struct Sample: Sendable, Hashable {
  /// The picture, by number.
  public var picture: Int
  /// The source, by number.
  public var source: Int
  /// What it stands for: one character, a group, or a regularisation set with the one character it is paired with.
  public var role: CastPlan.Role
  /// How often this source used the picture before; with the picture it seeds captions, flips and crops.
  public var use: Int
  /// What its loss counts in the step: the step's loss is the sum of these, divided by ``StepPlan/divisor``.
  public var weight: Double
  /// How it is resized; nil when the picture is too small for its resolution.
  public var placement: BucketPlacement?

  /// A sample of these parts.
  public init(
    picture: Int, source: Int, role: CastPlan.Role, use: Int, weight: Double, placement: BucketPlacement?
  ) {
    (self.picture, self.source, self.role) = (picture, source, role)
    (self.use, self.weight, self.placement) = (use, weight, placement)
  }
}

/// What one optimiser step consists of.
public struct StepPlan: Sendable, Hashable {
  /// The step, counted from 0.
  public var step: Int
  /// The batches that go through the model one after the other; each holds samples of one size.
  public var batches: [[Sample]]

  /// A step of these batches.
  public init(step: Int, batches: [[Sample]]) { (self.step, self.batches) = (step, batches) }

  /// All samples.
  public var samples: [Sample] { batches.flatMap(\.self) }
  /// What the sum of the weighted losses is divided by: the number of samples, whatever they weigh, as sd-scripts does.
  public var divisor: Int { batches.reduce(0) { $0 + $1.count } }
}
