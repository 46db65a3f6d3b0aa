import Testing
import Torch
import Trainer

/// One case of the fixture.
struct OptimiserCase: Sendable, CustomTestStringConvertible {
  let name: String
  let base: Double
  var ratio = 0.5
  var decay = [0.0, 0.0]
  var scheduled = true
  let make: @Sendable ([ParameterGroup]) throws -> any Optimiser
  var testDescription: String { name }

  static let decays = [0.01, 0.1]
  static let all: [OptimiserCase] = [
    OptimiserCase(name: "adamw", base: 1e-2, decay: decays) { try AdamW($0) },
    OptimiserCase(name: "adamw-betas", base: 1e-2) {
      var options = AdamW.Options()
      (options.beta1, options.beta2, options.epsilon) = (0.4, 0.95, 1e-3)
      return try AdamW($0, options)
    },
    OptimiserCase(name: "lion", base: 1e-3, decay: decays) { try Lion($0) },
    OptimiserCase(name: "prodigy", base: 1, ratio: 1, scheduled: false) { try Prodigy($0) },
    OptimiserCase(name: "prodigy-warmup", base: 1, ratio: 1, decay: decays) {
      var options = Prodigy.Options()
      (options.beta2, options.safeguardsWarmup, options.correctsBias) = (0.99, true, true)
      (options.coefficient, options.growth, options.firstEstimate) = (2, 1.5, 1e-4)
      return try Prodigy($0, options)
    },
    OptimiserCase(name: "prodigy-coupled", base: 1, ratio: 1, decay: [0.01, 0.01]) {
      var options = Prodigy.Options()
      (options.isDecoupled, options.beta3) = (false, 0.9)
      (options.growth, options.firstEstimate) = (1.3, 1e-4)
      return try Prodigy($0, options)
    },
    OptimiserCase(name: "adafactor", base: 1) { try Adafactor($0) },
    OptimiserCase(name: "adafactor-warmup", base: 1, decay: decays) {
      var options = Adafactor.Options()
      options.warmsUp = true
      return try Adafactor($0, options)
    },
    OptimiserCase(name: "adafactor-fixed", base: 1e-3, decay: decays) {
      var options = Adafactor.Options()
      (options.beta1, options.hasRelativeStep, options.scalesByParameter) = (0.9, false, false)
      return try Adafactor($0, options)
    },
    OptimiserCase(name: "adafactor-scaled", base: 1e-2) {
      var options = Adafactor.Options()
      options.hasRelativeStep = false
      return try Adafactor($0, options)
    },
    OptimiserCase(name: "schedulefree", base: 1e-2) { try ScheduleFreeAdamW($0) },
    OptimiserCase(name: "schedulefree-warmup", base: 1e-2, decay: decays, scheduled: false) {
      var options = ScheduleFreeAdamW.Options()
      (options.warmup, options.stepPower, options.beta1, options.beta2) = (5, 0.5, 0.95, 0.99)
      return try ScheduleFreeAdamW($0, options)
    },
  ]
}

@Suite struct OptimiserParityTests {
  /// Single precision rounds to 6e-8; thirty steps of the same operations add up to a few of these.
  static let tolerance = 1e-6

  @Test(arguments: OptimiserCase.all) func stepsAsItsReference(_ each: OptimiserCase) throws {
    let fixture = try OptimiserFixture()
    let rates = try fixture.doubles("rate")
    let parameters = try fixture.parameters()
    let optimiser = try each.make(
      OptimiserFixture.groups(parameters, base: each.base, ratio: each.ratio, decay: each.decay))
    let estimates = each.name.hasPrefix("prodigy") ? try fixture.doubles("\(each.name).d") : []
    for step in 0..<OptimiserFixture.steps {
      try fixture.setGradients(parameters, step: step)
      let rate = each.base * (each.scheduled ? rates[step] : 1)
      (optimiser.groups[0].rate, optimiser.groups[1].rate) = (rate, rate * each.ratio)
      try optimiser.step()
      if let prodigy = optimiser as? Prodigy {
        #expect(abs(prodigy.estimate / estimates[step] - 1) < Self.tolerance, "d after step \(step + 1)")
      }
      if [1, 2, 5, 10, 20, 30].contains(step + 1) { try compare(parameters, fixture, "\(each.name).%.\(step + 1)") }
      if optimiser is ScheduleFreeAdamW, [10, 30].contains(step + 1) {
        try optimiser.enterEvaluation()
        try compare(parameters, fixture, "\(each.name).eval.%.\(step + 1)")
        try optimiser.enterTraining()
      }
    }
  }

  private func compare(_ parameters: [Tensor], _ fixture: OptimiserFixture, _ pattern: String) throws {
    for (index, parameter) in parameters.enumerated() {
      let name = pattern.replacing("%", with: "\(index)")
      let difference = try OptimiserFixture.difference(parameter, fixture.tensor(name))
      #expect(difference < Self.tolerance, "\(name)")
    }
  }
}
