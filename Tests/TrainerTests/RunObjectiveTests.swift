import Adapters
import Diffusion
import Testing
import Torch

@testable import Trainer

/// What a step minimises: sums over batches, preservation, weights, masks, numbers that are not finite.
@Suite struct RunObjectiveTests {
  private static let classes: @Sendable (inout LossPlan) -> Void = { plan in
    (plan.weights[.outputPreservation], plan.weights[.crossPrior]) = (0.7, 0.4)
  }

  private static func sample(_ seed: UInt64, _ loras: [Int], bystander: Int? = nil) throws -> TrainingSample {
    try NetworkFixture.sample(seed, "konrad, a hat", loras: loras) {
      ($0.classCaption, $0.bystander) = ("1boy, a hat", bystander)
      $0.weight = 1 + Double(seed) / 4
    }
  }

  /// One batch of four is two of two, is four of one; also with samples that are held to the base model.
  @Test(arguments: ["sd1", "sdxl"]) func batchesAddUp(_ name: String) throws {
    let network = try NetworkFixture.network(name)
    let objective = try NetworkFixture.objective(network, name, change: Self.classes)
    var samples = try (0..<4).map { try Self.sample(UInt64($0 + 1), [$0 % 2], bystander: 1 - $0 % 2) }
    (samples[2].target, samples[2].character) = (.base, nil)
    var reports: [[CastObjective.Report]] = []
    var gradients: [[[Float]]] = []
    for batches in [[[0, 1, 2, 3]], [[0, 3], [2, 1]], [[0], [1], [2], [3]]] {
      reports.append([])
      gradients.append(
        try NetworkFixture.gradients(network) {
          for batch in batches {
            let report = try objective.accumulate(samples.picked(batch), divisor: 4)
            reports[reports.count - 1].append(report)
          }
        })
    }
    let total = reports[0][0].total
    for index in 1..<3 {
      #expect(abs(reports[index].reduce(0) { $0 + $1.total } - total) < 1e-5 * total)
      let difference = NetworkFixture.difference(gradients[0], gradients[index])
      #expect(difference.greatest <= 5e-5 * difference.of && difference.of > 0)
    }
    // The total is the sum of the terms by their weights, over all samples.
    let terms = reports[0][0].terms
    let weights = samples.map(\.weight)
    func sum(_ term: LossTerm, _ members: [Int], _ weight: Double) throws -> Double {
      let values = try #require(terms[term])
      return weight * members.reduce(0) { $0 + weights[$1] * (values[$1] ?? .nan) }
    }
    let expected =
      try
      (sum(.target, [0, 1, 3], 1) + sum(.basePrediction, [2], 1) + sum(.outputPreservation, [0, 1, 2, 3], 0.7)
      + sum(.crossPrior, [0, 1, 2, 3], 0.4)) / 4
    #expect(abs(expected - total) < 1e-5 * total)
    // A step in which nothing is preserved has the rest alone.
    let rest = try objective.accumulate(samples, divisor: 4, preserves: false)
    #expect(
      rest.terms[.outputPreservation] == nil && rest.terms[.crossPrior] == nil && rest.terms[.target] == terms[.target])
  }

  /// Losses are multiplied before gradients are taken, reports are not.
  @Test func scalesGradientsAlone() throws {
    let network = try NetworkFixture.network()
    let objective = try NetworkFixture.objective(network) { $0.weights[.factorOrthogonality] = 0.1 }
    let sample = try Self.sample(1, [0])
    var totals: [Double] = []
    let found = try [1.0, 256].map { scale in
      try NetworkFixture.gradients(network) {
        totals.append(try objective.accumulate([sample], divisor: 1, scale: scale).total)
      }
    }
    #expect(totals[0] == totals[1])
    let difference = NetworkFixture.difference(found[0].map { $0.map { $0 * 256 } }, found[1])
    #expect(difference.greatest <= 1e-5 * difference.of && difference.of > 0)
  }

  /// LoRAs that change nothing are held to nothing: what is preserved is exactly 0, and so is its gradient.
  @Test(arguments: ["sd1", "sd2", "sdxl"], [Recomputation.nothing, .everything]) func untouchedLoRAsPreserveEverything(
    _ name: String, _ recomputation: Recomputation
  ) throws {
    let network = try NetworkFixture.network(name, strength: 0)
    let objective = try NetworkFixture.objective(network, name, recomputation: recomputation) {
      Self.classes(&$0)
      $0.weights[.target] = 0
      $0.weights[.basePrediction] = 1
    }
    let samples = try (0..<2).map { index in
      var sample = try Self.sample(UInt64(index + 1), [index], bystander: 1 - index)
      sample.target = .base
      return sample
    }
    var report = CastObjective.Report()
    let gradients = try NetworkFixture.gradients(network) {
      report = try objective.accumulate(samples, divisor: 2)
    }
    for term in [LossTerm.outputPreservation, .crossPrior, .basePrediction] {
      #expect(report.terms[term] == [0, 0], "\(term)")
    }
    #expect(report.total == 0 && gradients.allSatisfy { $0.allSatisfy { $0 == 0 } })
  }

  @Test func onlyTheBystanderLearnsToStandBy() throws {
    let network = try NetworkFixture.network()
    let objective = try NetworkFixture.objective(network) {
      $0.weights = [.target: 0, .basePrediction: 0, .crossPrior: 1]
    }
    var report = CastObjective.Report()
    let sample = try Self.sample(2, [0], bystander: 1)
    let own = try NetworkFixture.gradients(network) { report = try objective.accumulate([sample], divisor: 1) }
    #expect((report.terms[.crossPrior]?[0] ?? 0) > 0)
    for (parameter, gradient) in zip(network.parameters, own) {
      #expect(gradient.contains { $0 != 0 } == parameter.name.hasPrefix("1/"), "\(parameter.name)")
    }
    // With a caption of its own it is another number.
    var named = sample
    named.bystanderCaption = "a hat"
    #expect(try objective.accumulate([named], divisor: 1).terms[.crossPrior] != report.terms[.crossPrior])
    // The number is the mean of squares between both predictions.
    let input = try BatchInput([sample], objective.schedule, on: .cpu)
    let distance = try withoutGradients {
      try objective.prediction(input, [sample.caption], [[1]]) - objective.basePrediction(input, [sample.caption])
    }
    let expected = try (distance * distance).mean().item()
    #expect(abs((report.terms[.crossPrior]?[0] ?? 0) - expected) < 1e-5 * expected)
  }

  @Test func samplesWithoutWeightTeachNothing() throws {
    let network = try NetworkFixture.network()
    let objective = try NetworkFixture.objective(network, change: Self.classes)
    var sample = try Self.sample(1, [0], bystander: 1)
    sample.weight = 0
    let gradients = try NetworkFixture.gradients(network) {
      let report = try objective.accumulate([sample], divisor: 1)
      #expect(report.total == 0 && (report.terms[.target]?[0] ?? 0) > 0)
    }
    #expect(gradients.allSatisfy { $0.allSatisfy { $0 == 0 } })
    #expect(try objective.accumulate([], divisor: 1).terms.isEmpty)
  }

  /// Parts that the mask leaves out teach nothing: the target may be anything there.
  @Test(arguments: [true, false]) func masksDecideWhatCounts(_ normalises: Bool) throws {
    let network = try NetworkFixture.network()
    let objective = try NetworkFixture.objective(network) {
      $0.mask = try? MaskedLoss(normalisesArea: normalises)
    }
    let half = try Tensor.concatenated([Tensor.ones([1, 1, 32, 16]), Tensor.zeros([1, 1, 32, 16])], 3)
    let sample = try NetworkFixture.sample(1, loras: [0]) { $0.mask = half }
    let input = try BatchInput([sample], objective.schedule, on: .cpu)
    let prediction = try objective.prediction(input, [sample.caption], [[0]])
    let distance = try prediction - input.target
    let left = try (distance * distance).narrowed(3, from: 0, length: 8).mean().item()
    let found = try #require(try objective.accumulate([sample], divisor: 1).terms[.target]?[0])
    #expect(abs(found - left * (normalises ? 1 : 0.5)) < 1e-5 * left)
    // Samples without a mask beside it count whole.
    let plain = try NetworkFixture.sample(2, loras: [0])
    let alone = try #require(try objective.accumulate([plain], divisor: 1).terms[.target]?[0])
    let both = try #require(try objective.accumulate([sample, plain], divisor: 2).terms[.target])
    #expect(abs((both[0] ?? 0) - found) < 1e-5 * found && abs((both[1] ?? 0) - alone) < 1e-5 * alone)
    // Without masks in the plan they do nothing.
    let unmasked = try NetworkFixture.objective(network).accumulate([sample], divisor: 1).terms[.target]?[0] ?? 0
    let whole = try (distance * distance).mean().item()
    #expect(abs(unmasked - whole) < 1e-5 * whole)
  }

  @Test func orthogonalityIsOfTheLoRAsAndReported() throws {
    let network = try NetworkFixture.network(parts: [.unet])
    let objective = try NetworkFixture.objective(network) {
      $0.weights = [.target: 0, .basePrediction: 0, .factorOrthogonality: 0.5]
    }
    let samples = try (0..<2).map { try NetworkFixture.sample(UInt64($0 + 1), loras: [$0]) }
    var expected = 0.0
    for layer in network.layers {
      let (a, b) = try (
        layer.factors[0].down.detached().reshaped(3, -1), layer.factors[1].down.detached().reshaped(3, -1)
      )
      let product: [Float] = try a.matrixProduct(b.transposed()).array()
      expected += product.reduce(0) { $0 + Double($1) * Double($1) }
    }
    var reports: [CastObjective.Report] = []
    let gradients = try NetworkFixture.gradients(network) {
      for sample in samples { reports.append(try objective.accumulate([sample], divisor: 2)) }
    }
    // Over both batches of the step it counts once.
    #expect(abs(reports[0].total + reports[1].total - expected / 2) < 1e-5 * expected)
    #expect(reports.allSatisfy { abs(($0.terms[.factorOrthogonality]?[0] ?? 0) - expected) < 1e-5 * expected })
    // d‖AᵢAⱼᵀ‖² = 2 AᵢAⱼᵀAⱼ, half of it by the weight.
    let layer = network.layers[0]
    let (a, b) = try (
      layer.factors[0].down.detached().reshaped(3, -1), layer.factors[1].down.detached().reshaped(3, -1)
    )
    let slope: [Float] = try a.matrixProduct(b.transposed()).matrixProduct(b).array()
    let place = try #require(network.parameters.firstIndex { $0.tensor === layer.factors[0].down })
    #expect(zip(slope, gradients[place]).allSatisfy { abs($0 - $1) < 1e-5 })
    // One LoRA has nobody to be apart from.
    let alone = try NetworkFixture.objective(NetworkFixture.network(names: ["x"])) {
      $0.weights[.factorOrthogonality] = 0.5
    }
    #expect(
      try alone.accumulate(
        samples.map {
          var one = $0; one.loras = [0]; return one
        }, divisor: 2
      )
      .terms[.factorOrthogonality] == nil)
  }

  /// What is not finite is named, and nothing of it reaches the parameters of the step before.
  @Test func lossesThatAreNotFiniteAreNamed() throws {
    let network = try NetworkFixture.network()
    let objective = try NetworkFixture.objective(network, change: Self.classes)
    var sample = try Self.sample(1, [0])
    sample.latents = try sample.latents * Double.nan
    #expect(throws: OptimisationError.self) { try objective.accumulate([sample], divisor: 1) }
    expectError("\"target\"", "lower the learning rate") { try objective.accumulate([sample], divisor: 1) }
    sample.target = .base
    expectError("\"base\"") { try objective.accumulate([sample], divisor: 1) }
    try withoutGradients { _ = try network.layers[0].factors[1].up.fill(.infinity) }
    let bystander = try Self.sample(1, [0], bystander: 1)
    expectError("\"cross-prior\"") { try objective.accumulate([bystander], divisor: 1) }
    try withoutGradients { _ = try network.layers[0].factors[1].down.fill(.nan) }
    let apart = try NetworkFixture.objective(network) { $0.weights[.factorOrthogonality] = 1 }
    expectError("\"orthogonality\"") { try apart.accumulate([Self.sample(1, [0])], divisor: 1) }
  }
}
