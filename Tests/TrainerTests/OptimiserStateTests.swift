import Testing
import Torch
import Trainer

@Suite struct OptimiserStateTests {
  /// Ten steps, then ten more, of an optimiser of a case.
  private static func run(
    _ each: OptimiserCase, _ fixture: OptimiserFixture, _ parameters: [Tensor], _ optimiser: any Optimiser,
    _ steps: Range<Int>
  ) throws {
    for step in steps {
      try fixture.setGradients(parameters, step: step)
      try optimiser.step()
    }
  }

  @Test(arguments: OptimiserCase.all) func aRestoredOptimiserContinuesBitForBit(_ each: OptimiserCase) throws {
    let fixture = try OptimiserFixture()
    let parameters = try fixture.parameters()
    func groups(_ parameters: [Tensor]) -> [ParameterGroup] {
      OptimiserFixture.groups(parameters, base: each.base, ratio: each.ratio, decay: each.decay)
    }
    let optimiser = try each.make(groups(parameters))
    try Self.run(each, fixture, parameters, optimiser, 0..<10)

    var state: [String: Tensor] = [:]
    for kept in try optimiser.state() { state[kept.name] = try kept.tensor.copied() }
    let copies = try parameters.map { try $0.detached().copied().setRequiresGradient() }
    let resumed = try each.make(groups(copies))
    try resumed.restore(state)

    try Self.run(each, fixture, parameters, optimiser, 10..<20)
    try Self.run(each, fixture, copies, resumed, 10..<20)
    for (parameter, copy) in zip(parameters, copies) {
      #expect(try parameter.detached().bytes() == copy.detached().bytes())
    }
    for (kept, again) in zip(try optimiser.state(), try resumed.state()) {
      #expect(kept.name == again.name)
      #expect(try kept.tensor.bytes() == again.tensor.bytes(), "\(kept.name)")
    }
  }

  @Test func statesThatDoNotFitAreRefused() throws {
    let fixture = try OptimiserFixture()
    let adam = try AdamW(OptimiserFixture.groups(fixture.parameters(), base: 0.1))
    let lion = try Lion(OptimiserFixture.groups(fixture.parameters(), base: 0.1))
    func dictionary(_ optimiser: any Optimiser) throws -> [String: Tensor] {
      Dictionary(uniqueKeysWithValues: try optimiser.state().map { ($0.name, $0.tensor) })
    }
    let missing = #expect(throws: OptimisationError.self) { try adam.restore(dictionary(lion)) }
    #expect(missing?.message.contains("lacks parameter/p0/exp_avg_sq") == true)
    let extra = #expect(throws: OptimisationError.self) { try lion.restore(dictionary(adam)) }
    #expect(extra?.message.contains("which this optimiser does not keep") == true)
    var state = try dictionary(lion)
    state["parameter/p2/exp_avg"] = try Tensor.zeros([4])
    let shape = #expect(throws: OptimisationError.self) { try lion.restore(state) }
    #expect(shape?.message.contains("has the shape [4] instead of [3]") == true)
  }

  @Test func unusableParametersAreRefused() throws {
    let tensor = try Tensor.zeros([2])
    func refusal(_ groups: [ParameterGroup]) -> String? {
      #expect(throws: OptimisationError.self) { try AdamW(groups) }?.message
    }
    #expect(refusal([])?.contains("no parameters") == true)
    let half = try Tensor.zeros([2], .bf16)
    #expect(refusal([ParameterGroup("unet", [NamedTensor("a", half)], rate: 1)])?.contains("is in bf16") == true)
    let pair = [NamedTensor("a", tensor), NamedTensor("a", tensor)]
    #expect(refusal([ParameterGroup("unet", pair, rate: 1)])?.contains("given to the optimiser twice") == true)
    let one = [NamedTensor("a", tensor)]
    #expect(refusal([ParameterGroup("te1", one, rate: -1)])?.contains("learning rate of te1 is -1.0") == true)
    #expect(refusal([ParameterGroup("te1", one, rate: .nan)])?.contains("learning rate of te1 is nan") == true)
    #expect(
      refusal([ParameterGroup("te1", one, rate: 1, weightDecay: -1)])?.contains("weight decay of te1 is -1.0") == true)
  }

  @Test func unusableConstantsAreRefused() throws {
    let group = [ParameterGroup("unet", [NamedTensor("a", try Tensor.zeros([2]))], rate: 1)]
    var adam = AdamW.Options()
    adam.beta2 = 1
    #expect(throws: OptimisationError("beta2 of the optimiser is 1.0; it must be at least 0 and below 1")) {
      try AdamW(group, adam)
    }
    adam = AdamW.Options()
    adam.epsilon = 0
    #expect(throws: OptimisationError.self) { try AdamW(group, adam) }
    var lion = Lion.Options()
    lion.beta1 = -0.1
    #expect(throws: OptimisationError.self) { try Lion(group, lion) }
    var free = ScheduleFreeAdamW.Options()
    free.beta1 = 0
    #expect(throws: OptimisationError.self) { try ScheduleFreeAdamW(group, free) }
    var prodigy = Prodigy.Options()
    prodigy.firstEstimate = 0
    #expect(throws: OptimisationError.self) { try Prodigy(group, prodigy) }
    var factor = Adafactor.Options()
    (factor.warmsUp, factor.hasRelativeStep) = (true, false)
    #expect(throws: OptimisationError.self) { try Adafactor(group, factor) }
    factor = Adafactor.Options()
    factor.decay = 0.8
    #expect(throws: OptimisationError.self) { try Adafactor(group, factor) }
  }

  @Test func prodigyWantsOneRate() throws {
    let fixture = try OptimiserFixture()
    let parameters = try fixture.parameters()
    let prodigy = try Prodigy(OptimiserFixture.groups(parameters, base: 1, ratio: 0.5, decay: [0, 0.1]))
    try fixture.setGradients(parameters, step: 0)
    let refusal = #expect(throws: OptimisationError.self) { try prodigy.step() }
    #expect(refusal?.message.contains("must be the same or 0, not 0.5 and 1.0") == true)
    // A group at rate 0 does not move, not even by its weight decay.
    prodigy.groups[1].rate = 0
    let before = try parameters[3].detached().bytes()
    let first = try parameters[0].detached().bytes()
    try prodigy.step()
    #expect(try parameters[3].detached().bytes() == before)
    #expect(try parameters[0].detached().bytes() != first)
  }

  @Test func stepsWithoutGradientsChangeNothing() throws {
    for each in OptimiserCase.all {
      let parameters = try OptimiserFixture().parameters()
      let before = try parameters.map { try $0.detached().bytes() }
      let optimiser = try each.make(OptimiserFixture.groups(parameters, base: each.base, ratio: each.ratio))
      try optimiser.step()
      #expect(try parameters.map { try $0.detached().bytes() } == before, "\(each.name)")
    }
  }

  @Test func scheduleFreeStepsOnlyInTraining() throws {
    let optimiser = try ScheduleFreeAdamW(OptimiserFixture.groups(OptimiserFixture().parameters(), base: 0.1))
    try optimiser.enterEvaluation()
    #expect(throws: OptimisationError.self) { try optimiser.step() }
    #expect(!optimiser.isTraining)
    let other = try ScheduleFreeAdamW(OptimiserFixture.groups(OptimiserFixture().parameters(), base: 0.1))
    try other.restore(Dictionary(uniqueKeysWithValues: try optimiser.state().map { ($0.name, $0.tensor) }))
    #expect(!other.isTraining)
  }
}
