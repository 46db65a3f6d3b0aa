import Adapters
import Diffusion
import Testing
import Torch

@testable import Trainer

/// The first twenty steps of whole runs beside PyTorch, diffusers and PEFT: the same latents, captions, noise and batches.
@Suite struct RunParityTests {
  /// Losses and norms: sums of a few hundred thousand products in F32, whose order differs; the reference itself differs
  /// from its replay in F64 by 5e-7.
  static let lossTolerance = 2e-5
  /// Weights after up to twenty steps, in absolute terms; they move by about 0.04.
  ///
  /// AdamW turns rounding of gradients near
  /// its ε into parts of a whole step, and the reference differs from F64 by up to 5e-6.
  static let weightTolerance = 1e-4

  @Test(arguments: RunFixture.names, [Recomputation.nothing, .everything])
  func sameLossesAndWeights(_ name: String, _ recomputation: Recomputation) throws {
    let fixture = try RunFixture(name)
    let settings = fixture.settings
    let parts: Set<ModelPart> = settings.train_text_encoders ? Set(ModelPart.allCases) : [.unet]
    let selection = try LayerSelection(fixture.model.sites, fixture.network, parts: parts)
    let first = try (0..<settings.loras).map { try fixture.factors($0, kept: 0) }
    // The layers chosen by kind are those that PEFT was given.
    let other = Set(selection.layers.map(\.path)).symmetricDifference(first[0].keys)
    #expect(other.isEmpty)
    let network = try CastNetwork(
      selection, fixture.network, names: (0..<settings.loras).map { "\($0)" }, seed: 1, first: first)
    let objective = try CastObjective(
      fixture.model, network, CaptionEncoder(fixture.model, layer: nil, tokens: 75 * settings.chunks), fixture.plan,
      recomputation: recomputation)
    let rates: [(ModelPart, Double)] = [
      (.unet, settings.rates["unet"] ?? 0), (.textEncoder1, settings.rates["text_encoder"] ?? 0),
      (.textEncoder2, settings.rates["text_encoder_2"] ?? 0),
    ]
    let groups = rates.compactMap { part, rate -> ParameterGroup? in
      let parameters = network.parameters(of: part)
      return parameters.isEmpty
        ? nil : ParameterGroup(part.label, parameters, rate: rate, weightDecay: settings.weight_decay)
    }
    let base = groups.map(\.rate)
    let optimiser = try AdamW(groups)
    let clipping = try GradientClipping(limit: settings.max_grad_norm)
    let schedule = try RateSchedule(
      settings.schedule == "cosine" ? .cosine() : .constant, steps: settings.run_steps,
      warmup: .steps(settings.warmup_steps))

    for (number, step) in settings.steps.enumerated() {
      try optimiser.clearGradients()
      let divisor = step.batches.reduce(0) { $0 + $1.count }
      var loss = 0.0
      var terms: [LossTerm: [Double?]] = [:]
      for batch in step.batches {
        let report = try objective.accumulate(batch.map { try fixture.sample($0) }, divisor: divisor)
        loss += report.total
        for term in LossTerm.allCases {
          terms[term, default: []] += report.terms[term] ?? [Double?](repeating: nil, count: batch.count)
        }
      }
      #expect(abs(loss - step.loss) <= Self.lossTolerance, "step \(number): \(loss) instead of \(step.loss)")
      for (term, expected) in step.losses {
        let found = try #require(terms[LossTerm(rawValue: term) ?? .target])
        for (one, other) in zip(found, expected) {
          guard let other else { continue }
          #expect(abs((one ?? .nan) - other) <= Self.lossTolerance, "step \(number), \(term)")
        }
      }
      let norm = try clipping.clip(optimiser.gradients)
      #expect(abs(norm - step.gradient_norm) <= Self.lossTolerance, "step \(number): norm \(norm)")
      for index in optimiser.groups.indices { optimiser.groups[index].rate = base[index] * schedule.factor(at: number) }
      try optimiser.step()
      guard let kept = settings.kept_steps.firstIndex(of: number + 1) else { continue }
      var worst = 0.0
      for lora in 0..<settings.loras {
        let expected = try fixture.factors(lora, kept: kept)
        for layer in network.layers {
          let reference = try #require(expected[layer.path])
          for (own, other) in [(layer.factors[lora].down, reference.down), (layer.factors[lora].up, reference.up)] {
            worst = max(worst, try (own.detached() - other).absolute().maximum().item())
          }
        }
      }
      #expect(worst <= Self.weightTolerance, "after step \(number + 1): weights differ by \(worst)")
    }
  }
}
