internal import TOML

extension CastConfiguration {
  /// Length, sizes and optimisation of a run.
  public struct Training: Sendable, Hashable {
    /// Optimisers.
    public enum Optimizer: String, Sendable, CaseIterable {
      /// Adam with decoupled weight decay.
      case adamw
      /// The sign of the momentum.
      case lion
      /// AdamW that finds its own rate; write learning_rate = 1.
      case prodigy
      /// Adam with factored second moments.
      case adafactor
      /// AdamW without a schedule.
      case scheduleFree = "schedule_free"
    }

    /// How the rate changes over the run.
    public enum Schedule: String, Sendable, CaseIterable {
      /// Not at all, after the warm-up.
      case constant
      /// Down to the smallest in a line.
      case linear
      /// Down to the smallest along half a cosine.
      case cosine
      /// A cosine that begins again, ``cycles`` times.
      case cosineRestarts = "cosine_restarts"
      /// Down to the smallest as a power.
      case polynomial
    }

    /// The numbers that the model calculates with.
    public enum Precision: String, Sendable, CaseIterable {
      /// 32 bits.
      case f32
      /// bfloat16, with the LoRA in 32 bits.
      case bf16
      /// 16 bits with scaled losses, with the LoRA in 32 bits.
      case f16
    }

    /// How batches are made.
    public enum Matching: String, Sendable, CaseIterable {
      /// Every step holds every character; see ``CastSampler``.
      case cast
      /// As sd-scripts does; see ``KohyaSampler``.
      case kohya
    }

    /// Optimiser steps; 2000 by default.
    public var steps = 2000
    /// Samples that go through the model at once; 1 by default.
    public var batch = 1
    /// Batches in an optimiser step; 1 by default.
    public var accumulation = 1
    /// Sizes in pixels, each trained equally often; 1024 square by default.
    public var resolutions = [PixelSize(1024)]
    /// The shortest side of a bucket; 256 by default.
    public var shortestBucket = 256
    /// The longest side of a bucket; twice the longest side of the resolutions by default.
    public var longestBucket = 2048
    /// What bucket sides are multiples of; 64 by default.
    public var bucketStep = 64
    /// Whether pictures that are too small are enlarged; true by default.
    public var enlarges = true
    /// The rate of every part that has no own; 1e-4 by default.
    public var learningRate = 1e-4
    /// The UNet's own rate; 0 leaves it as it is.
    public var unetRate: Double?
    /// The first text encoder's own rate; 0 leaves it as it is.
    public var te1Rate: Double?
    /// The second text encoder's own rate; 0 leaves it as it is.
    public var te2Rate: Double?
    /// The optimiser; AdamW by default.
    public var optimizer = Optimizer.adamw
    /// The weight decay; 0.01 by default.
    public var weightDecay = 0.01
    /// The optimiser's betas; nil is the optimiser's own.
    public var betas: [Double]?
    /// The optimiser's epsilon; nil is the optimiser's own.
    public var epsilon: Double?
    /// How the rate changes; constant by default.
    public var schedule = Schedule.constant
    /// Steps, or below 1 the share of steps, in which the rate grows from 0; 0 by default.
    public var warmup = 0.0
    /// How often restarting schedules begin; 1 by default.
    public var cycles = 1
    /// The power of the polynomial; 1 by default.
    public var power = 1.0
    /// The smallest rate as a share of the largest; 0 by default.
    public var smallestRate = 0.0
    /// The norm that the gradient of all parameters together is cut to; 1 by default, 0 for never.
    public var gradientClip = 1.0
    /// The numbers of the model; bfloat16 by default.
    public var precision = Precision.bf16
    /// Whether activations are computed again instead of kept; true by default.
    public var checkpointing = true
    /// The decay of a running mean of the weights, which is written instead of them; 0, the default, for none.
    public var ema = 0.0
    /// The seed; 1 by default.
    public var seed = 1
    /// How batches are made; Troupe's own way by default.
    public var matching = Matching.cast
    /// The most group samples for each sample of a character; 0.25 by default.
    public var groupRatio = 0.25
    /// The probability that a place shows two characters cut out and pasted side by side; 0 by default.
    public var composites = 0.0
    /// The share of each character's pictures that are held out to measure with; 0 by default.
    public var validation = 0.0
    /// Steps between measurements of what is held out; 100 by default.
    public var validationEvery = 100
    /// How many steps without a better held-out loss end a character's training; none by default.
    public var patience: Int?
    /// Where latents and embeddings are kept; nil is the system's cache folder.
    public var cache: String?

    init() {}

    init(_ fields: inout TOMLFields) throws(TOMLError) {
      steps = try fields.integer("steps", in: 1...10_000_000) ?? steps
      batch = try fields.integer("batch", in: 1...1024) ?? batch
      accumulation = try fields.integer("accumulation", in: 1...4096) ?? accumulation
      if let sides = try fields.integers("resolution", count: 1...2, in: 64...8192) {
        resolutions = [PixelSize(sides[0], sides.count > 1 ? sides[1] : sides[0])]
      }
      if let sides = try fields.integers("resolutions", count: 1...16, in: 64...8192) {
        resolutions = sides.map { PixelSize($0) }
      }
      shortestBucket = try fields.integer("min_bucket", in: 64...8192) ?? shortestBucket
      longestBucket =
        try fields.integer("max_bucket", in: 64...16384)
        ?? 2 * (resolutions.map { max($0.width, $0.height) }.max() ?? 1024)
      shortestBucket = min(shortestBucket, resolutions.map { min($0.width, $0.height) }.min() ?? shortestBucket)
      bucketStep = try fields.integer("bucket_step", in: 8...1024) ?? bucketStep
      enlarges = try fields.bool("enlarge") ?? enlarges
      learningRate = try fields.number("learning_rate", in: 0...100) ?? learningRate
      unetRate = try fields.number("unet_rate", in: 0...100)
      te1Rate = try fields.number("te1_rate", in: 0...100)
      te2Rate = try fields.number("te2_rate", in: 0...100)
      matching = try fields.choice("matching", Matching.self) ?? matching
      groupRatio = try fields.number("group_ratio", in: 0...16) ?? groupRatio
      composites = try fields.number("composites", in: 0...1) ?? composites
      validation = try fields.number("validation", in: 0...0.5) ?? validation
      validationEvery = try fields.integer("validation_every", in: 1...10_000_000) ?? validationEvery
      patience = try fields.integer("patience", in: 1...10_000_000)
      cache = try fields.text("cache")
      seed = try fields.integer("seed", in: 0...Int(UInt32.max)) ?? seed
      try readOptimisation(&fields)
      try fields.finish()
    }

    private mutating func readOptimisation(_ fields: inout TOMLFields) throws(TOMLError) {
      optimizer = try fields.choice("optimizer", Optimizer.self) ?? optimizer
      weightDecay = try fields.number("weight_decay", in: 0...100) ?? weightDecay
      let items = try fields.list("betas")
      if !items.isEmpty {
        var betas: [Double] = []
        for item in items {
          guard let beta = item.double, (0..<1).contains(beta) else {
            throw fields.mismatch("betas", item, wanted: "2 or 3 numbers from 0 to below 1")
          }
          betas.append(beta)
        }
        guard (2...3).contains(betas.count) else {
          throw fields.refusal("betas", "betas takes 2 or 3 numbers, \(betas.count) were given")
        }
        self.betas = betas
      }
      epsilon = try fields.number("epsilon", in: 0...1)
      schedule = try fields.choice("schedule", Schedule.self) ?? schedule
      warmup = try fields.number("warmup", in: 0...1e7) ?? warmup
      cycles = try fields.integer("cycles", in: 1...10_000) ?? cycles
      power = try fields.number("power", in: 0.01...100) ?? power
      smallestRate = try fields.number("min_rate", in: 0...1) ?? smallestRate
      gradientClip = try fields.number("gradient_clip", in: 0...1e6) ?? gradientClip
      precision = try fields.choice("precision", Precision.self) ?? precision
      checkpointing = try fields.bool("checkpointing") ?? checkpointing
      ema = try fields.number("ema", in: 0...0.999999) ?? ema
    }

    /// Rules of the buckets of all resolutions.
    /// - Throws: ``BucketRule/Refusal``.
    public func buckets() throws(BucketRule.Refusal) -> BucketChoice {
      var rules: [BucketRule] = []
      for resolution in resolutions {
        rules.append(
          try BucketRule(
            resolution: resolution, shortest: shortestBucket, longest: longestBucket, step: bucketStep,
            enlarges: enlarges))
      }
      return BucketChoice(rules)
    }
  }
}
