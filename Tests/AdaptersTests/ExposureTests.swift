import Testing

@testable import Adapters

/// How often each character of a run is shown.
@Suite("Exposure") struct ExposureTests {
  private func exposure(_ metadata: [String: String]) throws -> TrainingRecord.Exposure {
    try #require(TrainingRecord(metadata: metadata).exposure)
  }

  @Test func twoCharactersAndRegularisation() throws {
    let found = try exposure(TrainingFixtures.multiple)
    #expect(found.characters.map(\.name) == ["aya", "rin"])
    #expect(found.characters.map(\.perEpoch) == [400, 80] && found.characters.map(\.images) == [40, 40])
    #expect(found.characters.map(\.classTokens) == ["aya girl", nil])
    #expect(abs(found.characters[0].share - 400.0 / 480) < 1e-12)
    // Saved in the fourth epoch.
    #expect(found.epochs == 4 && found.characters.map(\.total) == [1600, 320])
    // 50 images are brought to 480 uses: nine rounds of all, and 30 once more.
    #expect(found.regularisation.map(\.name) == ["girl"] && found.regularisation.map(\.perEpoch) == [480])
    #expect(found.regularisation[0].share == 1 && found.regularisation[0].total == 1920)
  }

  private static func set(_ subsets: String, resolution: Int = 512) -> String {
    #"{"batch_size_per_device": 2, "resolution": [\#(resolution), \#(resolution)], "subsets": [\#(subsets)]}"#
  }
  private static func subset(_ name: String, _ images: Int, _ repeats: Int, reg: Bool = false) -> String {
    #"{"image_dir": "\#(name)", "img_count": \#(images), "num_repeats": \#(repeats), "is_reg": \#(reg)}"#
  }

  @Test func oneFolderAtSeveralResolutionsIsOneCharacter() throws {
    let sets = [512, 768, 1024].map {
      Self.set(Self.subset("aya", 20, 2) + "," + Self.subset("rin", 10, 1), resolution: $0)
    }
    let found = try exposure(["ss_datasets": "[\(sets.joined(separator: ","))]"])
    #expect(found.characters.map(\.name) == ["aya", "rin"])
    #expect(found.characters.map(\.images) == [20, 10] && found.characters.map(\.perEpoch) == [120, 30])
    #expect(found.characters[0].folders == ["aya"] && found.epochs == nil && found.characters[0].total == nil)
  }

  @Test func foldersOfOneConceptAreOneCharacter() throws {
    let metadata = [
      "ss_dataset_dirs":
        #"{"16_smf girl": {"n_repeats": 16, "img_count": 43}, "4_smf girl": {"n_repeats": 4, "img_count": 45}, "8_smf girl": {"n_repeats": 8, "img_count": 42}}"#,
      "ss_num_batches_per_epoch": "301", "ss_gradient_accumulation_steps": "2", "ss_steps": "1510",
    ]
    let found = try exposure(metadata)
    #expect(found.characters.count == 1 && found.characters[0].images == 130 && found.characters[0].perEpoch == 1204)
    #expect(found.characters[0].classTokens == "smf girl" && found.characters[0].folders.count == 3)
    // 301 batches, two to a step, are 151 steps: the last one has a batch alone.
    #expect(found.epochs == 10 && found.characters[0].total == 12_040)
  }

  @Test func aFolderTwiceInOneDataSetIsTwoFoldersOfThatName() throws {
    let sets = Self.set(Self.subset("face", 5, 1) + "," + Self.subset("face", 5, 1))
    #expect(try exposure(["ss_datasets": "[\(sets)]"]).characters[0].images == 10)
  }

  @Test(
    arguments: [
      // More than enough: two of the first folder's images with 3 repeats are 6 uses, and the second is not reached.
      ([(10, 3), (10, 1)], 5, [6, 0]),
      // The first folder is used up, the second in part.
      ([(2, 2), (10, 1)], 10, [4, 6]),
      // Too few: both once, then one more round and one image.
      ([(3, 1), (2, 1)], 11, [7, 4]),
      ([(4, 0), (2, 1)], 2, [0, 2]),
    ])
  func regularisationIsBroughtToTheTrainingImages(folders: [(Int, Int)], training: Int, expected: [Int]) throws {
    let own = folders.enumerated().map { Self.subset("reg\($0.offset)", $0.element.0, $0.element.1, reg: true) }
    let sets = Self.set(([Self.subset("aya", training, 1)] + own).joined(separator: ","))
    let found = try exposure(["ss_datasets": "[\(sets)]"])
    let uses = Dictionary(uniqueKeysWithValues: found.regularisation.map { ($0.name, $0.perEpoch) })
    #expect(folders.indices.map { uses["reg\($0)"] } == expected)
  }

  @Test func musubi() throws {
    let one =
      #"[{"resolution": [960, 544], "batch_size_per_device": 1, "num_repeats": 2, "enable_bucket": true, "bucket_no_upscale": false, "image_directory": "aya", "caption_extension": ".txt", "has_control": false}]"#
    let found = try exposure(["ss_datasets": one, "ss_num_train_items": "60", "ss_num_epochs": "3"])
    // Of a single folder the sum tells the images.
    #expect(found.characters[0].images == 30 && found.characters[0].perEpoch == 60 && found.characters[0].total == 180)
    let two = one.dropLast() + "," + one.dropFirst()
    let record = TrainingRecord(metadata: ["ss_datasets": String(two), "ss_num_train_items": "120"])
    #expect(record.exposure == nil && record.data.datasets.map(\.repeats) == [2, 2])
    #expect(record.data.sets.map(\.captionExtension) == [".txt", ".txt"])
    let odd = TrainingRecord(metadata: ["ss_datasets": one, "ss_num_train_items": "61"])
    #expect(odd.exposure == nil, "61 uses of 2 each are no whole number of images")
  }

  @Test func absurdCountsDoNotOverflow() throws {
    let most = Int.max
    let sets = Self.set(
      Self.subset("aya", most, most) + "," + Self.subset("rin", most, 1) + ","
        + Self.subset("reg", most, most, reg: true))
    let found = try exposure(["ss_datasets": "[\(sets)]", "ss_epoch": "\(most)"])
    #expect(found.characters[0].perEpoch == most && found.characters[0].total == most)
  }

  @Test func nothingCountedIsNothing() {
    #expect(TrainingRecord(metadata: TrainingFixtures.oneTrainer).exposure == nil)
    #expect(TrainingRecord(metadata: [:]).exposure == nil)
  }
}
