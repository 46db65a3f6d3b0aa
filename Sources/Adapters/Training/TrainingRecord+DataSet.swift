import SafeTensors

extension TrainingRecord {
  /// One `[[datasets]]` of a run with a data-set configuration: images of one size and batch.
  public struct DataSet: Sendable, Codable, Equatable {
    /// The resolution.
    public var resolution: PixelSize?
    /// Images that go through the network at once on one device.
    public var batchSize: Int?
    /// Whether images were sorted into buckets of different shapes.
    public var bucketsEnabled: Bool?
    /// Whether small images were left small.
    public var bucketNoUpscale: Bool?
    /// The shortest allowed side of a bucket, in pixels.
    public var minBucketSide: Int?
    /// The longest allowed side of a bucket, in pixels.
    public var maxBucketSide: Int?
    /// What bucket sides are multiples of, in pixels.
    public var bucketStep: Int?
    /// How images were resized.
    public var resizeInterpolation: String?
    /// The ending of caption files.
    public var captionExtension: String?
    /// Training images per epoch, with repeats.
    public var trainImages: Int?
    /// Regularisation images per epoch as stored, before they are filled up to the training images.
    public var regImages: Int?

    init(_ value: JSONValue) {
      resolution = PixelSize.read(value["resolution"])
      batchSize = value["batch_size_per_device"]?.count
      bucketsEnabled = value["enable_bucket"]?.bool
      bucketNoUpscale = value["bucket_no_upscale"]?.bool
      minBucketSide = value["min_bucket_reso"]?.count
      maxBucketSide = value["max_bucket_reso"]?.count
      bucketStep = value["bucket_reso_steps"]?.count
      resizeInterpolation = value["resize_interpolation"]?.filledText
      captionExtension = value["caption_extension"]?.filledText
      trainImages = value["num_train_images"]?.count
      regImages = value["num_reg_images"]?.count
    }
  }

  /// What was done to the images and captions of one folder; nil where the record does not tell.
  public struct FolderRules: Sendable, Codable, Equatable {
    /// Whether colours were changed at random.
    public var colourAugmentation: Bool?
    /// Whether images were mirrored at random.
    public var flipAugmentation: Bool?
    /// Whether images were cropped at random places.
    public var randomCrop: Bool?
    /// Whether tags were shuffled at each step.
    public var shuffle: Bool?
    /// How many leading tags stayed in place.
    public var keepTokens: Int?
    /// The mark that separates fixed from shuffled tags.
    public var keepTokensSeparator: String?
    /// The mark that joins tags which stay together.
    public var secondarySeparator: String?
    /// Whether `{a|b}` in captions stood for one of the two.
    public var wildcards: Bool?
    /// The text put before each caption, as stored.
    public var captionPrefix: String?
    /// The text put after each caption, as stored.
    public var captionSuffix: String?
    /// How images were resized.
    public var resizeInterpolation: String?
    /// The folder of control images.
    public var controlFolder: String?

    init(_ value: JSONValue) {
      colourAugmentation = value["color_aug"]?.bool
      flipAugmentation = value["flip_aug"]?.bool
      randomCrop = value["random_crop"]?.bool
      shuffle = value["shuffle_caption"]?.bool
      keepTokens = value["keep_tokens"]?.count
      // White space may be part of what is put before or after a caption.
      func text(_ key: String) -> String? { value[key]?.string.flatMap { $0.isEmpty ? nil : $0 } }
      keepTokensSeparator = text("keep_tokens_separator")
      secondarySeparator = text("secondary_separator")
      wildcards = value["enable_wildcard"]?.bool
      captionPrefix = text("caption_prefix")
      captionSuffix = text("caption_suffix")
      resizeInterpolation = value["resize_interpolation"]?.filledText
      controlFolder = value["control_directory"]?.filledText
    }
  }
}
