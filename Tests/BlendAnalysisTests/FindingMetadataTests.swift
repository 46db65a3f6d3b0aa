import Adapters
import Testing

@testable import BlendAnalysis

/// What two LoRAs' records say of one another, each rule with a case that just misses it.
@Suite("Findings from metadata")
struct FindingMetadataTests {
  private func findings(_ metadata: [String: String]...) -> [Finding] {
    let records = metadata.enumerated().map { (name: "abc".map(String.init)[$0], record: TrainingRecord(metadata: $1)) }
    return CaptionFindings.all(records) + RecipeFindings.all(records)
  }

  private func ids(_ metadata: [String: String]...) -> [String] {
    let records = metadata.enumerated().map { (name: "abc".map(String.init)[$0], record: TrainingRecord(metadata: $1)) }
    return (CaptionFindings.all(records) + RecipeFindings.all(records)).map(\.id)
  }

  /// A kohya record of one folder, ten captions, and these tags with their counts.
  private func record(
    _ folder: String, repeats: Int = 4, epochs: Int = 10, tags: [String: Int] = [:], _ more: [String: String] = [:]
  ) -> [String: String] {
    let counts = tags.map { "\"\($0)\": \($1)" }.sorted().joined(separator: ", ")
    return [
      "ss_dataset_dirs": "{\"\(repeats)_\(folder)\": {\"n_repeats\": \(repeats), \"img_count\": 10}}",
      "ss_tag_frequency": "{\"\(repeats)_\(folder)\": {\(counts)}}", "ss_epoch": "\(epochs)",
    ].merging(more) { $1 }
  }

  @Test func nothingToSay() {
    #expect(ids([:], [:]).isEmpty)
    #expect(ids(record("konrad_httt"), record("lisar_httt")).isEmpty)
  }

  @Test func sharedTrigger() throws {
    let tags = ["konrad_httt": 10, "crown": 3]
    let shared = findings(record("konrad_httt 1boy", tags: tags), record("konrad_httt 1girl", tags: tags))
    let found = try #require(shared.first { $0.id == "shared-trigger" })
    #expect(found.severity == .high && found.pair == ["a", "b"] && found.evidence.contains("\"konrad_httt\""))
    let apart = ids(
      record("konrad_httt 1boy", tags: ["konrad_httt": 10]), record("lisar_httt 1girl", tags: ["lisar_httt": 10]))
    #expect(!apart.contains("shared-trigger"))
  }

  @Test func sharedTags() throws {
    func pair(_ count: Int, _ second: String) -> [Finding] {
      findings(
        record("konrad_httt", tags: ["konrad_httt": 10, "cape": 9, "sword": count, "1boy": 10, "solo": 10]),
        record("lisar_httt", tags: ["lisar_httt": 10, "cape": 9, second: 9, "1boy": 10, "solo": 10]))
    }
    let found = try #require(pair(5, "sword").first { $0.id == "shared-tags" })
    // On exactly half of ten captions; what nearly every picture has does not count.
    #expect(found.evidence.contains("2 tags") && found.evidence.contains("\"cape\", \"sword\""))
    #expect(found.severity == .medium && found.pair == ["a", "b"])
    #expect(!pair(4, "sword").contains { $0.id == "shared-tags" }, "on fewer than half of the captions")
    #expect(!pair(5, "crown").contains { $0.id == "shared-tags" }, "one shared tag alone says little")
  }

  @Test func unequalExposure() throws {
    let found = try #require(
      findings(record("konrad"), record("lisar", repeats: 13), record("delfador", repeats: 8)).first {
        $0.id == "unequal-exposure"
      })
    #expect(found.pair == ["b", "a"] && found.evidence == "b saw its pictures 1300 times in all, a 400 times")
    #expect(!ids(record("konrad"), record("lisar", repeats: 12)).contains("unequal-exposure"), "three times is allowed")
    #expect(ids(record("konrad"), record("lisar", epochs: 31)).contains("unequal-exposure"), "epochs count as well")
    #expect(!ids(record("konrad"), [:]).contains("unequal-exposure"), "what is not recorded is not compared")
  }

  /// Counts come from files: the largest numbers there are must not overflow anything.
  @Test func absurdCounts() {
    let most = Int.max
    let absurd = record(
      "konrad", repeats: most, epochs: most, tags: ["cape": most, "sword": most, "Cape": most],
      [
        "ss_dataset_dirs":
          "{\"x\": {\"n_repeats\": \(most), \"img_count\": \(most)}, \"y\": {\"n_repeats\": 2, \"img_count\": \(most)}}"
      ]
    )
    #expect(TrainingRecord(metadata: absurd).imagesShown == most)
    #expect(ids(absurd, record("lisar")).contains("unequal-exposure"))
    #expect(!ids(absurd, absurd).contains("unequal-exposure"))
  }

  @Test func bases() throws {
    let nai = ["ss_sd_model_name": "animefull-final-pruned.safetensors"]
    let illustrious = ["ss_sd_model_name": "Illustrious-XL-v0.1.safetensors"]
    let found = try #require(findings(nai, illustrious).first { $0.id == "different-base" })
    #expect(found.severity == .medium && found.evidence.contains("Illustrious-XL-v0.1"))
    #expect(!ids(nai, nai).contains("different-base"))
    #expect(!ids(nai, [:]).contains("different-base"), "an unnamed base is not a different one")

    let derivative = ["ss_sd_model_name": "waiNSFWIllustrious_v110.safetensors"]
    let finding = try #require(findings(illustrious, derivative).first { $0.id == "derivative-base" })
    #expect(finding.pair == ["b"] && finding.severity == .low && finding.evidence.contains("waiNSFWIllustrious"))
    #expect(!ids(illustrious, nai).contains("derivative-base"))
  }

  @Test func prediction() throws {
    let v = ["modelspec.prediction_type": "v"]
    let epsilon = ["modelspec.prediction_type": "epsilon"]
    let found = try #require(findings(v, epsilon).first { $0.id == "different-prediction" })
    #expect(found.severity == .high && found.pair == ["a", "b"])
    #expect(!ids(v, v).contains("different-prediction") && !ids(v, [:]).contains("different-prediction"))
  }

  @Test func recipes() throws {
    func recipe(_ rank: String) -> [String: String] {
      [
        "ss_network_dim": rank, "ss_network_alpha": "8", "ss_unet_lr": "0.0001", "ss_optimizer": "AdamW",
        "ss_lr_scheduler": "cosine", "ss_max_train_steps": "1000", "ss_batch_size_per_device": "2",
      ]
    }
    let found = try #require(findings(recipe("8"), recipe("16")).first { $0.id == "different-recipe" })
    #expect(found.severity == .info && found.evidence.contains("rank"))
    #expect(!ids(recipe("8"), recipe("8")).contains("different-recipe"))
  }

  @Test func runs() throws {
    let run = ["ss_session_id": "1234567", "ss_training_started_at": "1700000000.0"]
    let found = try #require(findings(run, run).first { $0.id == "same-run" })
    #expect(found.severity == .info && found.pair == ["a", "b"])
    let other = ["ss_session_id": "7654321", "ss_training_started_at": "1710000000.0"]
    #expect(!ids(run, other).contains("same-run"))
  }
}
