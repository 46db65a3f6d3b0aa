import SafeTensors

extension TrainingRecord {
  /// A size in pixels.
  public struct PixelSize: Sendable, Codable, Equatable, Hashable {
    /// Pixels from left to right.
    public var width: Int
    /// Pixels from top to bottom.
    public var height: Int

    /// Creates a size.
    public init(width: Int, height: Int) {
      self.width = width
      self.height = height
    }

    /// Reads `[w, h]`, or one number for a square.
    static func read(_ value: JSONValue?) -> PixelSize? {
      if let side = value?.count { return PixelSize(width: side, height: side) }
      guard let sides = value?.elements, sides.count == 2, let width = sides[0].count,
        let height = sides[1].count
      else { return nil }
      return PixelSize(width: width, height: height)
    }
  }

  /// A size that images were cropped to, and how many were.
  public struct Bucket: Sendable, Codable, Equatable {
    /// The size.
    public var size: PixelSize
    /// Images of this size per epoch, with repeats.
    public var count: Int
  }

  /// The images a LoRA was trained on.
  public struct Dataset: Sendable, Codable, Equatable {
    /// The training resolution as stored; several, joined by commas, when data sets differ.
    public var resolutionText: String?
    /// The training resolutions, each once.
    public var resolutions: [PixelSize]
    /// Whether images were sorted into buckets of different shapes.
    public var bucketsEnabled: Bool?
    /// Whether small images were left small.
    public var bucketNoUpscale: Bool?
    /// The shortest allowed side of a bucket, in pixels.
    public var minBucketSide: Int?
    /// The longest allowed side of a bucket, in pixels.
    public var maxBucketSide: Int?
    /// The buckets that were used, largest count first.
    public var buckets: [Bucket]
    /// Whether images were mirrored at random.
    public var flipAugmentation: Bool?
    /// Whether colours were changed at random.
    public var colourAugmentation: Bool?
    /// Whether images were cropped at random places.
    public var randomCrop: Bool?
    /// How many times smaller than a picture a face could be after a crop around it; two numbers, or none.
    public var faceCropRange: [Double]
    /// How images were resized, for example `lanczos`.
    public var resizeInterpolation: String?
    /// Images held out for validation.
    public var numValidationImages: Int?
    /// The share of images held out for validation, 0...1.
    public var validationSplit: Double?
    /// The seed by which they were drawn.
    public var validationSeed: Int?
    /// Training images per epoch, with repeats.
    public var numTrainImages: Int?
    /// Regularisation images, with repeats.
    public var numRegImages: Int?
    /// Steps per epoch before accumulation.
    public var batchesPerEpoch: Int?
    /// The image folders, in stored order; regularisation folders last.
    public var datasets: [Folder]
    /// The data sets of a run with a data-set configuration, in stored order.
    public var sets: [DataSet]

    init(reading reader: inout MetadataReader, tags: inout [String: [TagCount]]) {
      numTrainImages = reader.count("ss_num_train_images") ?? reader.count("ss_num_train_items")
      numRegImages = reader.count("ss_num_reg_images")
      batchesPerEpoch = reader.count("ss_num_batches_per_epoch")
      resolutionText = reader.text("ss_resolution")
      let sides = reader.numbers("ss_resolution").compactMap { Int(exactly: $0) }.filter { $0 >= 0 }
      resolutions = sides.first.map { [PixelSize(width: $0, height: sides.count == 2 ? sides[1] : $0)] } ?? []
      bucketsEnabled = reader.flag("ss_enable_bucket")
      bucketNoUpscale = reader.flag("ss_bucket_no_upscale")
      minBucketSide = reader.count("ss_min_bucket_reso")
      maxBucketSide = reader.count("ss_max_bucket_reso")
      flipAugmentation = reader.flag("ss_flip_aug")
      colourAugmentation = reader.flag("ss_color_aug")
      randomCrop = reader.flag("ss_random_crop")
      faceCropRange = reader.numbers("ss_face_crop_aug_range")
      resizeInterpolation = reader.text("ss_resize_interpolation")
      numValidationImages = reader.count("ss_num_validation_images")
      validationSplit = reader.number("ss_validation_split")
      validationSeed = reader.integer("ss_validation_seed")
      reader.take("ss_num_train_items")

      var counts: [PixelSize: Int] = [:]
      let summary = reader.json("ss_bucket_info")
      if let summary, !Self.add(summary, to: &counts) { reader.reject("ss_bucket_info") }
      let hasSummary = !counts.isEmpty
      let sets = Self.list(&reader)
      self.sets = sets.compactMap { $0.members == nil ? nil : DataSet($0) }
      for set in sets {
        guard set.members != nil else {
          reader.reject("ss_datasets")
          continue
        }
        // One data set alone may be summed up at the top as well, and then counts once.
        if let information = set["bucket_info"], !hasSummary { _ = Self.add(information, to: &counts) }
        for (folder, value) in (set["tag_frequency"]?.members ?? []).map({ ($0.name, $0.value) }) {
          if let list = TagCount.list(value), tags[folder] == nil { tags[folder] = list }
        }
      }
      buckets = counts.map { Bucket(size: $0.key, count: $0.value) }.sorted {
        ($1.count, $0.size.width, $0.size.height) < ($0.count, $1.size.width, $1.size.height)
      }
      datasets = Folder.all(sets, &reader, tags: tags, total: numTrainImages)
      adopt(sets)
    }

    /// Takes from the data sets what a run with a single one keeps at the top, where they agree.
    private mutating func adopt(_ sets: [JSONValue]) {
      guard !sets.isEmpty else { return }
      func common<Value: Hashable>(_ read: (JSONValue) -> Value?) -> Value? {
        let found = Set(sets.map(read))
        return found.count == 1 ? found.first ?? nil : nil
      }
      if resolutions.isEmpty {
        for size in sets.compactMap({ PixelSize.read($0["resolution"]) }) where !resolutions.contains(size) {
          resolutions.append(size)
        }
        let texts = resolutions.map { "\($0.width)×\($0.height)" }
        resolutionText = texts.isEmpty ? nil : texts.joined(separator: ", ")
      }
      bucketsEnabled = bucketsEnabled ?? common { $0["enable_bucket"]?.bool }
      bucketNoUpscale = bucketNoUpscale ?? common { $0["bucket_no_upscale"]?.bool }
      minBucketSide = minBucketSide ?? common { $0["min_bucket_reso"]?.count }
      maxBucketSide = maxBucketSide ?? common { $0["max_bucket_reso"]?.count }
    }

    private static func list(_ reader: inout MetadataReader) -> [JSONValue] {
      guard let document = reader.json("ss_datasets") else { return [] }
      if document.elements == nil { reader.reject("ss_datasets") }
      return document.elements ?? []
    }

    /// Adds `{buckets: {i: {resolution, count}}}`; false when the value has another form.
    private static func add(_ information: JSONValue, to counts: inout [PixelSize: Int]) -> Bool {
      if case .null = information { return true }
      guard information.members != nil else { return false }
      guard let buckets = information["buckets"] else { return true }
      if case .null = buckets { return true }
      guard let members = buckets.members else { return false }
      var readable = true
      for bucket in members {
        if let size = PixelSize.read(bucket.value["resolution"]), let count = bucket.value["count"]?.count {
          counts[size] = (counts[size] ?? 0).addingCapped(count)
        } else {
          readable = false
        }
      }
      return readable
    }
  }
}
