import Testing

@testable import Trainer

@Suite struct CheckExposureTests {
  private let both = CheckFixture.pictures(0, 20) + CheckFixture.pictures(1, 12)

  @Test func aSoundCastHasNothingButNotes() throws {
    let check = try CheckFixture.check(CheckFixture.cast(), both)
    #expect(check.findings.allSatisfy { $0.severity == .note }, "\(check.findings)")
    #expect(check.steps == 400 && check.samples == 1600 && check.batches == 400)
    #expect(check.members.map(\.samples) == [800, 800] && check.members.map(\.share) == [0.5, 0.5])
    #expect(check.members.map(\.leastUses) == [40, 66] && check.members.map(\.mostUses) == [40, 67])
    #expect(check.members.map(\.longestGap) == [0, 0] && check.members.map(\.steps) == [400, 400])
    #expect(check.pictures.map(\.uses).reduce(0, +) == 1600 && check.pictures.count == 32)
    #expect(check.sizes == [.init(width: 64, height: 64, uses: 1600)])
  }

  /// The counts are those of the sampler itself.
  @Test func theDryRunIsExact() throws {
    let toml = CheckFixture.cast(
      steps: 77, batch: 3, "[[regularization]]\nimages = \"reg\"\nclass = \"1girl\"\npairs_with = [\"Li'sar\"]")
    let cast = try CastConfiguration(toml: toml, path: "cast.toml")
    let pictures = DatasetPictures(pictures: both + CheckFixture.pictures(2, 5))
    let report = ExposureReport(of: CastSampler(try CastPlan(cast, pictures: pictures)), steps: 77)
    let exposure = RunExposure(try DatasetOutline(cast, pictures: pictures))
    #expect(exposure.report == report)
    #expect((0..<3).map { exposure.samples(of: $0) } == report.sources.map(\.samples))
  }

  /// A set without pictures uses its character's own, which then count for each of the two apart.
  @Test func sourcesThatShareACharactersPicturesCountTheirOwn() throws {
    let toml = CheckFixture.cast(
      steps: 60, batch: 3, "[[regularization]]\ntarget = \"base\"\nclass = \"1girl\"\npairs_with = [\"Li'sar\"]")
    let cast = try CastConfiguration(toml: toml, path: "cast.toml")
    let exposure = RunExposure(try DatasetOutline(cast, pictures: DatasetPictures(pictures: both)))
    let report = exposure.report
    // 12 pictures, 60 samples of each source: 5 uses by each of the two, 10 in all.
    #expect(exposure.uses[1].count == 12 && exposure.uses[1].values.allSatisfy { $0 == 5 })
    #expect(exposure.uses[2] == exposure.uses[1])
    #expect(exposure.uses[1].keys.allSatisfy { report.pictures[$0] == 10 })
    #expect(report.sources.map { $0.pictures.values.reduce(0, +) } == report.sources.map(\.samples))
  }

  @Test func heldOutPicturesAreNotMissed() throws {
    let check = try CheckFixture.check(CheckFixture.cast(training: "validation = 0.25"), both)
    #expect(check.members.map(\.heldOut) == [5, 3] && check.members.map(\.pictures) == [15, 9])
    #expect(check.found("never-used").isEmpty)
    #expect(check.pictures.count { $0.isHeldOut } == 8 && check.pictures.allSatisfy { $0.isHeldOut == ($0.uses == 0) })
  }

  @Test func aRunThatIsTooShortSaysHowLongItMustBe() throws {
    let check = try CheckFixture.check(CheckFixture.cast(steps: 8, batch: 2), both)
    let unused = check.found("never-used")
    #expect(unused.map(\.about) == [["Konrad"], ["Li'sar"]] && unused.map(\.pictures.count) == [12, 4])
    #expect(unused[0].advice.contains("at least 20 steps") && unused[1].advice.contains("at least 12 steps"))
    #expect(check.found("few-samples").count == 2)
    let enough = try CheckFixture.check(CheckFixture.cast(steps: 20, batch: 2), both)
    #expect(enough.found("never-used").isEmpty)
  }

  @Test func wornAndFewPictures() throws {
    let worn = try CheckFixture.check(
      CheckFixture.cast(steps: 1600), CheckFixture.pictures(0, 20) + CheckFixture.pictures(1, 3))
    #expect(worn.found("worn-pictures").map(\.about) == [["Li'sar"]])
    #expect(worn.found("few-pictures").map(\.severity) == [.warning])
    let fine = try CheckFixture.check(
      CheckFixture.cast(steps: 400), CheckFixture.pictures(0, 20) + CheckFixture.pictures(1, 9))
    #expect(fine.found("worn-pictures").isEmpty && fine.found("few-pictures").map(\.severity) == [.note])
  }

  @Test func sizesThatShareNoBatchCostTime() throws {
    let mixed = CheckFixture.pictures(0, 20) + CheckFixture.pictures(1, 12, size: PixelSize(64, 256))
    let toml = CheckFixture.cast().replacing("resolution = 64", with: "resolution = 128\nmin_bucket = 64")
    let check = try CheckFixture.check(toml, mixed)
    #expect(check.found("split-steps").count == 1 && check.batches == 800)
    #expect(Set(check.sizes) == [.init(width: 128, height: 128, uses: 800), .init(width: 64, height: 256, uses: 800)])
    #expect(try CheckFixture.check(CheckFixture.cast(), both).found("split-steps").isEmpty)
  }

  @Test func oneSampleInAStepLeavesOthersWaiting() throws {
    let many = (0..<60).map {
      "[[character]]\nname = \"\($0)\"\ntrigger = \"q\($0)x\"\nclass = \"1boy\"\nimages = \"c\($0)\""
    }
    let text = CheckFixture.cast(steps: 620, batch: 1, many.joined(separator: "\n"))
    let pictures = (0..<62).flatMap { CheckFixture.pictures($0, 1) }
    #expect(try CheckFixture.check(text, pictures).found("long-gap").count == 62)
    let batch = text.replacing("batch = 1", with: "batch = 4")
    #expect(try CheckFixture.check(batch, pictures).found("long-gap").isEmpty)
  }

  private static let folders = """
    [[datasets]]
    resolution = 64
    batch_size = 2
      [[datasets.subsets]]
      image_dir = "data/konrad"
      num_repeats = 10
      [[datasets.subsets]]
      image_dir = "data/lisar"
      num_repeats = 4
    """

  @Test func repeatsAreEvenedOut() throws {
    let pictures =
      CheckFixture.pictures(0, 20, caption: { "konrad, tag \($0), portrait" })
      + CheckFixture.pictures(1, 10, caption: { "lisar, tag \($0), portrait" })
    let check = try CheckFixture.kohya(Self.folders, pictures, steps: 960)
    #expect(check.kind == .kohya && check.members.map(\.name) == ["konrad", "lisar"])
    #expect(check.members.map(\.trigger) == ["konrad", "lisar"])
    #expect(check.members.map(\.samples) == [1600, 320])
    let unequal = check.found("unequal-exposure")
    #expect(unequal.map(\.severity) == [.problem] && unequal[0].advice.contains("konrad 10, lisar 20"))
    #expect(check.found("no-trigger").isEmpty)
    let even = Self.folders.replacing("num_repeats = 4", with: "num_repeats = 20")
    #expect(try CheckFixture.kohya(even, pictures, steps: 960).found("unequal-exposure").isEmpty)
  }

  @Test func foldersWithoutAWordOfTheirOwn() throws {
    let pictures = CheckFixture.pictures(0, 4) + CheckFixture.pictures(1, 10, caption: { "lisar, portrait, \($0)" })
    let check = try CheckFixture.kohya(Self.folders, pictures)
    #expect(check.found("no-trigger").map(\.about) == [["konrad"]] && check.members[0].trigger == nil)
  }

  @Test func pooledRegularizationThatNeverComesUp() throws {
    let toml = Self.folders + "\n  [[datasets.subsets]]\n  image_dir = \"reg\"\n  is_reg = true"
    let training = CheckFixture.pictures(0, 2) + CheckFixture.pictures(1, 5)
    let check = try CheckFixture.kohya(toml, training + CheckFixture.pictures(2, 50))
    let starved = check.found("starved-regularization")
    #expect(starved.map(\.severity) == [.warning] && starved[0].pictures.count == 10)
    #expect(starved[0].pictures.first == "2/40.png")
    // 2 × 10 + 5 × 4 uses make up 40 pictures exactly.
    #expect(
      try CheckFixture.kohya(toml, training + CheckFixture.pictures(2, 40)).found("starved-regularization").isEmpty)
  }
}
