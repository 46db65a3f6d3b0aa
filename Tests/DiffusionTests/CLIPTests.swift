import Diffusion
import Testing
import Torch

@Suite("CLIP text encoders", .serialized) struct CLIPTests {
  /// F32 against F32 of another libtorch: differences of rounding are near 1e-6.
  static let tolerance = 1e-5

  func ids() throws -> Tensor {
    let prompts = try TextVAEFixtures.facts().prompts
    let pieces = try #require(prompts["short"]) + #require(prompts["long"])
    return try Tensor(pieces.flatMap { $0.map(Int64.init) }, shape: [2, 77])
  }

  @Test(arguments: ["l", "h", "g"]) func everyStateIsTransformers(_ name: String) throws {
    let file = try TextVAEFixtures.file("text", [.textEncoder1: "\(name)."])
    let encoder = try CLIPTextEncoder(Parameters(file, .textEncoder1), TextVAEFixtures.clip(name))
    #expect(file.unread("\(name).") == [], "every parameter has its place")
    let output = try withoutGradients { try encoder(ids()) }
    #expect(output.hidden.count == 4)
    if name != "h" {
      for (index, state) in output.hidden.enumerated() {
        #expect(try largestDifference(state, file.tensor("out.\(name).hidden.\(index)")) < Self.tolerance)
      }
    }
    #expect(try largestDifference(output.last, file.tensor("out.\(name).last")) < Self.tolerance)
    #expect(try largestDifference(output.pooled, file.tensor("out.\(name).pooled")) < Self.tolerance)
    #expect((output.projected != nil) == (name == "g"))
    if let projected = output.projected {
      #expect(try largestDifference(projected, file.tensor("out.g.projected")) < Self.tolerance)
    }
  }

  /// BF16 has 8 bits; a few roundings in each of three layers add up to about a hundredth.
  @Test(arguments: ["l", "g"]) func halfPrecisionIsNear(_ name: String) throws {
    let output = try withoutGradients { try TextVAEFixtures.encoder(name, .bf16)(ids()) }
    let truth = try TextVAEFixtures.file("text").tensor("out.\(name).last")
    #expect(try output.last.scalarType == .bf16)
    let difference = try relativeDifference(output.last, truth)
    #expect(difference < 0.02)
    #expect(difference > 1e-4, "computed in BF16 and not in F32")
  }

  @Test func aLayerCanBeAskedAlone() throws {
    let encoder = try TextVAEFixtures.encoder("l")
    let output = try encoder(ids())
    for fromEnd in 1...4 {
      let state = try encoder.hiddenState(ids(), fromEnd: fromEnd, normed: false)
      #expect(try largestDifference(state, output.hidden[4 - fromEnd]) == 0)
    }
    #expect(try largestDifference(encoder.hiddenState(ids(), fromEnd: 1, normed: true), output.last) == 0)
    for wrong in [0, 5] {
      #expect(throws: TextConditioningError.layer(wrong, available: 4)) {
        try encoder.hiddenState(ids(), fromEnd: wrong, normed: true)
      }
    }
  }

  /// An adapter `x Dᵀ` with D zero: its gradient is the weight's.
  private struct Delta: LayerAdapter {
    let delta: Tensor
    func apply(to output: Tensor, input: Tensor, layer: any AdaptableLayer) throws -> Tensor {
      try output + layer.map(input, weight: delta)
    }
  }

  @Test(arguments: Recomputation.allCases) func adaptersGetTheGradientsOfWeights(recomputation: Recomputation) throws {
    let encoder = try TextVAEFixtures.encoder("g")
    let file = try TextVAEFixtures.file("text")
    var pass = Pass(recomputation: recomputation)
    var deltas: [String: Tensor] = [:]
    for name in ["layers.0.self_attn.q_proj", "layers.1.mlp.fc1"] {
      let layer = try #require(encoder.adaptableLayers.first { $0.site.name == "text_model.encoder.\(name)" })
      let delta = try Tensor.zeros(layer.site.shape).setRequiresGradient()
      deltas[name] = delta
      pass.adapters.add(Delta(delta: delta), to: layer.site)
    }
    let output = try encoder(ids(), pass)
    let projected = try #require(output.projected)
    try ((output.last * file.tensor("gradient.direction")).sum() + projected.sum()).backward()
    for (name, delta) in deltas {
      let gradient = try #require(delta.gradient)
      // Sums over 154 tokens of both signs.
      #expect(try relativeDifference(gradient, file.tensor("gradient.\(name)")) < 1e-5)
    }
  }

  @Test func learnedEmbeddingsFollowTheVocabulary() throws {
    let encoder = try TextVAEFixtures.encoder("g")
    let table = try TextVAEFixtures.file("text").tensor("g.text_model.embeddings.token_embedding.weight")
    // Row 1 of the learned ones is the word 7 of the vocabulary.
    let rows = try Tensor.concatenated([table.narrowed(0, from: 9, length: 1), table.narrowed(0, from: 7, length: 1)])
    let learning = try encoder.learning(rows.setRequiresGradient())
    #expect(learning.tokenCount == 66)
    var piece = try #require(TextVAEFixtures.facts().prompts["short"])[0].map(Int64.init)
    piece[3] = 7
    let plain = try encoder(Tensor(piece, shape: [1, 77]))
    piece[3] = 65
    let output = try learning(Tensor(piece, shape: [1, 77]))
    let projected = try #require(output.projected)
    #expect(try largestDifference(projected, #require(plain.projected)) == 0, "also pooled at the end, not at id 65")
    try projected.sum().backward()
    let gradient = try #require(rows.gradient)
    #expect(try gradient.selected(0, 0).absolute().maximum().item() == 0)
    #expect(try gradient.selected(0, 1).absolute().maximum().item() > 1e-3)
    #expect(learning.adaptableLayers.map(\.site) == encoder.adaptableLayers.map(\.site))
  }

  @Test func theFirstEndCounts() throws {
    // Where the pad token is the end token, the first one is the text's end; the empty text's is at place 1.
    let encoder = try TextVAEFixtures.encoder("l")
    let empty = try #require(TextVAEFixtures.facts().prompts["empty"])[0].map(Int64.init)
    let output = try encoder(Tensor(empty, shape: [1, 77]))
    #expect(try largestDifference(output.pooled, output.last.selected(1, 1)) == 0)
  }

  @Test(arguments: [
    (CLIPConfiguration.clipL, 123_060_480, 72, "clip_l"), (.openCLIPH, 340_387_840, 138, "openclip_h"),
    (.openCLIPbigG, 694_659_840, 192, "openclip_bigg"),
  ]) func fullSizeHasTheKnownCounts(_ configuration: CLIPConfiguration, _ count: Int, _ sites: Int, _ name: String)
    throws
  {
    let list = ParameterList()
    let encoder = try CLIPTextEncoder(Parameters(list, .textEncoder1), configuration)
    #expect(list.count == count)
    #expect(try TextVAEFixtures.facts().parameters[name] == count)
    let names = encoder.adaptableLayers.map(\.site.name)
    #expect(names.count { $0.contains("self_attn.") || $0.contains("mlp.") } == sites)
    #expect(names.contains("text_projection") == (configuration.projection != nil))
    #expect(Set(names).count == names.count)
  }
}
