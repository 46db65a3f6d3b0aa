import Diffusion
import Testing
import Torch
import Trainer

@Suite struct LossValueTests {
  static let inputs = [
    "prediction", "other", "target", "base", "mask", "key0", "value0", "key1", "value1", "maps", "trigger", "up0",
    "down0", "up1", "down1", "up2", "down2",
  ]

  @Test(arguments: LossCase.all) func valueAndGradientAreThoseOfTheFormula(_ each: LossCase) throws {
    let fixture = try OptimiserFixture("losses")
    var inputs: LossCase.Inputs = [:]
    for name in Self.inputs { inputs[name] = try fixture.tensor(name) }
    for leaf in each.leaves { try inputs[leaf]?.setRequiresGradient() }
    let losses = try each.compute(inputs)
    #expect(try losses.scalarType == .f32)
    // Means over some hundred elements in single precision, in another order: a few roundings of 6e-8.
    #expect(try OptimiserFixture.difference(losses, fixture.tensor(each.name)) < 2e-6)
    let seed = try fixture.tensor("seed")
    try (losses.dimensions == 0 ? losses : (losses * seed).sum()).backward()
    for leaf in each.leaves {
      let gradient = try #require(inputs[leaf]?.gradient, "\(leaf)")
      let wanted = try fixture.tensor("\(each.name).gradient.\(leaf)")
      #expect(try wanted.absolute().maximum().item() > 0)
      #expect(try OptimiserFixture.difference(gradient, wanted) < 2e-6, "\(leaf)")
    }
  }

  @Test(arguments: HuberThreshold.Course.allCases) func thresholdsFollowTheNoise(_ course: HuberThreshold.Course) throws
  {
    let expected = try OptimiserFixture("losses").doubles("threshold.\(course.rawValue)")
    let schedule = try LossCase.schedule(.epsilon)
    for (time, value) in zip(LossCase.times, expected) {
      // The fixture is in single precision.
      #expect(abs(try HuberThreshold(course, scale: 1.5).value(at: time, schedule) / value - 1) < 1e-6)
    }
  }

  @Test func weightsAtKnownTimes() throws {
    let schedule = try LossCase.schedule(.epsilon)
    var plan = LossPlan()
    plan.timeWeights = [try MinimumSNRWeight(gamma: 5)]
    let minimum = try plan.factors([0, 500], schedule)
    // By hand from the first beta, 0.00085.
    #expect(abs(minimum[0] - 5 * 0.00085 / 0.99915) < 1e-14)
    #expect(minimum[1] == 1)
    plan.timeWeights = [DebiasedWeight()]
    let debiased = try plan.factors([0, 999], schedule)
    #expect(debiased[0] == 1 / 1000.0.squareRoot())
    // The published σ comes from a product in single precision.
    #expect(abs(debiased[1] / 14.614647 - 1) < 1e-6)
  }

  @Test func timesWithoutSignalHaveTheFormulasLimits() throws {
    let noise = try LossCase.schedule(.epsilon, zero: true)
    let velocity = try LossCase.schedule(.velocity, zero: true)
    var plan = LossPlan()
    plan.timeWeights = [try MinimumSNRWeight()]
    #expect(try plan.factors([999], noise) == [1])
    #expect(try plan.factors([999], velocity) == [0])
    plan.timeWeights = [try MinimumSNRWeight(.diffusers)]
    #expect(try plan.factors([999], velocity) == [2])
    plan.timeWeights = [VelocityScaleWeight(), DebiasedWeight()]
    #expect(try plan.factors([999], velocity) == [0])
    for weight in [DebiasedWeight(), try VelocityLikeWeight(part: 0.1)] as [any TimeWeight] {
      plan.timeWeights = [weight]
      let error = #expect(throws: OptimisationError.self) { try plan.factors([0, 999], noise) }
      #expect(error?.message.contains("at time 999 is infinite") == true)
    }
    #expect(try HuberThreshold(.signal).value(at: 999, noise) == 0.1)
  }

  @Test func anEqualPredictionCostsNothingAndTeachesNothing() throws {
    // As at the start of training, when the adapter adds nothing.
    let base = try OptimiserFixture("losses").tensor("base")
    let prediction = try base.copied().setRequiresGradient()
    let losses = try OutputPreservation().losses(prediction, base: base) + CrossPrior().losses(prediction, base: base)
    #expect(try losses.detached().array(of: Float.self) == [0, 0, 0, 0])
    try losses.sum().backward()
    #expect(try #require(prediction.gradient).absolute().maximum().item() == 0)
    // The quotient of nothing by nothing is no infinite slope.
    let swap = try SwapContrast().losses(prediction, prediction, base: base)
    try swap.sum().backward()
    #expect(try #require(prediction.gradient).allFinite())
  }

  @Test func noGradientReachesTheTarget() throws {
    let prediction = try Tensor([1, 2] as [Float], shape: [2, 1]).setRequiresGradient()
    let base = try (prediction * 3)
    try BasePrediction().losses(prediction, base: base).sum().backward()
    // d/dp (p − b)² with b held: 2 (p − 3p).
    #expect(try #require(prediction.gradient).array(of: Float.self) == [-4, -8])
  }

  @Test func emptyMasksGiveNothing() throws {
    let elements = try Tensor.ones([2, 1, 2, 2])
    let mask = try Tensor([0, 0, 0, 0, 1, 0, 0, 0] as [Float], shape: [2, 1, 2, 2])
    let losses = try MaskedLoss().masked(elements, mask).mean([1, 2, 3])
    #expect(try losses.array(of: Float.self) == [0, 1])
  }

  @Test func lossesOfHalfPrecisionAreComputedInSingle() throws {
    let prediction = try Tensor([300] as [Float], shape: [1, 1]).to(.f16)
    let losses = try LossPlan().losses(
      prediction, Tensor.zeros([1, 1], .f16), times: [1], LossCase.schedule(.epsilon))
    // Infinite in half precision.
    #expect(try losses.item() == 90000)
  }

  @Test func unusableNumbersAreRefused() throws {
    #expect(throws: OptimisationError.self) { try HuberThreshold(least: 0) }
    #expect(throws: OptimisationError.self) { try MinimumSNRWeight(gamma: 0) }
    #expect(throws: OptimisationError.self) { try VelocityLikeWeight(part: -1) }
    #expect(throws: OptimisationError.self) { try MaskedLoss(hiddenWeight: 1.5) }
    #expect(throws: OptimisationError.self) { try SwapContrast(margin: 2) }
    let tensor = try Tensor.zeros([2, 3])
    #expect(throws: TorchError.self) {
      try ElementLoss.huber(HuberThreshold()).elements(tensor, tensor, thresholds: [1])
    }
    #expect(throws: TorchError.self) { try TokenFocus.losses([], trigger: tensor) }
    let maps = try Tensor.zeros([2, 1, 6, 3])
    let masks = try Tensor.zeros([2, 1, 2, 3])
    #expect(throws: TorchError.self) {
      try AttentionLocalisation.losses(maps, grid: (2, 2), trigger: tensor, masks: masks, present: [true, true])
    }
  }
}
