internal import TOML

extension DatasetConfiguration {
  /// One `[[datasets.subsets]]`.
  public struct Subset: Sendable, Hashable {
    /// The folder of pictures; empty where a metadata file has whole paths.
    public var images = ""
    /// The metadata file, or nil where captions lie beside the pictures.
    public var metadata: String?
    /// The folder of masks, of the same names as the pictures.
    public var masks: String?
    /// Uses of each picture in an epoch; 1 by default, and below 1 the subset is left out.
    public var repeats = 1
    /// Whether these are regularisation pictures; false by default.
    public var isRegularization = false
    /// The caption of pictures that have none; none by default.
    public var classTokens: String?
    /// The ending of caption files; `.caption` by default.
    public var captionEnding: String
    /// Whether transparent parts are left out of the loss; false by default.
    public var masksAlpha = false
    /// Whether half of the uses are mirrored; false by default.
    public var flips = false
    /// Whether colours are changed at random; false by default.
    public var changesColours = false
    /// Whether pictures are cropped at random; false by default.
    public var cropsAtRandom = false
    /// How many times smaller than a picture a face may be after a crop around it; none by default.
    public var faceCrop: ClosedRange<Double>?
    /// How pictures are resized; the program's own way by default.
    public var interpolation: String?
    /// What is done to captions.
    public var captions: CaptionRule
    /// The line it begins on; nil for folders.
    public var line: Int?

    init(line: Int?, defaults: Defaults) {
      self.line = line
      captionEnding = defaults.captionEnding
      captions = CaptionRule()
      captions.alwaysRemovesSeparator = false
    }

    init(
      _ table: TOMLTable, kind: Kind, above: [[String: TOMLValue]], path: String, defaults: Defaults
    ) throws(TOMLError) {
      self.init(line: table.line, defaults: defaults)
      var fields = TOMLFields(table, name: "a subset", path: path, subject: "dataset")
      let own =
        switch kind {
        case .captions: try KohyaKeys.read(&fields, KohyaKeys.subset, KohyaKeys.besideOnly, KohyaKeys.beside)
        case .metadata: try KohyaKeys.read(&fields, KohyaKeys.subset, KohyaKeys.metadataOnly)
        case .masks: try KohyaKeys.read(&fields, KohyaKeys.subset, KohyaKeys.conditionOnly)
        }
      let values = KohyaKeys.Values(layers: [own] + above)
      images = values.text("image_dir") ?? ""
      metadata = values.text("metadata_file")
      masks = values.text("conditioning_data_dir")
      for (key, text) in [
        ("image_dir", kind == .metadata ? nil : images), ("metadata_file", metadata), ("conditioning_data_dir", masks),
      ] {
        guard let text, text.isEmpty else { continue }
        throw TOMLError(
          path: path, line: table[key]?.line ?? table.line, subject: "dataset", rule: .missing,
          detail: "\(key) is \(table[key] == nil ? "not given" : "empty"); write the path between its quotes")
      }
      repeats = values.int("num_repeats") ?? 1
      isRegularization = values.bool("is_reg")
      classTokens = values.text("class_tokens")
      captionEnding = values.text("caption_extension") ?? captionEnding
      masksAlpha = values.bool("alpha_mask")
      flips = values.bool("flip_aug")
      changesColours = values.bool("color_aug")
      cropsAtRandom = values.bool("random_crop")
      faceCrop = values.pair("face_crop_aug_range")
      interpolation = values.text("resize_interpolation")
      captions.prefix = values.text("caption_prefix")
      captions.suffix = values.text("caption_suffix")
      captions.separator = values.text("caption_separator") ?? ","
      captions.secondarySeparator = values.text("secondary_separator")
      captions.keptTags = values.int("keep_tokens") ?? 0
      captions.keptTagsSeparator = values.text("keep_tokens_separator")
      captions.shuffles = values.bool("shuffle_caption")
      captions.dropout = values.number("caption_dropout_rate") ?? 0
      captions.dropoutEpochs = values.int("caption_dropout_every_n_epochs") ?? 0
      captions.tagDropout = values.number("caption_tag_dropout_rate") ?? 0
      captions.expandsWildcards = values.bool("enable_wildcard")
      captions.warmUpFirst = values.int("token_warmup_min") ?? 1
      captions.warmUpSteps = values.number("token_warmup_step") ?? 0
    }
  }
}
