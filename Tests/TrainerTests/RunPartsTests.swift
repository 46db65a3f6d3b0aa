import Adapters
import Diffusion
import Testing
import Torch

@testable import Trainer

/// What a configuration's numbers become.
@Suite struct RunPartsTests {
  private static func cast(_ training: String = "", _ losses: String = "") throws -> CastConfiguration {
    try CastConfiguration(toml: CheckFixture.cast(training: training, "[losses]\n" + losses), path: "cast.toml")
  }

  private static func plan(_ losses: String, crossPrior: Double = 0, masks: Bool = false) throws -> LossPlan {
    try LossPlan(cast("", losses).losses, crossPrior: crossPrior, masks: masks, normalisesMasks: false)
  }

  @Test func lossesOfAConfiguration() throws {
    let plain = try Self.plan("")
    #expect(plain.element == .meanSquare && plain.timeWeights.isEmpty && plain.mask == nil)
    #expect(plain.weights == [.target: 1, .basePrediction: 1])
    let all = try Self.plan(
      """
      kind = "huber"
      huber_c = 0.2
      huber_schedule = "exponential"
      min_snr_gamma = 5
      debiased = true
      scale_v_prediction = true
      v_prediction_like = 0.5
      output_preservation = 2
      token_focus = 3
      attention = 4
      orthogonality = 5
      """, crossPrior: 6, masks: true)
    #expect(all.element == .huber(try HuberThreshold(.exponential, least: 0.2)) && all.mask?.normalisesArea == false)
    #expect(
      all.weights == [
        .target: 1, .basePrediction: 1, .outputPreservation: 2, .tokenFocus: 3, .attentionLocalisation: 4,
        .factorOrthogonality: 5, .crossPrior: 6,
      ])
    #expect(all.timeWeights.count == 4)
    #expect((all.timeWeights[0] as? MinimumSNRWeight)?.gamma == 5 && all.timeWeights[1] is VelocityScaleWeight)
    #expect((all.timeWeights[2] as? VelocityLikeWeight)?.part == 0.5 && all.timeWeights[3] is DebiasedWeight)
    #expect(try Self.plan("kind = \"smooth_l1\"").element == .smoothAbsolute(try HuberThreshold(.signal)))
    #expect(try Self.plan("kind = \"huber\"\nhuber_schedule = \"constant\"").element.threshold?.course == .constant)
  }

  @Test func preservationOfBystanders() throws {
    var cast = try Self.cast()
    #expect(cast.crossPrior == 0)
    cast.network.mode = .separate
    #expect(cast.crossPrior == 1)
    cast.characters.removeLast()
    #expect(cast.crossPrior == 0)
    #expect(try Self.cast("", "cross_prior = 0.3").crossPrior == 0.3)
  }

  @Test func noiseOfAConfiguration() throws {
    let noise = NoiseOptions(
      try Self.cast(
        "", "noise_offset = 0.1\nmultires_iterations = 3\nmultires_discount = 0.2\ninput_perturbation = 0.4"
      )
      .losses)
    #expect(noise.offset?.strength == 0.1 && noise.pyramid?.levels == 3 && noise.pyramid?.discount == 0.2)
    #expect(noise.perturbation?.gamma == 0.4)
    let none = NoiseOptions(try Self.cast().losses)
    #expect(none.offset == nil && none.pyramid == nil && none.perturbation == nil)
  }

  @Test func ratesOfNetworks() throws {
    let training = try Self.cast("learning_rate = 2e-4\nte1_rate = 0\nte2_rate = 5e-5").training
    #expect(training.rate(of: .unet) == 2e-4 && training.rate(of: .textEncoder1) == 0)
    #expect(training.rate(of: .textEncoder2) == 5e-5)
    #expect(training.parts(hasSecondEncoder: true) == [.unet, .textEncoder2])
    #expect(training.parts(hasSecondEncoder: false) == [.unet])
  }

  @Test func schedulesOfAConfiguration() throws {
    func schedule(_ text: String) throws -> RateSchedule {
      try Self.cast("learning_rate = 1\n" + text).training.rateSchedule()
    }
    #expect(try schedule("") == RateSchedule(.constant, steps: 400))
    #expect(
      try schedule("schedule = \"linear\"\nmin_rate = 0.1") == RateSchedule(.polynomial(power: 1, end: 0.1), steps: 400)
    )
    #expect(
      try schedule("schedule = \"cosine\"\nwarmup = 0.1")
        == RateSchedule(.cosine(cycles: 0.5, minimum: 0), steps: 400, warmup: .steps(40)))
    #expect(
      try schedule("schedule = \"cosine_restarts\"\ncycles = 3\nwarmup = 7")
        == RateSchedule(.cosineRestarts(cycles: 3), steps: 400, warmup: .steps(7)))
    #expect(
      try schedule("schedule = \"polynomial\"\npower = 2") == RateSchedule(.polynomial(power: 2, end: 0), steps: 400))
    // The schedule-free optimiser warms up itself.
    #expect(try schedule("optimizer = \"schedule_free\"\nwarmup = 9") == RateSchedule(.constant, steps: 400))
    expectError("schedule_free", "leave schedule out") {
      try schedule("optimizer = \"schedule_free\"\nschedule = \"cosine\"")
    }
    expectError("warm-up") { try schedule("warmup = 401") }
  }

  /// Ten steps of a configuration's optimiser beside one that is made by hand.
  @Test(arguments: [
    ("adamw", "betas = [0.8, 0.95]\nepsilon = 1e-3"), ("lion", "betas = [0.8, 0.95]"),
    ("prodigy", "betas = [0.8, 0.95, 0.9]\nepsilon = 1e-3\nwarmup = 3"), ("adafactor", "betas = [0.8, 0.95]"),
    ("schedule_free", "betas = [0.8, 0.95]\nepsilon = 1e-3\nwarmup = 5"),
  ]) func optimisersOfAConfiguration(_ name: String, _ text: String) throws {
    func made(_ text: String) throws -> (any Optimiser, Tensor) {
      let tensor = try Tensor([Float(1), -2, 0.5, 3], shape: [2, 2]).setRequiresGradient()
      let group = ParameterGroup("unet", [NamedTensor("a", tensor)], rate: 0.1, weightDecay: 0.01)
      return (try Self.cast(text).training.makeOptimiser([group]), tensor)
    }
    func values(_ optimiser: any Optimiser, _ tensor: Tensor) throws -> [Float] {
      for step in 0..<10 {
        // Signs change, so that means of different lengths differ.
        let sign: Float = step % 3 == 0 ? 1 : -1
        try tensor.setGradient(Tensor([0.3 * sign, -0.1, 0.2, Float(step) / 10 - 0.4], shape: [2, 2]))
        try optimiser.step()
      }
      return try tensor.detached().array()
    }
    let (found, tensor) = try made("optimizer = \"\(name)\"\n\(text)")
    let own = try Tensor([Float(1), -2, 0.5, 3], shape: [2, 2]).setRequiresGradient()
    let groups = [ParameterGroup("unet", [NamedTensor("a", own)], rate: 0.1, weightDecay: 0.01)]
    let expected: any Optimiser
    switch name {
    case "adamw":
      var options = AdamW.Options()
      (options.beta1, options.beta2, options.epsilon) = (0.8, 0.95, 1e-3)
      expected = try AdamW(groups, options)
    case "lion":
      var options = Lion.Options()
      (options.beta1, options.beta2) = (0.8, 0.95)
      expected = try Lion(groups, options)
    case "prodigy":
      var options = Prodigy.Options()
      (options.beta1, options.beta2, options.beta3, options.epsilon) = (0.8, 0.95, 0.9, 1e-3)
      options.safeguardsWarmup = true
      expected = try Prodigy(groups, options)
    case "adafactor":
      var options = Adafactor.Options()
      (options.beta1, options.scalesByParameter, options.hasRelativeStep) = (0.8, false, false)
      expected = try Adafactor(groups, options)
    default:
      var options = ScheduleFreeAdamW.Options()
      (options.beta1, options.beta2, options.epsilon, options.warmup) = (0.8, 0.95, 1e-3, 5)
      expected = try ScheduleFreeAdamW(groups, options)
    }
    let result = try values(found, tensor)
    #expect(try result == values(expected, own))
    // The defaults are others, so that the numbers above were read.
    let (plain, other) = try made("optimizer = \"\(name)\"")
    #expect(try values(plain, other) != result)
  }

  @Test func optimisersThatCannotBe() throws {
    let tensor = try Tensor([Float(1)]).setRequiresGradient()
    let group = ParameterGroup("unet", [NamedTensor("a", tensor)], rate: 0.1)
    expectError("beta1", "0.9") {
      try Self.cast("optimizer = \"schedule_free\"\nbetas = [0, 0.9]").training.makeOptimiser([group])
    }
    expectError("epsilon") { try Self.cast("epsilon = 0").training.makeOptimiser([group]) }
    expectError("no parameters") { try Self.cast().training.makeOptimiser([]) }
  }
}
