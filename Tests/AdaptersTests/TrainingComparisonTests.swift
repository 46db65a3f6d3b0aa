import Foundation
import Testing

@testable import Adapters

@Suite("Recipe comparison")
struct TrainingComparisonTests {
  private func record(_ changes: [String: String] = [:], without removed: [String] = []) -> TrainingRecord {
    var metadata = TrainingFixtures.kohya.merging(changes) { _, new in new }
    for key in removed { metadata[key] = nil }
    return TrainingRecord(metadata: metadata)
  }

  private func compare(_ records: TrainingRecord...) -> RecipeComparison {
    RecipeComparison(records.enumerated().map { ("file \($0.offset)", $0.element) })
  }

  private let hash = String(repeating: "ab", count: 32)

  @Test func twoSavesOfOneRun() {
    let comparison = compare(record(), record(["ss_output_name": "mika_v1-000005", "ss_steps": "750"]))
    #expect(comparison.sameRun.answer == .yes)
    #expect(comparison.sameParameters.answer == .no)
    #expect(comparison.differingParameters == ["steps"])
    let row = comparison.rows.first { $0.id == "steps" }
    #expect(row?.values == ["1500", "750"] && row?.same == false)
    #expect(comparison.rows.first { $0.id == "rank" }?.same == true)
  }

  @Test func equalRecipes() {
    let comparison = compare(record(), record(["ss_session_id": "78"]))
    #expect(comparison.sameParameters.answer == .yes && comparison.differingParameters.isEmpty)
    #expect(comparison.sameRun.answer == .no)
    #expect(comparison.sameRun.evidence.contains("folders are the same"))
    #expect(comparison.sameAuthor.answer == .likely)
  }

  @Test func bases() {
    let first = record(["ss_new_sd_model_hash": hash])
    #expect(compare(first, first).sameBase.answer == .yes)
    #expect(compare(record(), record()).sameBase.answer == .likely)
    let packed = record(["ss_sd_model_name": "sd_xl_base_1.0.safetensors", "ss_new_sd_model_hash": "cd"])
    #expect(compare(record(), packed).sameBase.answer == .likely)
    let other = record(["ss_sd_model_name": "ponyRealism_v21.safetensors", "ss_new_sd_model_hash": "cd"])
    #expect(compare(record(), other).sameBase.answer == .no)
    let versions = ["Illustrious-XL-v0.1", "Illustrious-XL-v2.0"].map {
      record(["ss_sd_model_name": $0], without: ["ss_new_sd_model_hash"])
    }
    #expect(compare(versions[0], versions[1]).sameBase.answer == .unknown)
    let nameless = record(without: ["ss_sd_model_name", "ss_new_sd_model_hash"])
    #expect(compare(record(), nameless).sameBase.answer == .unknown)
    let flux = record(
      ["ss_base_model_version": "flux1"], without: ["ss_sd_model_name", "ss_new_sd_model_hash"])
    #expect(compare(nameless, flux).sameBase.answer == .no)
  }

  @Test func oneContradictionOutweighsTheRest() {
    let other = record(["ss_sd_model_name": "ponyRealism_v21.safetensors", "ss_new_sd_model_hash": "cd"])
    let verdict = compare(record(), record(), other).sameBase
    #expect(verdict.answer == .no && verdict.evidence.hasPrefix("file 0 and file 2: "))
  }

  @Test func authors() {
    let mine = record(["modelspec.author": "Kei"])
    #expect(compare(mine, record(["modelspec.author": "kei"])).sameAuthor.answer == .yes)
    #expect(compare(mine, record(["modelspec.author": "Someone"])).sameAuthor.answer == .no)
    #expect(compare(mine, TrainingRecord(metadata: [:])).sameAuthor.answer == .unknown)
  }

  @Test func fewRecords() {
    #expect(compare().rows.isEmpty && compare().sameBase.answer == .unknown)
    #expect(compare(record()).sameRun.answer == .unknown)
    let bare = compare(record(), TrainingRecord(metadata: [:]))
    #expect(bare.sameParameters.answer == .unknown)
    #expect(bare.rows.allSatisfy { $0.values.count == 2 && $0.values[1] == nil && !$0.same })
  }

  @Test func rowsKeepTableOrder() {
    let comparison = compare(record(without: ["ss_network_alpha"]), record())
    let ids = comparison.rows.map(\.id)
    #expect(ids.firstIndex(of: "alpha") == ids.firstIndex(of: "rank").map { $0 + 1 })
    #expect(Set(ids).count == ids.count)
  }

  @Test func survivesCoding() throws {
    let comparison = RecipeComparison(TrainingFixtures.all.map { ("x", TrainingRecord(metadata: $0)) })
    let encoded = try JSONEncoder().encode(comparison)
    #expect(try JSONDecoder().decode(RecipeComparison.self, from: encoded) == comparison)
  }

  // MARK: - Trainers that spell things differently

  @Test(
    arguments: [
      ("optimizer", "AdamW8bit", "ADAMW_8BIT", true), ("optimizer", "AdamW", "AdamW8bit", false),
      ("scheduler", "cosine_with_restarts", "COSINE_WITH_RESTARTS", true), ("scheduler", "cosine", "linear", false),
      ("mixed_precision", "bf16", "bfloat_16", true), ("mixed_precision", "none (fp32)", "torch.float32", true),
      ("mixed_precision", "bf16", "fp16", false), ("loss_type", "l2", "MSE", true),
      ("base_model", "C:\\m\\Pony_v6-fp16.safetensors", "pony v6", true), ("base_model", "ponyV6", "ponyV7", false),
      ("base_version", "sdxl_", "sdxl_base_v1-0", true), ("base_version", "sd_v1", "sdxl_", false),
      ("optimizer_args", "weight_decay = 0.10, betas = (0.9, 0.99)", "betas=(0.9,0.99), weight_decay=0.1", true),
      ("optimizer_args", "weight_decay = 0.1", "weight_decay = 0.2", false), ("rank", "16", "16", true),
    ])
  func spellings(id: String, a: String, b: String, same: Bool) {
    #expect((RecipeNormalisation.value(a, of: id) == RecipeNormalisation.value(b, of: id)) == same)
  }

  @Test func offAndAbsentAreDifferentThings() throws {
    let on = record(["ss_noise_offset": "0.05", "ss_flip_aug": "True", "ss_min_snr_gamma": "5"])
    let off = record(["ss_noise_offset": "None", "ss_flip_aug": "False"], without: ["ss_min_snr_gamma"])
    let comparison = compare(on, off)
    func values(_ id: String) -> [String?]? { comparison.rows.first { $0.id == id }?.values }
    #expect(values("noise_offset") == ["0.05", "not set"] && values("flip") == ["yes", "off"])
    #expect(values("min_snr_gamma") == ["5", nil])
    let row = try #require(comparison.rows.first { $0.id == "rank" })
    #expect(row.sources == ["ss_network_dim", "ss_network_dim"])
  }

  @Test func commonRatesAreFilledIn() throws {
    let common = record(["ss_learning_rate": "0.0001"], without: ["ss_unet_lr"])
    let row = try #require(compare(record(), common).rows.first { $0.id == "unet_lr" })
    #expect(row.same && row.values == ["0.0001", "0.0001"])
  }

  @Test func acrossTrainers() {
    let other = TrainingRecord(metadata: TrainingFixtures.oneTrainer)
    let comparison = RecipeComparison([("a", record()), ("b", other)])
    let rows = Dictionary(uniqueKeysWithValues: comparison.rows.map { ($0.id, $0) })
    #expect(rows["optimizer"]?.same == true && rows["scheduler"]?.same == true, "AdamW and ADAMW are one")
    #expect(rows["base_version"]?.same == true && rows["rank"]?.same == false)
    #expect(rows["rank"]?.sources == ["ss_network_dim", "ot_config"])
  }

  @Test func differencesAlone() {
    let comparison = compare(record(), record(["ss_steps": "750"]))
    #expect(Set(comparison.differences.rows.map(\.id)) == ["steps", "samples"])
    #expect(comparison.differences.sameBase == comparison.sameBase)
    #expect(compare(record(), record()).differences.rows.isEmpty)
  }

  @Test func groupsStayTogether() {
    let comparison = compare(
      TrainingRecord(metadata: ["ss_output_name": "a", "ss_base_model_version": "sd_v1"]),
      record(["modelspec.date": "2024", "modelspec.title": "T"]), record())
    var seen: [String] = []
    for group in comparison.rows.map(\.group) where seen.last != group {
      #expect(!seen.contains(group), "\(group) stands twice")
      seen.append(group)
    }
  }

  @Test func layersComeFirst() async throws {
    let file = try await InspectionFixtures.inspect(InspectionFixtures.lora(rank: 8, alpha: 4))
    let comparison = RecipeComparison(
      [("a", file.recipe), ("b", record())], layers: [file.fields, []])
    #expect(comparison.rows.first?.group == "Layers")
    let row = comparison.rows.first { $0.id == "layers_rank" }
    #expect(row?.values == ["8", nil] && row?.sources == ["layers", nil])
    #expect(comparison.rows.first { $0.id == "layers_scale" }?.values[0] == "0.5")
  }
}
