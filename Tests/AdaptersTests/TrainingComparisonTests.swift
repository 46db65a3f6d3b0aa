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
}
