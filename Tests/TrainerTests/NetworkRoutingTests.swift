import Adapters
import Diffusion
import Testing
import Torch

@testable import Trainer

/// Samples of one batch meet their own LoRAs, and nothing else.
@Suite struct NetworkRoutingTests {
  static let routes = [[0], [1], [0, 1], []]

  private static func samples() throws -> [TrainingSample] {
    try routes.enumerated().map { index, loras in
      // 20 words are more than 75 tokens of this vocabulary.
      try NetworkFixture.sample(
        UInt64(index + 1), "konrad, \(String(repeating: "a red hat on the table, ", count: 4 * index)) sky",
        loras: loras)
    }
  }

  private static func predictions(
    _ objective: CastObjective, _ samples: [TrainingSample]
  ) throws -> [Tensor] {
    let input = try BatchInput(samples, objective.schedule, on: .cpu)
    let all = try objective.prediction(input, samples.map(\.caption), samples.map(\.loras))
    return try samples.indices.map { try all.selected(0, $0) }
  }

  /// Also for captions of two pieces, whose rows in the text encoders are others than in the UNet.
  @Test(arguments: ["sd1", "sd2", "sdxl"], [75, 150]) func aBatchIsItsSamples(_ name: String, _ tokens: Int) throws {
    let network = try NetworkFixture.network(name)
    let objective = try NetworkFixture.objective(network, name, tokens: tokens)
    let samples = try Self.samples()
    let isCut = samples.contains { sample in
      let prompt = Prompt(plain: sample.caption)
      return objective.model.tokenizers.first.chunks(prompt, limit: tokens / 75).dropped > 0
    }
    #expect(isCut == (tokens == 75))
    let together = try Self.predictions(objective, samples)
    for (sample, found) in zip(samples, together) {
      let alone = try Self.predictions(objective, [sample])[0]
      // Products over a batch are summed in another order.
      #expect(try (found - alone).absolute().maximum().item() < 2e-5)
    }
    // Every route leads elsewhere.
    for other in Self.routes.indices.dropFirst() {
      var moved = samples[0]
      moved.loras = Self.routes[other]
      let alone = try Self.predictions(objective, [moved])[0]
      #expect(try (together[0] - alone).absolute().maximum().item() > 1e-3)
    }
  }

  /// A sample without a LoRA is bit for bit what the base model makes of it in the same batch.
  @Test(arguments: ["sd1", "sdxl"]) func rowsWithoutLoRAsAreUntouched(_ name: String) throws {
    let network = try NetworkFixture.network(name)
    let objective = try NetworkFixture.objective(network, name)
    let samples = try Self.samples()
    let input = try BatchInput(samples, objective.schedule, on: .cpu)
    let captions = samples.map(\.caption)
    let base = try withoutGradients {
      let text = try objective.encoder(captions, .plain)
      let addition = try text.pooled.map {
        AddedConditioning(pooled: $0, sizes: try SizeConditioning.tensor(samples.map(\.sizes)))
      }
      return try objective.model.unet(
        input.noisy, times: input.times, context: text.context, addition: addition, .plain)
    }
    let found = try objective.prediction(input, captions, samples.map(\.loras))
    #expect(try found.selected(0, 3).contiguous().bytes() == base.selected(0, 3).contiguous().bytes())
    #expect(try found.selected(0, 0).contiguous().bytes() != base.selected(0, 0).contiguous().bytes())
  }

  /// Several LoRAs on one layer add up, in a group as in a preview.
  @Test func changesAddUp() throws {
    let network = try NetworkFixture.network(parts: [.unet]) { $0.targets = ["unet.**.proj_in"] }
    let layer = try #require(network.layers.first { $0.site.shape.count == 4 })
    let input = try Tensor.normal([2, layer.site.shape[1], 3, 3], using: Generator(seed: 1))
    let output = try Tensor.normal([2, layer.site.shape[0], 3, 3], using: Generator(seed: 2))
    func expected(_ loras: [Int], _ row: Int) throws -> Tensor {
      var sum = try output.narrowed(0, from: row, length: 1)
      let own = try input.narrowed(0, from: row, length: 1).to(.f64)
      for lora in loras {
        let factors = layer.factors[lora]
        // ΔW as a matrix, times alpha over rank: 2 / 3.
        let rank = try factors.down.size(0)
        let change = try factors.up.detached().to(.f64).reshaped(-1, rank).matrixProduct(
          factors.down.detached().to(.f64).reshaped(rank, -1))
        sum = try sum + own.convolved(change.unsqueezed(2).unsqueezed(3)) * (2.0 / 3)
      }
      return sum
    }
    for (routes, rows) in [([[0, 1], [1]], [[0, 1], [1]]), ([[], [0]], [[], [0]])] {
      let set = try network.adapters(routes)
      let adapter = try #require(set.adapters(of: layer.site).first)
      let found = try withoutGradients {
        try adapter.apply(to: output, input: input, layer: FakeConvolution(site: layer.site, weight: input))
      }
      for (row, loras) in rows.enumerated() {
        let difference = try found.narrowed(0, from: row, length: 1).to(.f64) - expected(loras, row).to(.f64)
        #expect(try difference.absolute().maximum().item() < 1e-5)
      }
    }
    let all = try network.adapters(together: [0, 1])
    let adapter = try #require(all.adapters(of: layer.site).first)
    let found = try withoutGradients {
      try adapter.apply(to: output, input: input, layer: FakeConvolution(site: layer.site, weight: input))
    }
    for row in 0..<2 {
      let difference = try found.narrowed(0, from: row, length: 1).to(.f64) - expected([0, 1], row).to(.f64)
      #expect(try difference.absolute().maximum().item() < 1e-5)
    }
    #expect(try network.adapters([[], []]).isEmpty)
  }

  private struct FakeConvolution: AdaptableLayer {
    let site: LayerSite
    let weight: Tensor
    var bias: Tensor? { nil }
    func map(_ input: Tensor, weight: Tensor) throws -> Tensor { try input.convolved(weight) }
  }

  @Test(arguments: [Recomputation.nothing, .everything]) func gradientsReachOnlyThoseThatActed(
    _ recomputation: Recomputation
  ) throws {
    let network = try NetworkFixture.network(names: ["a", "b", "c"])
    let objective = try NetworkFixture.objective(network, tokens: 150, recomputation: recomputation)
    let samples = try [[0], [2]].enumerated().map { index, loras in
      try NetworkFixture.sample(UInt64(index + 1), loras: loras)
    }
    for parameter in network.parameters { try parameter.tensor.setGradient(nil) }
    _ = try objective.accumulate(samples, divisor: 2)
    for lora in 0..<3 {
      for tensor in network.parameters(ofLoRA: lora) {
        #expect(tensor.gradient == nil || lora != 1)
        if lora != 1 { #expect(try #require(tensor.gradient).absolute().maximum().item() > 0) }
      }
    }
    // One after the other they get the same gradients.
    let together = try NetworkFixture.gradients(network) { _ = try objective.accumulate(samples, divisor: 2) }
    let apart = try NetworkFixture.gradients(network) {
      for sample in samples { _ = try objective.accumulate([sample], divisor: 2) }
    }
    let difference = NetworkFixture.difference(together, apart)
    #expect(difference.greatest <= 2e-5 * difference.of && difference.of > 0)
  }
}
