import SafeTensors

extension TrainingRecord {
  /// What was done to the captions during training.
  public struct Captions: Sendable, Codable, Equatable {
    /// Whether tags were shuffled at each step; nil when folders differ or nothing is stated.
    public var shuffle: Bool?
    /// How many leading tags stayed in place while the others were shuffled.
    public var keepTokens: Int?
    /// The mark that separates fixed from shuffled tags.
    public var keepTokensSeparator: String?
    /// The share of captions that was left out, 0...1.
    public var captionDropoutRate: Double?
    /// Every how many epochs all captions were left out; 0 is never.
    public var captionDropoutEveryNEpochs: Int?
    /// The share of single tags that was left out, 0...1.
    public var tagDropoutRate: Double?

    init(reading reader: inout MetadataReader) {
      captionDropoutRate = reader.number("ss_caption_dropout_rate")
      captionDropoutEveryNEpochs = reader.count("ss_caption_dropout_every_n_epochs")
      tagDropoutRate = reader.number("ss_caption_tag_dropout_rate")
      shuffle = reader.flag("ss_shuffle_caption")
      keepTokens = reader.count("ss_keep_tokens")

      // A run over several data sets keeps these in each subset.
      let subsets = (reader.json("ss_datasets")?.elements ?? []).flatMap { $0["subsets"]?.elements ?? [] }
      func common(_ name: String) -> JSONValue? {
        guard let first = subsets.first?[name], subsets.allSatisfy({ $0[name] == first }) else { return nil }
        return first
      }
      shuffle = shuffle ?? common("shuffle_caption")?.bool
      keepTokens = keepTokens ?? common("keep_tokens")?.count
      keepTokensSeparator = common("keep_tokens_separator")?.filledText
    }
  }
}
