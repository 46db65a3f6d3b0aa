import Foundation
import SafeTensors
import Testing

@testable import Adapters

private typealias F = InspectionFixtures

/// What stands beside a file, and what is wrong with it.
@Suite("Files beside the weights") struct SidecarTests {
  static let notes = #"""
    {"description": "Mika of the north", "sd version": "SD1", "activation text": "<lora:x:1>, mika_oc, blue scarf",
     "preferred weight": 0.8, "negative text": "hat", "notes": "mine"}
    """#
  static let page = #"""
    {"id": 1, "modelId": 2, "name": "v2", "baseModel": "SD 1.5", "trainedWords": ["mika_web, armor", "mika_alt"],
     "model": {"name": "Mika", "type": "LORA"}, "description": "<p>Wear &amp; <b>tear</b></p>",
     "files": [{"hashes": {"SHA256": "ABCDEF0123456789", "AutoV2": "ABCDEF0123", "AutoV3": "0123456789AB"}}]}
    """#

  private func inspect(
    _ files: [String: String], _ tensors: [F.Tensor] = F.lora(), metadata: [String: String] = F.metadata,
    name: String = "test.safetensors", options: InspectionOptions = .init()
  ) async throws -> Inspection {
    try await F.withFile(tensors, metadata: metadata, name: name) { path in
      let folder = URL(fileURLWithPath: path).deletingLastPathComponent()
      for (file, text) in files { try Data(text.utf8).write(to: folder.appending(path: file)) }
      return try await Inspection.make(path: path, options: options)
    }
  }

  @Test func notesOfWebUIs() async throws {
    let file = try await inspect(["test.json": Self.notes])
    let notes = try #require(file.recipe.notes)
    #expect(notes.files == ["test.json"] && notes.preferredWeight == 0.8 && notes.baseModel == "SD1")
    #expect(notes.negativeText == "hat" && notes.text == "mine" && notes.description == "Mika of the north")
    #expect(file.recipe.triggerCandidates.first?.token == "mika_oc")
    #expect(file.recipe.triggerCandidates.contains { $0.token == "blue scarf" && $0.confidence == 0.7 })
    let fields = file.recipe.fields.filter { $0.group == "Beside the file" }
    #expect(
      fields.map(\.id) == [
        "activation_text", "preferred_weight", "negative_text", "made_for", "published_description", "notes",
      ])
    #expect(fields.allSatisfy { $0.source == "test.json" } && file.warnings.isEmpty)
  }

  @Test func civitaiHelper() async throws {
    let file = try await inspect(["test.civitai.info": Self.page], options: .headerOnly)
    let notes = try #require(file.recipe.notes)
    #expect(notes.title == "Mika" && notes.version == "v2" && notes.description == "Wear & tear")
    #expect(
      notes.trainedWords == ["mika_web, armor", "mika_alt"] && notes.hashes == ["abcdef0123456789", "0123456789ab"])
    #expect(notes.triggers == ["mika_web", "mika_alt", "armor"])
    #expect(file.recipe.fields.first { $0.id == "made_for" }?.source == "test.civitai.info")
    #expect(file.warnings.filter { $0.level == .warning }.isEmpty, "without hashes nothing is compared")
  }

  @Test func bothAndTheirOrder() async throws {
    let file = try await inspect(["test.json": Self.notes, "test.civitai.info": Self.page], options: .headerOnly)
    let fields = Dictionary(uniqueKeysWithValues: file.recipe.fields.map { ($0.id, $0) })
    #expect(file.recipe.notes?.files == ["test.json", "test.civitai.info"])
    // A user's own notes count before the published page.
    #expect(fields["made_for"]?.value == "SD1" && fields["made_for"]?.source == "test.json")
    #expect(fields["trained_words"]?.source == "test.civitai.info" && fields["notes"]?.source == "test.json")
    #expect(fields["published_description"]?.value == "Mika of the north")
  }

  @Test func archivesHaveTheNotesOfTheirName() async throws {
    let file = try await inspect(["a.b.json": Self.notes], name: "a.b.safetensors")
    #expect(file.recipe.notes?.preferredWeight == 0.8)
  }

  @Test func windowsUnsetValues() async throws {
    let text = #"{"activation text": "", "preferred weight": 0, "sd version": "Unknown", "description": "x"}"#
    let notes = try #require(try await inspect(["test.json": text]).recipe.notes)
    #expect(notes.preferredWeight == nil && notes.baseModel == nil && notes.activationText == nil)
  }

  @Test func anybodysJSONIsNoNotes() async throws {
    let file = try await inspect(["test.json": #"{"schema": 1, "files": []}"#])
    #expect(file.recipe.notes == nil && file.warnings.isEmpty)
  }

  @Test(
    arguments: [
      ("test.json", "{", "is not JSON"), ("test.json", "[1]", "an array where an object was expected"),
      ("test.civitai.info", "\"text\"", "a string where an object was expected"), ("test.json", "", "is not JSON"),
    ])
  func badOnesAreWarnings(name: String, text: String, expected: String) async throws {
    let file = try await inspect([name: text])
    #expect(file.warnings.map(\.id) == ["sidecar-unreadable"])
    #expect(file.warnings[0].text.contains(name) && file.warnings[0].text.contains(expected))
    #expect(file.kind == .lora && file.recipe.notes == nil)
  }

  @Test func tooLargeAndFoldersAreWarnings() async throws {
    let large = "{\"notes\": \"\(String(repeating: "x", count: Sidecars.largest))\"}"
    let file = try await inspect(["test.json": large])
    #expect(file.warnings.map(\.id) == ["sidecar-unreadable"] && file.warnings[0].text.contains("more than"))
    try await F.withFile(F.lora()) { path in
      let folder = URL(fileURLWithPath: path).deletingLastPathComponent().appending(path: "test.json")
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
      let found = try await Inspection.make(path: path)
      #expect(found.warnings.map(\.id) == ["sidecar-unreadable"] && found.warnings[0].text.contains("folder"))
    }
  }

  @Test(arguments: [
    ("SDXL", true), ("Pony", true), ("Flux.1 D", true), ("SD1", false), ("SD 1.4", false), ("Other", false),
  ])
  func baseModelAgainstLayers(base: String, isOdd: Bool) async throws {
    let file = try await inspect(["test.json": #"{"sd version": "\#(base)"}"#])
    #expect(file.warnings.map(\.id) == (isOdd ? ["sidecar-base-mismatch"] : []))
    if isOdd { #expect(file.warnings[0].text.contains("“\(base)”") && file.warnings[0].text.contains("test.json")) }
  }

  @Test func pageOfAnotherFile() async throws {
    let other = try await inspect(["test.civitai.info": Self.page])
    #expect(other.warnings.map(\.id) == ["sidecar-of-another-file"])
    let hash = try #require(other.hashes.autov3)
    let own = #"{"trainedWords": ["mika"], "files": [{"hashes": {"AutoV3": "\#(hash.uppercased())"}}]}"#
    #expect(try await inspect(["test.civitai.info": own]).warnings.isEmpty)
  }

  // MARK: - PEFT

  private static let peft: [F.Tensor] = [
    F.Tensor("base_model.model.mid_block.attentions.0.proj_in.lora_A.weight", [2, 5], seed: 1),
    F.Tensor("base_model.model.mid_block.attentions.0.proj_in.lora_B.weight", [6, 2], seed: 2),
  ]

  @Test func adapterConfiguration() async throws {
    let text = #"""
      {"peft_type": "LORA", "r": 2, "lora_alpha": 16, "lora_dropout": 0.1, "use_rslora": true, "bias": "none",
       "base_model_name_or_path": "runwayml/stable-diffusion-v1-5", "target_modules": ["to_q", "to_k"],
       "rank_pattern": {}, "use_dora": false}
      """#
    let file = try await inspect(["adapter_config.json": text], Self.peft, metadata: [:])
    let network = file.recipe.network
    #expect(network.dim == 2 && network.alpha == 16 && network.dropout == 0.1 && network.algo == "lora")
    #expect(file.recipe.base.modelName == "runwayml/stable-diffusion-v1-5")
    #expect(
      network.networkArgs == [
        .init(key: "use_rslora", value: "True"), .init(key: "target_modules", value: "to_k to_q"),
      ])
    let sources = Set(file.recipe.fields.filter { $0.source != "derived" }.map(\.source))
    #expect(sources == ["adapter_config.json"])
    // The header has the last word.
    let both = try await inspect(
      ["adapter_config.json": text], Self.peft, metadata: ["ss_network_dim": "2", "ss_network_alpha": "8"])
    #expect(both.recipe.network.alpha == 8 && both.recipe.sources["alpha"] == "ss_network_alpha")
  }

  @Test func damagedAdapterConfigurationIsNoFailureHere() async throws {
    let file = try await inspect(["adapter_config.json": "{\"lora_alpha\": 16,}"], Self.peft, metadata: [:])
    #expect(
      Set(file.warnings.map(\.id)).isSuperset(of: ["sidecar-unreadable", "adapter-configuration", "alpha-assumed"]))
    #expect(file.modules == 1 && file.alpha.source == "assumed")
    // It speaks of PEFT's files alone.
    #expect(try await inspect(["adapter_config.json": "{"]).warnings.isEmpty)
  }
}
