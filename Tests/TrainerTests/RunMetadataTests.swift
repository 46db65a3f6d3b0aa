import Adapters
import Testing

@testable import Trainer

/// Metadata from a run's own plan, of each kind of run.
@Suite struct RunMetadataTests {
  private static func record(_ plan: RunPlan, character: Int? = nil, steps: Int = 100) -> TrainingRecord {
    let facts = RunFacts(
      plan: plan, step: steps, exposure: plan.steps.exposure(steps: steps), character: character,
      layers: ["unet": 722], session: "9", started: 10, finished: 70)
    return TrainingRecord(
      metadata: TrainingMetadata(facts, base: MetadataFixture.model(), session: "9", version: "0.1.0").entries)
  }

  @Test func casts() throws {
    let (cast, pictures) = try MetadataFixture.full()
    let plan = try RunPlan(cast, pictures: pictures)
    let record = Self.record(plan, character: 1)
    #expect(record.identity.outputName == "cast-Li-sar" && record.identity.durationSeconds == 60)
    #expect(record.cast?.file == "Li'sar" && record.cast?.layers == ["unet": 722] && record.cast?.steps == 100)
    #expect(record.data.datasets.map(\.name) == ["lisar", "duo"] && record.identity.sessionID == "9")
    #expect(record.cast?.matching == "cast" && record.unreadable.isEmpty)
  }

  /// One block as sd-scripts has it: shares are repeats, and the sets are pooled.
  @Test func castsMatchedAsSdScriptsDoes() throws {
    let (cast, pictures) = try MetadataFixture.full {
      $0.training.matching = .kohya
      $0.training.validation = 0.2
      $0.network.mode = .shared
    }
    let plan = try RunPlan(cast, pictures: pictures)
    let record = Self.record(plan)
    #expect(record.identity.outputName == "cast" && record.unreadable.isEmpty)
    let folders = record.data.datasets
    #expect(folders.map(\.name) == ["face", "body", "lisar", "duo", "1boy"])
    // A fifth of each character's subsets, rounded down, is held out; body has a share of 2.
    #expect(folders.map(\.images) == [8, 4, 5, 2, 20] && folders.map(\.repeats) == [1, 2, 1, 1, 1])
    #expect(
      folders.map(\.classTokens) == [
        "konrad_httt, 1boy", "konrad_httt, 1boy", "lisar_httt, 1girl", "konrad_httt, lisar_httt", "1boy",
      ])
    #expect(record.data.numTrainImages == 8 + 8 + 5 + 2)
    // As many uses of the set as of training pictures.
    #expect(record.data.buckets.map(\.count).reduce(0, +) == 46)
    let told = try #require(record.cast)
    #expect(told.matching == "kohya" && told.mode == "shared" && told.file == nil)
    #expect(told.characters.map(\.images) == [12, 5] && told.groups.map(\.images) == [2])
    let all = told.characters.reduce(0) { $0 + $1.samples } - told.groups[0].samples
    let group = told.groups[0].samples
    #expect(group > 0 && abs(told.characters[0].share - Double(told.characters[0].samples) / Double(all)) < 1e-12)
    #expect(told.regularization.map(\.images) == [20, 0] && told.regularization.allSatisfy { $0.pairsWith.isEmpty })
    // Training and regularisation samples are all there are.
    let exposure = plan.steps.exposure(steps: 100)
    #expect(all + told.regularization[0].samples == exposure.sources.reduce(0) { $0 + $1.samples })
    // Of a character's own file the others' folders are no part.
    let own = Self.record(try RunPlan(Self.separate(cast), pictures: pictures), character: 0)
    #expect(own.data.datasets.map(\.name) == ["face", "body", "duo", "1boy"] && own.cast?.file == "Konrad")
  }

  private static func separate(_ cast: CastConfiguration) -> CastConfiguration {
    var cast = cast
    cast.network.mode = .separate
    return cast
  }

  @Test func sdScriptsConfigurations() throws {
    let configuration = try DatasetConfiguration(toml: KohyaMetadataTests.text, path: "dataset.toml")
    let pictures = MetadataFixture.pictures([5, 30, 5, 2, 0])
    var cast = try CastConfiguration(toml: CastConfigurationTests.least, path: "runs/a.toml")
    cast.characters = []
    let record = Self.record(try RunPlan(cast, dataset: configuration, pictures: pictures))
    #expect(record.identity.outputName == "a" && record.data.datasets.map(\.images) == [5, 5, 2, 30])
    #expect(record.cast?.characters.map(\.name) == ["10_aya", "10_aya", "10_aya"])
    #expect(record.unreadable.isEmpty)
  }
}
