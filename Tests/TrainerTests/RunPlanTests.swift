import Testing

@testable import Trainer

/// What either kind of configuration becomes, and what is refused.
@Suite struct RunPlanTests {
  private static let sets = """
    [[group]]
    characters = ["Konrad", "Lisar"]
    images = "duo"
    [[regularization]]
    class = "1boy"
    images = "reg"
    [[regularization]]
    class = "1girl"
    target = "base"
    """

  private static func fixture(_ more: String = sets) throws -> CastFixture {
    let fixture = try CastFixture(pictures: 4, more: more)
    try fixture.draw("duo/0", seed: 1, caption: "both")
    try fixture.draw("reg/0", seed: 2, caption: "1boy")
    return fixture
  }

  @Test func castsHaveTheirOwners() throws {
    var fixture = try Self.fixture()
    (fixture.cast.training.validation, fixture.cast.training.batch) = (0.25, 4)
    let plan = try fixture.plan(processes: 3)
    #expect(plan.subsets.map(\.owner) == [.character(0), .character(1), .group([0, 1]), .regularization(0)])
    #expect(plan.members.map(\.name) == ["Konrad", "Lisar"] && plan.members[1].word.className == "1girl")
    #expect(plan.targets == [.picture, .base] && plan.notes.isEmpty)
    // A quarter of each character's four pictures; groups and sets are never held out.
    #expect(plan.heldOut.count == 2 && plan.heldOut.allSatisfy { $0 < 8 })
    guard case .cast(let sampler) = plan.steps else {
      Issue.record("not Troupe's sampler")
      return
    }
    #expect(sampler.plan.batch == 12)
    #expect(plan.measuredPictures(of: 0).count == 1 && plan.heldOut.contains(plan.measuredPictures(of: 0)[0]))
    fixture.cast.training.validation = 0
    #expect(try fixture.plan().measuredPictures(of: 1) == [4, 5, 6, 7])
  }

  @Test func sdScriptsBatchesOfACast() throws {
    var fixture = try Self.fixture()
    fixture.cast.training.matching = .kohya
    fixture.cast.characters[1].subsets[0].share = 2.4
    (fixture.cast.training.batch, fixture.cast.training.accumulation, fixture.cast.losses.priorWeight) = (2, 3, 0.5)
    let plan = try fixture.plan(processes: 2)
    guard case .kohya(let sampler) = plan.steps else {
      Issue.record("not sd-scripts' sampler")
      return
    }
    let block = try #require(sampler.blocks.first)
    #expect(sampler.blocks.count == 1 && block.batch == 4 && sampler.accumulation == 3 && block.priorWeight == 0.5)
    #expect(block.pictures.map(\.repeats) == [1, 1, 1, 1, 2, 2, 2, 2, 1, 1])
    #expect(block.pictures.map(\.isRegularization) == [Bool](repeating: false, count: 9) + [true])
    // Roles are those of subsets: the sampler knows no characters.
    var source = plan.steps
    for _ in 0..<4 {
      for sample in try source.following().samples {
        let expected: CastPlan.Role =
          switch sample.picture {
          case 0..<4: .character(0)
          case 4..<8: .character(1)
          case 8: .group([0, 1])
          default: .regularization(set: 0, characters: [])
          }
        #expect(plan.role(of: sample) == expected)
      }
    }
    #expect(plan.notes.contains { $0.contains("regularization sets without images do nothing") })
    fixture.cast.characters[0].weight = 2
    #expect(try fixture.plan().notes.contains { $0.contains("weight, ratio and pairs_with do nothing") })
    fixture.cast.training.resolutions.append(PixelSize(128))
    expectError("matching = \"kohya\" has one resolution, 2") { try fixture.plan() }
  }

  @Test func notesSayWhatDoesNothing() throws {
    func note(_ part: String, _ change: (inout CastConfiguration) -> Void) throws {
      var fixture = try CastFixture(pictures: 1)
      change(&fixture.cast)
      let notes = try fixture.plan().notes
      #expect(notes.contains { $0.contains(part) && $0.hasSuffix(".") }, "\(notes)")
    }
    try note("no held-out losses") { $0.training.validation = 0.5 }
    try note("patience does nothing") { $0.training.patience = 5 }
    try note("orthogonality does nothing") { $0.losses.orthogonality = 1 }
    try note("nothing to look at") { $0.losses.attention = 1 }
    #expect(try CastFixture(pictures: 1).plan().notes.isEmpty)
  }

  @Test func masksAreDividedOneWay() throws {
    var fixture = try CastFixture(pictures: 1)
    for index in 0..<2 {
      fixture.cast.characters[index].subsets[0].pictures.masks = true
      fixture.cast.characters[index].subsets[0].pictures.normalisesMasks = index == 0
    }
    expectError("normalize_mask", "under [images]") { try fixture.plan() }
    fixture.cast.characters[1].subsets[0].pictures.masks = false
    _ = try fixture.plan()
  }

  // MARK: - sd-scripts' configuration

  private static func dataset(
    _ subset: String = "", _ dataset: String = "", cast change: (inout CastConfiguration) -> Void = { _ in }
  ) throws -> RunPlan {
    let configuration = try DatasetConfiguration(
      toml: """
        [[datasets]]
        resolution = 64
        batch_size = 2
        min_bucket_reso = 64
        enable_bucket = true
        \(dataset)
        [[datasets.subsets]]
        image_dir = "data/konrad"
        class_tokens = "konrad"
        num_repeats = 3
        \(subset)
        [[datasets.subsets]]
        image_dir = "data/reg"
        class_tokens = "1boy"
        is_reg = true
        """, path: "data.toml")
    var cast = try CastConfiguration(toml: "[model]\ncheckpoint = \"m\"", path: "cast.toml", needsCharacters: false)
    change(&cast)
    return try RunPlan(
      cast, dataset: configuration,
      pictures: DatasetPictures(pictures: CheckFixture.pictures(0, 3) + CheckFixture.pictures(1, 2)),
      processes: 2)
  }

  @Test func datasetsHaveTheirOwners() throws {
    let plan = try Self.dataset("flip_aug = true\nrandom_crop = true\nalpha_mask = true")
    #expect(plan.subsets.map(\.owner) == [.character(0), .regularization(1)])
    #expect(plan.subsets.map(\.repeats) == [3, 1] && plan.members.map(\.name) == ["konrad", "reg"])
    let rule = plan.subsets[0].images
    #expect(rule.flips && rule.crop == .random && rule.masks && !rule.normalisesMasks && rule.offsets == .kohya)
    #expect(rule.background == [255, 255, 255] && plan.subsets[1].images.masks == false)
    guard case .kohya(let sampler) = plan.steps else {
      Issue.record("not sd-scripts' sampler")
      return
    }
    #expect(sampler.blocks.map(\.batch) == [4] && sampler.uses == [[3, 3, 3, 5, 4]] && plan.heldOut.isEmpty)
    #expect(plan.notes.isEmpty)
    let noted = try Self.dataset("resize_interpolation = \"area\"")
    #expect(noted.notes.contains { $0.contains("resize_interpolation = \"area\"") && $0.contains("Lanczos") })
    let held = try Self.dataset { $0.training.validation = 0.2 }
    #expect(held.notes.contains { $0.contains("validation") })
  }

  @Test func whatIsNotDoneIsRefused() throws {
    expectError("data.toml", "color_aug") { try Self.dataset("color_aug = true") }
    expectError("data.toml", "face_crop_aug_range") { try Self.dataset("face_crop_aug_range = [1.5, 3]") }
    expectError("data.toml", "network_multiplier") { try Self.dataset("", "network_multiplier = 0.5") }
    expectError("data.toml", "validation_split") { try Self.dataset("", "validation_split = 0.1") }
    expectError("mode = \"separate\"", "write a cast") { try Self.dataset { $0.network.mode = .separate } }
  }
}
