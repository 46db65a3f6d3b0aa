internal import TOML

extension DatasetConfiguration {
  /// Where captions come from.
  public enum Kind: String, Sendable, CaseIterable {
    /// Files beside the pictures.
    case captions
    /// One metadata file.
    case metadata
    /// Files beside the pictures, with a folder of masks.
    case masks
  }

  /// One `[[datasets]]`.
  public struct Dataset: Sendable, Hashable {
    /// Where captions come from.
    public var kind = Kind.captions
    /// The resolution.
    public var resolution: PixelSize
    /// Samples in a batch; 1 by default.
    public var batch: Int
    /// Whether pictures go into buckets by shape; false by default.
    public var buckets: Bool
    /// The shortest side of a bucket; 256 by default.
    public var shortestBucket = 256
    /// The longest side of a bucket; 1024 by default.
    public var longestBucket = 1024
    /// What bucket sides are multiples of; 64 by default.
    public var bucketStep = 64
    /// Whether pictures that are too small are enlarged; true by default.
    public var enlarges = true
    /// The strength of the LoRA while these are trained; 1 by default.
    public var networkMultiplier = 1.0
    /// The share of pictures that is held out; 0 by default.
    public var validationSplit = 0.0
    /// The seed of the held-out pictures.
    public var validationSeed: Int?
    /// What the loss of regularisation pictures is multiplied with; 1 by default.
    public var priorWeight: Double
    /// The subsets; at least one.
    public var subsets: [Subset]

    init(subsets: [Subset], defaults: Defaults) {
      resolution = defaults.resolution ?? PixelSize(512)
      (batch, priorWeight, buckets) = (defaults.batch, defaults.priorWeight, defaults.buckets)
      self.subsets = subsets
      if buckets { longestBucket = max(longestBucket, resolution.width, resolution.height) }
    }

    init(
      _ table: TOMLTable, general: [String: TOMLValue], path: String, defaults: Defaults
    ) throws(TOMLError) {
      func missing(_ line: Int, _ detail: String) -> TOMLError {
        TOMLError(path: path, line: line, subject: "dataset", rule: .missing, detail: detail)
      }
      var fields = TOMLFields(table, name: "a dataset", path: path, subject: "dataset")
      let tables = try fields.tables("subsets")
      guard !tables.isEmpty else {
        throw missing(table.line, "a dataset has subsets, this one has none; add [[datasets.subsets]]")
      }
      let kinds = tables.map {
        $0["metadata_file"] != nil ? Kind.metadata : $0["conditioning_data_dir"] != nil ? .masks : .captions
      }
      guard Set(kinds).count == 1 else {
        throw TOMLError(
          path: path, line: table.line, subject: "dataset", rule: .value,
          detail:
            "subsets with a metadata_file or masks cannot stand beside others in one dataset; give them a [[datasets]] of their own"
        )
      }
      let kind = kinds[0]
      self.kind = kind
      let own = try KohyaKeys.read(
        &fields, KohyaKeys.dataset, KohyaKeys.subset, kind == .metadata ? [:] : KohyaKeys.beside)
      let values = KohyaKeys.Values(layers: [own, general])
      guard let resolution = values.size("resolution") ?? defaults.resolution else {
        throw missing(table.line, "the resolution is not given; add resolution = 1024, or give --resolution")
      }
      self.resolution = resolution
      batch = values.int("batch_size") ?? defaults.batch
      buckets = values["enable_bucket"] == nil ? defaults.buckets : values.bool("enable_bucket")
      shortestBucket = values.int("min_bucket_reso") ?? shortestBucket
      longestBucket = values.int("max_bucket_reso") ?? longestBucket
      bucketStep = values.int("bucket_reso_steps") ?? bucketStep
      enlarges = !values.bool("bucket_no_upscale")
      networkMultiplier = values.number("network_multiplier") ?? networkMultiplier
      validationSplit = values.number("validation_split") ?? validationSplit
      validationSeed = values.int("validation_seed")
      priorWeight = defaults.priorWeight
      subsets = []
      for table in tables {
        subsets.append(try Subset(table, kind: kind, above: [own, general], path: path, defaults: defaults))
      }
      do { _ = try rule() } catch {
        throw TOMLError(path: path, line: table.line, subject: "dataset", rule: .value, detail: "\(error)")
      }
    }

    /// The sizes that pictures are brought to.
    ///
    /// Without buckets there is one; sd-scripts then refuses pictures of other sizes unless they are cropped at random,
    /// here they are scaled to cover it.
    /// - Throws: ``BucketRule/Refusal``.
    public func rule() throws(BucketRule.Refusal) -> BucketRule {
      guard buckets else { return .single(resolution) }
      return try BucketRule(
        resolution: resolution, shortest: shortestBucket, longest: longestBucket, step: bucketStep, enlarges: enlarges)
    }
  }
}
