import Adapters
import Foundation
import Testing
import Trainer

/// Metadata of runs on sd-scripts' own configurations.
@Suite struct KohyaMetadataTests {
  static let text = """
    [general]
    shuffle_caption = true
    [[datasets]]
    resolution = 512
    batch_size = 2
    enable_bucket = true
    bucket_no_upscale = true
      [[datasets.subsets]]
      image_dir = "/home/someone/10_aya"
      num_repeats = 4
      class_tokens = "aya girl"
      [[datasets.subsets]]
      image_dir = "/home/someone/reg/1_girl"
      is_reg = true
      class_tokens = "girl"
    [[datasets]]
    resolution = [768, 640]
    batch_size = 2
      [[datasets.subsets]]
      image_dir = "/home/someone/10_aya"
      num_repeats = 4
      [[datasets.subsets]]
      image_dir = "/home/other/10_aya"
      num_repeats = 3
      [[datasets.subsets]]
      image_dir = "unused"
      num_repeats = 0
    """

  private static func metadata() throws -> TrainingMetadata {
    let configuration = try DatasetConfiguration(toml: text, path: "dataset.toml")
    let pictures = MetadataFixture.pictures([5, 30, 5, 2, 0]) { subset, _ in subset == 1 ? "girl" : "Aya, girl" }
    let sampler = KohyaSampler(
      blocks: try configuration.blocks(pictures), sizes: pictures.sizes, accumulation: 2, seed: 42)
    var cast = try CastConfiguration(toml: CastConfigurationTests.least, path: "cast.toml")
    (cast.training.accumulation, cast.training.steps) = (2, 100)
    return .kohya(
      cast, configuration: configuration, pictures: pictures, sampler: sampler,
      exposure: ExposureReport(of: sampler, steps: 50), base: MetadataFixture.model(),
      progress: MetadataFixture.progress, file: MetadataFixture.file())
  }

  @Test func everythingIsAsSdScriptsHasIt() throws {
    let entries = try Self.metadata().entries
    let record = TrainingRecord(metadata: try MetadataFixture.stored(entries))
    #expect(record.unreadable.isEmpty)
    let folders = record.data.datasets
    #expect(folders.map(\.name) == ["10_aya", "10_aya", "10_aya (2)", "1_girl"])
    #expect(folders.map(\.images) == [5, 5, 2, 30] && folders.map(\.repeats) == [4, 4, 3, 1])
    #expect(folders.map(\.classTokens) == ["aya girl", nil, nil, "girl"])
    #expect(folders.map(\.isRegularisation) == [false, false, false, true])
    // 20 and 26 training pictures; 30 of the set are there, of which 20 are used.
    #expect(record.data.numTrainImages == 46 && record.data.numRegImages == 30)
    let sets = try #require(MetadataFixture.json(entries["ss_datasets"]) as? [[String: Any]])
    #expect(sets.map { $0["num_train_images"] as? Int } == [20, 26])
    #expect(sets.map { $0["enable_bucket"] as? Bool } == [true, false])
    #expect(sets.map { $0["resolution"] as? [Int] } == [[512, 512], [768, 640]])
    #expect(sets[1]["min_bucket_reso"] is NSNull && sets[0]["bucket_no_upscale"] as? Bool == true)
    func counts(_ set: [String: Any]) throws -> [Int] {
      let info = try #require(set["bucket_info"] as? [String: Any])
      let buckets = try #require(info["buckets"] as? [String: [String: Any]])
      return buckets.values.compactMap { $0["count"] as? Int }
    }
    #expect(try counts(sets[0]).reduce(0, +) == 40 && counts(sets[1]) == [26])
    // Two sizes of 12 and 8 training and 10 and 10 other pictures: 11 and 9 batches; then 13 of the second block.
    #expect(record.data.batchesPerEpoch == 20 + 13 && record.optimisation.epochs == 6)
    #expect(entries["ss_resolution"] == nil && entries["ss_shuffle_caption"] == "True")
    #expect(!entries.values.contains { $0.contains("someone") })
    let tags = try #require(MetadataFixture.json(entries["ss_tag_frequency"]) as? [String: [String: Int]])
    #expect(tags == ["10_aya": ["aya": 5, "girl": 5], "10_aya (2)": ["aya": 2, "girl": 2], "1_girl": ["girl": 30]])
  }

  @Test func foldersStandForCharacters() throws {
    let cast = try #require(TrainingRecord(metadata: try Self.metadata().entries).cast)
    #expect(cast.matching == "kohya" && cast.characters.map(\.images) == [5, 5, 2])
    #expect(cast.characters[0].className == "aya girl" && cast.characters[0].trigger.isEmpty)
    #expect(cast.regularization.count == 1 && cast.regularization[0].pairsWith.isEmpty)
    #expect(cast.regularization[0].ratio == nil && cast.regularization[0].samples > 0)
    #expect(abs(cast.characters.reduce(0) { $0 + $1.share } - 1) < 1e-12)
  }
}
