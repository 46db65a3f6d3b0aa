import Adapters
import Diffusion
import Testing
import Torch

@testable import Trainer

/// Losses that look inside: what LoRAs do to tokens, and where attention to triggers goes.
@Suite struct RunAttentionTests {
  /// The mean change of keys and values at tokens other than the trigger, straight from the definition.
  private static func focus(
    _ network: CastNetwork, _ context: Tensor, _ routes: [[Int]], _ marks: [[Float]]
  ) throws -> [Double] {
    var sums = [Double](repeating: 0, count: routes.count)
    let names = Set(network.layers.map(\.path.name).filter { $0.hasSuffix("attn2.to_k") })
    for layer in network.layers where layer.path.name.hasSuffix("attn2.to_k") || layer.path.name.hasSuffix("attn2.to_v")
    {
      for (row, loras) in routes.enumerated() {
        let text = try context.selected(0, row).to(.f64)
        var change: Tensor?
        for lora in loras {
          let factors = layer.factors[lora]
          let matrix = try factors.up.detached().to(.f64).matrixProduct(factors.down.detached().to(.f64))
          let part = try text.linear(matrix) * factors.scale
          change = if let change { try change + part } else { part }
        }
        guard let change else { continue }
        let means: [Double] = try change.absolute().mean([1]).array()
        let others = marks[row].indices.filter { marks[row][$0] == 0 }
        sums[row] += others.reduce(0) { $0 + means[$1] } / Double(others.count)
      }
    }
    return sums.map { $0 / Double(names.count) }
  }

  @Test(arguments: ["sd1", "sdxl"]) func focusIsTheChangeOfOtherTokens(_ name: String) throws {
    let network = try NetworkFixture.network(name, parts: [.unet])
    let objective = try NetworkFixture.objective(network, name) {
      $0.weights = [.target: 0, .basePrediction: 0, .tokenFocus: 1]
    }
    let samples = try [[0], [0, 1]].enumerated().map { index, loras in
      try NetworkFixture.sample(UInt64(index + 1), index == 0 ? "konrad, a hat" : "lisar and konrad", loras: loras) {
        $0.triggers = index == 0 ? ["konrad"] : ["konrad", "lisar"]
      }
    }
    let captions = samples.map(\.caption)
    let marks = try objective.encoder.marks(of: samples.map(\.triggers), in: captions)
    let rows: [[Float]] = try (0..<2).map { try marks.selected(0, $0).array() }
    #expect(rows.allSatisfy { $0.contains(1) && $0[0] == 0 })
    let context = try withoutGradients { try objective.encoder(captions, .plain).context }
    func expected() throws -> [Double] { try Self.focus(network, context, samples.map(\.loras), rows) }
    var report = CastObjective.Report()
    let gradients = try NetworkFixture.gradients(network) {
      report = try objective.accumulate(samples, divisor: 2)
    }
    let found = try #require(report.terms[.tokenFocus])
    for (one, other) in zip(found, try expected()) { #expect(abs((one ?? .nan) - other) < 1e-5 * other) }
    // The gradient beside differences of the definition in F64; |x| is not smooth where a change is near 0.
    for (place, parameter) in network.parameters.enumerated()
    where parameter.name.hasSuffix("attn2.to_v/up") || parameter.name.hasSuffix("attn2.to_k/down") {
      let direction = try Tensor(gradients[place], shape: parameter.tensor.shape)
      let slope = try (direction * direction).sum().item()
      guard slope > 0 else { continue }
      func moved(_ step: Double) throws -> Double {
        try withoutGradients { _ = try parameter.tensor.add(direction, times: step) }
        return try expected().reduce(0, +) / 2
      }
      let step = 1e-3 / slope.squareRoot()
      let (up, down) = try (moved(step), moved(-2 * step))
      _ = try moved(step)
      #expect(abs((up - down) / (2 * step) - slope) < 0.02 * slope, "\(parameter.name)")
    }
    // Other layers are not asked.
    for (gradient, parameter) in zip(gradients, network.parameters) where !parameter.name.contains("attn2.to_") {
      #expect(gradient.allSatisfy { $0 == 0 }, "\(parameter.name)")
    }
  }

  @Test func focusWithoutLayersIsRefused() throws {
    let network = try NetworkFixture.network { $0.exclude = ["unet.**.attn2.to_k"] }
    expectError("token_focus", "attn2.to_k") { try NetworkFixture.objective(network) { $0.weights[.tokenFocus] = 1 } }
  }

  /// Keys and queries as layers give them, to be looked at from outside.
  private final class Recorder: LayerAdapter, @unchecked Sendable {
    var output: Tensor?
    func apply(to output: Tensor, input: Tensor, layer: any AdaptableLayer) throws -> Tensor {
      self.output = output
      return output
    }
  }

  private static func sample(_ seed: UInt64 = 1) throws -> TrainingSample {
    try NetworkFixture.sample(seed, "a hat, konrad", loras: [0]) {
      $0.triggers = ["konrad"]
      $0.mask = try Tensor.concatenated([Tensor.ones([1, 1, 16, 8]), Tensor.zeros([1, 1, 16, 8])], 3)
    }
  }

  /// `softmax(q kᵀ / √d)` by hand, for every layer that is looked at.
  @Test(arguments: ["sd1", "sd2", "sdxl"]) func mapsAreThoseOfAttention(_ name: String) throws {
    let network = try NetworkFixture.network(name)
    let objective = try NetworkFixture.objective(network, name) {
      $0.weights = [.target: 0, .basePrediction: 0, .attentionLocalisation: 1]
    }
    let sample = try Self.sample()
    let model = objective.model
    var adapters = try network.adapters([[0]])
    var recorders: [(name: String, query: Recorder, key: Recorder)] = []
    for site in model.sites.sites where site.part == .unet && site.name.hasSuffix("attn2.to_q") {
      let key = try #require(model.sites[.unet, site.name.dropLast() + "k"])
      recorders.append((site.name, Recorder(), Recorder()))
      adapters.add(recorders[recorders.count - 1].query, to: site)
      adapters.add(recorders[recorders.count - 1].key, to: key)
    }
    let input = try BatchInput([sample], objective.schedule, on: .cpu)
    try withoutGradients {
      let text = try objective.encoder([sample.caption], Pass(adapters: adapters))
      let addition = try text.pooled.map {
        AddedConditioning(pooled: $0, sizes: try SizeConditioning.tensor([sample.sizes]))
      }
      _ = try model.unet(
        input.noisy, times: input.times, context: text.context, addition: addition, Pass(adapters: adapters))
    }
    let marks: [Float] = try objective.encoder.marks(of: [["konrad"]], in: [sample.caption]).selected(0, 0).array()
    let heads = model.configuration.unet.heads
    var sum = 0.0
    for recorder in recorders {
      let (q, k) = try (#require(recorder.query.output), #require(recorder.key.output))
      let pieces = recorder.name.split(separator: ".")
      let level =
        pieces[0] == "mid_block"
        ? heads.count - 1
        : pieces[0] == "down_blocks" ? Int(pieces[1]) ?? 0 : heads.count - 1 - (Int(pieces[1]) ?? 0)
      let count = heads[level]
      let (pixels, width) = try (q.size(1), q.size(2) / count)
      let side = Int(Double(pixels).squareRoot())
      let (queries, keys): ([Float], [Float]) = try (q.contiguous().array(), k.contiguous().array())
      let tokens = try k.size(1)
      var map = [Double](repeating: 0, count: pixels)
      for head in 0..<count {
        for pixel in 0..<pixels {
          let scores = (0..<tokens).map { token in
            (0..<width).reduce(0.0) { total, place in
              total + Double(queries[(pixel * count + head) * width + place])
                * Double(keys[(token * count + head) * width + place])
            } / Double(width).squareRoot()
          }
          let all = scores.reduce(0) { $0 + ElementaryFunctions.exponential($1) }
          for token in 0..<tokens where marks[token] > 0 {
            map[pixel] += ElementaryFunctions.exponential(scores[token]) / all
          }
        }
      }
      let greatest = map.max() ?? 1
      sum +=
        map.enumerated().reduce(0) { total, entry in
          // The left half of the picture is the character's.
          let wanted = entry.offset % side < side / 2 ? 1.0 : 0
          return total + (entry.element / greatest - wanted) * (entry.element / greatest - wanted)
        } / Double(pixels)
    }
    let report = try objective.accumulate([sample], divisor: 1)
    let found = try #require(report.terms[.attentionLocalisation]?[0])
    #expect(abs(found - sum / Double(recorders.count)) < 1e-4)
  }

  /// Attention that is looked at is kept, even where everything shall be computed again.
  @Test func recomputationKeepsWhatIsLookedAt() throws {
    let network = try NetworkFixture.network()
    let found = try [Recomputation.nothing, .everything].map { recomputation in
      let objective = try NetworkFixture.objective(network, recomputation: recomputation) {
        $0.weights = [.target: 0, .basePrediction: 0, .attentionLocalisation: 1]
      }
      return try NetworkFixture.gradients(network) { _ = try objective.accumulate([Self.sample()], divisor: 1) }
    }
    let difference = NetworkFixture.difference(found[0], found[1])
    #expect(difference.greatest <= 1e-5 * difference.of && difference.of > 0)
    // Queries and keys of the attention to the text both learn from it, of the LoRA that acts.
    for (gradient, parameter) in zip(found[1], network.parameters)
    where parameter.name.hasSuffix("attn2.to_q/up") || parameter.name.hasSuffix("attn2.to_k/up") {
      #expect(gradient.contains { $0 != 0 } == parameter.name.hasPrefix("0/"), "\(parameter.name)")
    }
  }

  @Test func withoutMasksThereIsNoTerm() throws {
    let network = try NetworkFixture.network()
    let objective = try NetworkFixture.objective(network) { $0.weights[.attentionLocalisation] = 1 }
    var plain = try Self.sample()
    plain.mask = nil
    #expect(try objective.accumulate([plain], divisor: 1).terms[.attentionLocalisation] == nil)
    // Beside one that has a mask, one without, one of several characters and one without its trigger count 0.
    var (group, nameless) = try (Self.sample(2), Self.sample(3))
    (group.character, nameless.triggers) = (nil, [])
    let report = try objective.accumulate([Self.sample(), plain, group, nameless], divisor: 4)
    let terms = try #require(report.terms[.attentionLocalisation])
    #expect((terms[0] ?? 0) > 0 && terms[1...] == [0, 0, 0])
  }

  /// Of two side by side each trigger is to look at its own: the mean of what each would come to by itself.
  @Test func eachOfTwoLooksAtItsOwn() throws {
    let network = try NetworkFixture.network()
    let objective = try NetworkFixture.objective(network) {
      $0.weights = [.target: 0, .basePrediction: 0, .attentionLocalisation: 1]
    }
    let (half, rest) = (try Tensor.ones([1, 1, 16, 8]), try Tensor.zeros([1, 1, 16, 8]))
    let masks = [try Tensor.concatenated([half, rest], 3), try Tensor.concatenated([rest, half], 3)]
    func sample(_ places: [Int]) throws -> TrainingSample {
      try NetworkFixture.sample(1, "konrad, lisar, side by side", loras: [0]) {
        $0.character = nil
        $0.places = places.map { .init(words: [["konrad", "lisar"][$0]], mask: masks[$0]) }
      }
    }
    func term(_ samples: [TrainingSample]) throws -> [Double?] {
      let report = try objective.accumulate(samples, divisor: samples.count)
      return try #require(report.terms[.attentionLocalisation])
    }
    let (left, right) = (try #require(try term([sample([0])])[0]), try #require(try term([sample([1])])[0]))
    let both = try term([sample([0, 1]), Self.sample(), sample([])])
    #expect(abs((both[0] ?? .nan) - (left + right) / 2) < 1e-6 && abs(left - right) > 1e-4)
    // A picture of one beside it counts as ever, and one of which nothing is known not at all.
    #expect(abs((both[1] ?? .nan) - (try #require(try term([Self.sample()])[0]))) < 1e-6 && both[2] == 0)
  }
}
