import Foundation
import Testing

@testable import Adapters

@Suite("Training records")
struct TrainingRecordTests {
  @Test func kohya() throws {
    let record = TrainingRecord(metadata: TrainingFixtures.kohya)
    #expect(record.unreadable.isEmpty)
    #expect(record.identity.trainer == "kohya sd-scripts")
    #expect(record.identity.durationSeconds == 3600)
    #expect(record.base.modelHash == "ab12")
    #expect(record.base.predictionType == .epsilon)
    #expect(record.base.assessment.kind == .foundation)
    #expect(record.network.algo == "locon")
    #expect(record.network.dim == 32 && record.network.alpha == 16)
    #expect(record.network.convDim == 8 && record.network.convAlpha == 4)
    let o = record.optimisation
    #expect(o.optimizer == "AdamW")
    #expect(o.optimizerArgs.map(\.key) == ["weight_decay", "betas"])
    #expect(o.optimizerArgs.last?.value == "(0.9, 0.99)")
    #expect(o.textEncoderLR == [5e-05, 2e-05])
    #expect(o.batchSize == 2 && o.seed == 42)
    #expect(record.noise.noiseOffset == nil && record.noise.minSNRGamma == 5)
    #expect(record.data.resolutions == [.init(width: 1024, height: 1024)])
    #expect(record.data.buckets.map(\.count) == [200, 100])
    let folder = try #require(record.data.datasets.first)
    #expect(folder.exposure == 300 && folder.concept == "mika" && folder.captions == 30)
    #expect(folder.topTags.map(\.tag) == ["1girl", "mika_oc", "red hair", "smile"])
    #expect(record.triggerCandidates.first?.token == "mika_oc")
    #expect(record.triggerCandidates.map(\.token).contains("blue scarf"))
    #expect(!record.triggerCandidates.map(\.token).contains("1girl"))
    #expect(record.findings().isEmpty)
  }

  @Test func severalDatasets() throws {
    let record = TrainingRecord(metadata: TrainingFixtures.multiple)
    #expect(record.unreadable.isEmpty)
    #expect(record.identity.trainer == "LyCORIS via sd-scripts")
    #expect(record.network.algo == "loha" && record.network.isDoRA)
    #expect(record.data.datasets.map(\.name) == ["aya", "rin", "1_girl"])
    #expect(record.data.datasets.map(\.exposure) == [400, 80, 50])
    #expect(record.data.datasets.map(\.isRegularisation) == [false, false, true])
    #expect(record.data.datasets.first?.classTokens == "aya girl")
    #expect(record.data.resolutionText == "1024×1024" && record.data.maxBucketSide == 2048)
    #expect(record.optimisation.batchSize == 4)
    #expect(record.captions.shuffle == true && record.captions.keepTokens == 1)
    let rinrin = try #require(record.triggerCandidates.first { $0.token == "rinrin" })
    #expect(rinrin.folder == "rin" && rinrin.confidence > 0.8)
    let rin = try #require(record.triggerCandidates.first { $0.token == "rin (game)" })
    let hat = try #require(record.triggerCandidates.first { $0.token == "hat" })
    #expect(rin.folder == "rin" && rin.confidence > hat.confidence)
    #expect(!record.triggerCandidates.contains { $0.token == "girl" })
    #expect(record.base.assessment.kind == .derivative)
    let ids = Set(record.findings().map(\.id))
    #expect(ids == ["truncated-training", "text-encoder-not-trained", "unbalanced-exposure"])
  }

  @Test func aiToolkit() throws {
    let record = TrainingRecord(metadata: TrainingFixtures.aiToolkit)
    #expect(record.identity.trainer == "ai-toolkit 0.1.0")
    #expect(record.optimisation.steps == 2000 && record.optimisation.epochReached == 20)
    #expect(record.isHashOfNothing)
    #expect(record.data.datasets.isEmpty)
    let trigger = try #require(record.triggerCandidates.first)
    #expect(trigger.token == "S0RA" && trigger.confidence > 0.9 && trigger.folder == nil)
    #expect(Set(record.findings().map(\.id)) == ["base-version-doubtful", "hash-of-nothing"])
  }

  @Test func oneTrainer() throws {
    let record = TrainingRecord(metadata: TrainingFixtures.oneTrainer)
    #expect(record.unreadable.isEmpty)
    #expect(record.identity.trainer == "OneTrainer" && record.identity.trainerRevision == "deadbeef")
    #expect(record.identity.outputName == "hana")
    #expect(record.base.modelName == "noobaiXLNAIXL_vPred10Version.safetensors")
    #expect(record.base.assessment.foundation == "NoobAI-XL")
    #expect(record.base.assessment.kind == .foundation)
    #expect(record.base.assessment.expectedPrediction == .velocity && record.base.predictionType == .velocity)
    #expect(record.network.dim == 16 && record.network.alpha == 8 && record.network.isDoRA)
    #expect(record.network.algo == "lora")
    #expect(record.optimisation.optimizer == "ADAMW" && record.optimisation.scheduler == "cosine")
    #expect(record.optimisation.unetLR == 0.0003 && record.optimisation.textEncoderLR == [1e-05, 0])
    #expect(record.noise.minSNRGamma == 5)
    let folder = try #require(record.data.datasets.first)
    #expect(folder.name == "hana" && folder.repeats == 3 && folder.images == nil && folder.exposure == nil)
    #expect(record.findings().isEmpty)
  }

  @Test func diffusers() {
    let record = TrainingRecord(metadata: TrainingFixtures.diffusers)
    #expect(record.identity.trainer == "diffusers")
    #expect(record.network.dim == 8 && record.network.alpha == 16 && !record.network.isDoRA)
    #expect(TrainingRecord(metadata: ["format": "pt"]).identity.trainer == "diffusers or PEFT")
  }

  @Test func nothing() {
    let record = TrainingRecord(metadata: [:])
    #expect(record.identity.trainer == "unknown")
    #expect(record.fields.isEmpty && record.findings().isEmpty && record.triggerCandidates.isEmpty)
    #expect(record.base.assessment.kind == .unknown)
  }

  @Test func dynamicRank() {
    let record = TrainingRecord(metadata: ["ss_network_dim": "Dynamic", "ss_network_alpha": "Dynamic"])
    #expect(record.network.dim == nil && record.network.dimText == "Dynamic" && record.unreadable.isEmpty)
    #expect(record.fields.first { $0.id == "rank" }?.value == "Dynamic")
  }

  @Test func supermerger() {
    let record = TrainingRecord(metadata: [
      "sshs_cp10": #"{"ss_output_name": "b"}"#, "sshs_cp2": #"{"modelspec.title": "a"}"#,
      "sshs_ratio": "[1, 1]",
      "sshs_cp11": "{broken",
    ])
    #expect(record.identity.trainer == "supermerger merge")
    #expect(record.mergedFrom == ["a", "b", "unnamed (cp11)"])
    #expect(record.unreadable == ["sshs_cp11"])
  }

  @Test func unreadableValues() {
    let record = TrainingRecord(metadata: [
      "ss_network_dim": "many", "ss_learning_rate": "nan", "ss_steps": "-4", "ss_dataset_dirs": "[1]",
      "ss_tag_frequency": #"{"a": {"tag": "often"}}"#, "ss_v2": "perhaps", "ss_datasets": #"[1, "x"]"#,
      "ss_bucket_info": "7", "ot_config": "nonsense", "ss_unet_lr": "1e999",
    ])
    #expect(
      record.unreadable == [
        "ot_config", "ss_bucket_info", "ss_dataset_dirs", "ss_datasets", "ss_learning_rate", "ss_network_dim",
        "ss_steps", "ss_tag_frequency", "ss_unet_lr", "ss_v2",
      ])
    #expect(record.findings().map(\.id) == ["unreadable-metadata"])
  }

  @Test func absurdCountsDoNotTrap() {
    let record = TrainingRecord(metadata: [
      "ss_dataset_dirs": #"{"9_a": {"n_repeats": 9223372036854775807, "img_count": 9223372036854775807}}"#,
      "ss_tag_frequency": #"{"9_a": {"x": 9223372036854775807, " x": 5}}"#,
      "ss_training_started_at": "-1e300", "ss_training_finished_at": "1e300",
      "ss_bucket_info":
        #"{"buckets": {"0": {"resolution": [1, 1], "count": 9223372036854775807}, "1": {"resolution": [1, 1], "count": 3}}}"#,
    ])
    #expect(record.data.datasets.first?.exposure == .max)
    #expect(record.data.buckets.first?.count == .max)
    #expect(!record.fields.contains { $0.id == "started" })
  }

  @Test func survivesCoding() throws {
    for metadata in TrainingFixtures.all {
      let record = TrainingRecord(metadata: metadata)
      let encoded = try JSONEncoder().encode(record)
      #expect(try JSONDecoder().decode(TrainingRecord.self, from: encoded) == record)
    }
  }

  /// A small generator with a fixed seed, so that a failure repeats.
  private struct SplitMix: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
      state &+= 0x9E37_79B9_7F4A_7C15
      var z = state
      z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
      z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
      return z ^ (z >> 31)
    }
  }

  @Test(arguments: 0..<4) func garbageNeverTraps(seed: UInt64) throws {
    var random = SplitMix(state: seed)
    let pieces = [
      "", "None", "{}", "[]", "NaN", "-1", "1e308", "9223372036854775808", "(((", "\"", "\\", "\\u", "🎭",
      "\0", "((1,2),3)",
      #"{"buckets": null}"#, #"{"a": {"n_repeats": -1}}"#, #"[{"subsets": [null, {"image_dir": ""}]}]"#,
      "true", "\u{301}", "trigger is",
      "İtrigger word: ß", #"{"x": "\ud800"}"#, "8_", "(2)", "torch.optim.Adam(", "e3b0c442",
    ]
    let files = TrainingFixtures.all + [[TrainingRecord.Cast.key: CastRecordTests.cast.text]]
    let keys = Array(Set(files.flatMap(\.keys))).sorted()
    for _ in 0..<150 {
      var metadata = files.randomElement(using: &random) ?? [:]
      for _ in 0..<Int.random(in: 1...12, using: &random) {
        let key = keys.randomElement(using: &random) ?? ""
        var bytes = Array((metadata[key] ?? "").utf8)
        switch Int.random(in: 0..<4, using: &random) {
        case 0: metadata[key] = pieces.randomElement(using: &random)
        case 1 where !bytes.isEmpty:
          bytes.remove(at: Int.random(in: 0..<bytes.count, using: &random))
          metadata[key] = String(decoding: bytes, as: UTF8.self)
        case 2 where !bytes.isEmpty:
          bytes[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
          metadata[key] = String(decoding: bytes, as: UTF8.self)
        default:
          let piece = Array((pieces.randomElement(using: &random) ?? "").utf8)
          bytes.insert(contentsOf: piece, at: Int.random(in: 0...bytes.count, using: &random))
          metadata[key] = String(decoding: bytes, as: UTF8.self)
        }
      }
      let record = TrainingRecord(metadata: metadata)
      _ = record.fields
      _ = record.findings()
      // No NaN or infinity may reach the encoder, which refuses them.
      _ = try JSONEncoder().encode(record)
      _ = RecipeComparison([("a", record), ("b", TrainingRecord(metadata: TrainingFixtures.kohya))])
    }
  }
}
