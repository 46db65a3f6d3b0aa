import Foundation
import Merge
import Testing

@testable import Adapters

@Suite("Selection of layers")
struct LayerWeightsTests {
  static let cross = ModulePath(
    part: .unet, name: "up_blocks.1.attentions.2.transformer_blocks.0.attn2.to_k")
  static let text1 = ModulePath(part: .textEncoder1, name: "text_model.encoder.layers.3.mlp.fc1")
  static let text2 = ModulePath(part: .textEncoder2, name: "text_model.encoder.layers.3.mlp.fc1")

  /// The whole table against the original naming it stands beside: `input_blocks.4.…` must be IN04.
  @Test func everyLayerIsInTheBlockItsOriginalNameSays() throws {
    var seen: Set<ModelBlock> = []
    for names in UNetModules.all + UNetModules.alternativeSGM {
      let pieces = names.sgm.split(separator: ".").map(String.init)
      let expected: Int? =
        switch pieces[0] {
        case "input_blocks": try #require(Int(pieces[1])) + 1
        case "middle_block": 13
        case "output_blocks": try #require(Int(pieces[1])) + 14
        default: nil
        }
      // The table is regular and lists a fourth downsampler, which would be IN12; no model has it.
      let block = ModelBlock(of: ModulePath(part: .unet, name: names.diffusers))
      #expect(block?.index == (names.sgm.hasPrefix("input_blocks.12.") ? nil : expected), "\(names)")
      if let block { seen.insert(block) }
    }
    #expect(seen == Set(ModelBlock.all.dropFirst()))
    #expect(ModelBlock(of: Self.text1) == .base && ModelBlock(of: Self.text2) == .base)
  }

  @Test(arguments: [
    "", "nonsense", "down_blocks", "down_blocks.9.resnets.0.conv1", "down_blocks.0.resnets.7.conv1",
    "up_blocks.x.resnets.0.conv1", "up_blocks.0.resnets.99999999999999999999.conv1", "conv_out",
    "time_embedding.linear_1",
    "up_blocks.0.other.0.conv1", "up_blocks.-1.resnets.0.conv1",
  ])
  func namesOutsideTheBlocks(name: String) { #expect(ModelBlock(of: ModulePath(part: .unet, name: name)) == nil) }

  @Test func blockNamesReadBack() {
    for block in ModelBlock.all { #expect(ModelBlock(block.description.lowercased()) == block) }
    for name in ["", "IN", "IN12", "OUT-1", "OUT012", "MIDDLE", "IN0x", "IN٣"] { #expect(ModelBlock(name) == nil) }
    #expect(ModelBlock(index: 26) == nil && ModelBlock(index: -1) == nil)
    #expect(ModelBlock.all.filter { $0.exists(in: .sdxl) }.count == 20)
  }

  /// The blocks that each list names, in the order of its numbers.
  @Test(arguments: [
    (Architecture.sdxl, "BASE IN04 IN05 IN07 IN08 MID OUT00 OUT01 OUT02 OUT03 OUT04 OUT05"),
    (
      .sd1,
      "BASE IN01 IN02 IN04 IN05 IN07 IN08 MID OUT03 OUT04 OUT05 OUT06 OUT07 OUT08 OUT09 OUT10 OUT11"
    ),
    (
      .sdxl,
      "BASE IN00 IN01 IN02 IN03 IN04 IN05 IN06 IN07 IN08 MID OUT00 OUT01 OUT02 OUT03 OUT04 OUT05 OUT06 OUT07 OUT08"
    ),
    (.sd2, ModelBlock.all.map(\.description).joined(separator: " ")),
  ])
  func lists(architecture: Architecture, names: String) throws {
    let blocks = names.split(separator: " ").compactMap { ModelBlock($0) }
    let list = blocks.indices.map { Double($0) / 4 - 1 }
    let read = try BlockWeights(list: list, architecture: architecture)
    #expect(read.weights == Dictionary(uniqueKeysWithValues: zip(blocks, list)))
    #expect(try BlockWeights("[\(list.map { "\($0)" }.joined(separator: ", "))]", architecture: architecture) == read)
    #expect(try BlockWeights(read.description, architecture: architecture) == read)
  }

  @Test(arguments: [(Architecture.sd1, 16), (.sd1, 12), (.sd2, 20), (.sdxl, 17), (.unknown, 1), (.sdxl, 0)])
  func wrongLengths(architecture: Architecture, count: Int) {
    let error = #expect(throws: LayerWeightsError.self) {
      try BlockWeights(list: Array(repeating: 1, count: count), architecture: architecture)
    }
    #expect(error?.rule == .count && error?.detail.contains("\(count) w") == true)
  }

  @Test func aWrongLengthIsSaidInOneSentence() {
    let error = #expect(throws: LayerWeightsError.self) {
      try BlockWeights(list: Array(repeating: 1, count: 16), architecture: .sd1)
    }
    #expect(error?.detail.hasPrefix("17 or 26 numbers are wanted for Stable Diffusion 1.x, 16 were given") == true)
  }

  @Test func names() throws {
    let read = try BlockWeights("BASE, IN04-05=0.5,in07-OUT00=2,OUT05-06=0,IN4=-1", architecture: .sd1).weights
    #expect(
      Dictionary(uniqueKeysWithValues: read.map { ($0.key.description, $0.value) }) == [
        "BASE": 0.5, "IN04": -1, "IN05": 0.5, "IN07": 2, "IN08": 2, "IN09": 2, "IN10": 2, "IN11": 2, "MID": 2,
        "OUT00": 2, "OUT05": 0, "OUT06": 0,
      ])
    #expect(try BlockWeights("IN=0", architecture: .sd1).weights.count == 12)
    #expect(try BlockWeights("OUT=0", architecture: .sdxl).weights.count == 9)
    #expect(try BlockWeights("IN07-OUT00=2", architecture: .sdxl).description == "IN07=2,IN08=2,MID=2,OUT00=2")
  }

  @Test(arguments: [
    ("te=", LayerWeightsError.Rule.number), ("te=nan", .number), ("unet=1e999", .number), ("te", .form), ("=1", .form),
    ("te4=1", .form), ("blocks=IN04", .form), ("blocks=IN04=x", .number), ("blocks=IN12=1", .block),
    ("blocks=IN09=1", .block), ("blocks=OUT-IN=1", .block), ("blocks=OUT03-IN01=1", .block), ("blocks=", .count),
    ("blocks=IN04=1,", .block), ("lbw=1,x,1", .block), ("lbw=1,,1", .number), ("lbw=1,1", .count),
    ("exclude=", .pattern),
    ("exclude=a..b", .pattern), ("unet.a**=1", .pattern), ("up_blocks.**=1", .pattern), ("unet.**=one", .number),
  ])
  func refusals(text: String, rule: LayerWeightsError.Rule) {
    let error = #expect(throws: LayerWeightsError.self) { try LayerWeights.parse(text, architecture: .sdxl) }
    #expect(error?.rule == rule, "\(error?.description ?? "none")")
    #expect(error?.description.hasSuffix("[\(rule.rawValue)]") == true)
  }

  @Test func otherFamiliesHaveNoSuchBlocks() {
    let error = #expect(throws: LayerWeightsError.self) { try LayerWeights.parse("lbw=1", architecture: .flux1) }
    #expect(error?.rule == .architecture)
  }

  @Test(arguments: [
    ("unet.**", true), ("**", true), ("**.to_k", true), ("unet.up_blocks.*.attn2.*", false),
    ("unet.up_blocks.**.attn2.**", true), ("unet.up_blocks.?.attentions.*.**.to_[k]", false), ("un?t.**.to_?", true),
    ("**.attn2.to_k.**", true), ("**.attn1.**", false), ("unet", false), ("te*.**", false),
    ("**.transformer_blocks.**.**.t*k", true), ("unet.up_blocks.1.**.attentions.**", true), ("*.*", false),
  ])
  func patterns(text: String, isMatch: Bool) throws {
    #expect(try LayerPattern(text).matches(Self.cross) == isMatch)
  }

  /// A hostile pattern costs no more than its length times the path's.
  @Test func manyWildcards() throws {
    let path = ModulePath(part: .unet, name: Array(repeating: "aaaaaaaaaa", count: 200).joined(separator: "."))
    #expect(
      try !LayerPattern(Array(repeating: "**.*a*a*a*a*a*a*", count: 50).joined(separator: ".") + ".b").matches(path))
  }

  @Test func laterRulesWin() throws {
    let weights = try LayerWeights.parse(
      [
        "exclude=**.attn2.to_q", "unet.up_blocks.**.attn2.**=0.25;unet.up_blocks.1.**.to_k=0.125", "te1=0.75", "te=0.5",
        "unet=2; blocks=OUT05=3,BASE=4",
      ], architecture: .sdxl)
    func weight(_ name: String) -> Double { weights.weight(of: ModulePath(part: .unet, name: name)) }
    let stem = "up_blocks.1.attentions.2.transformer_blocks.0"
    #expect(weight("\(stem).attn2.to_q") == 0)
    #expect(weight("\(stem).attn2.to_v") == 0.25)
    #expect(weight("\(stem).attn2.to_k") == 0.125)
    #expect(weight("\(stem).attn1.to_k") == 0.125)
    #expect(weight("\(stem).attn1.to_v") == 3)
    #expect(weight("mid_block.attentions.0.proj_in") == 2 && weight("conv_out") == 2)
    #expect(weights.weight(of: Self.text1) == 4 && weights.textEncoder1 == 0.75 && weights.textEncoder2 == 0.5)
    #expect(try LayerWeights.parse(weights.description, architecture: .sdxl) == weights)
    #expect(weights.unusedPatterns(among: [Self.cross]).map(\.text) == ["**.attn2.to_q"])
  }

  @Test func nothingSaidIsEverything() throws {
    #expect(try LayerWeights.parse([], architecture: .unknown) == .all && LayerWeights.all.description.isEmpty)
    for path in [Self.cross, Self.text1, Self.text2] { #expect(LayerWeights.all.weight(of: path) == 1) }
  }

  /// Published files: every layer of the UNet and the text encoders is in a block its base model has, in both namings.
  @Test(
    .enabled(if: SharedKeys.isPresent, "needs the collected files (set TROUPE_SHARED)"),
    arguments: [
      ("lora-inspector_sd15_kohya", Architecture.sd1, 17), ("lora-inspector_sdxl_kohya", .sdxl, 12),
      ("invokeai_stripped_alien", .sdxl, 12),
    ])
  func publishedFiles(name: String, architecture: Architecture, count: Int) throws {
    let json = try #require(
      try JSONSerialization.jsonObject(with: Data(contentsOf: SharedKeys.url(name))) as? [String: Any])
    let keys = (json["keys"] as? [String: Any] ?? json).keys.filter { $0.hasSuffix(".alpha") }
    let paths = keys.compactMap { KohyaNames.resolve(String($0.dropLast(6)))?.path }
    #expect(!paths.isEmpty && paths.count == keys.count)
    let blocks = Set(paths.compactMap { ModelBlock(of: $0) })
    #expect(paths.allSatisfy { ModelBlock(of: $0)?.exists(in: architecture) == true })
    // LoRAs without convolutions train exactly the blocks of the short list.
    let list = try BlockWeights(list: Array(repeating: 0, count: count), architecture: architecture)
    #expect(blocks == Set(list.weights.keys))
  }
}

/// Key lists of published files, which are not part of the repository.
enum SharedKeys {
  static let folder =
    (ProcessInfo.processInfo.environment["TROUPE_SHARED"].map { URL(filePath: $0) }
    ?? CommandLineRoot.url.deletingLastPathComponent().appending(path: "shared")).appending(path: "keys")
  static var isPresent: Bool { FileManager.default.fileExists(atPath: folder.path) }
  static func url(_ name: String) -> URL { folder.appending(path: "\(name).json") }

  private enum CommandLineRoot {
    static let url = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
  }
}
