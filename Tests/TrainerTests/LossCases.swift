import Diffusion
import Testing
import Torch
import Trainer

/// One case of `losses.safetensors`: how to compute it and which inputs take gradients.
struct LossCase: Sendable, CustomTestStringConvertible {
  typealias Inputs = [String: Tensor]
  let name: String
  let leaves: [String]
  let compute: @Sendable (Inputs) throws -> Tensor
  var testDescription: String { name }

  static let times = [0, 250, 500, 999]

  static func schedule(_ prediction: ScheduleConfiguration.Prediction, zero: Bool = false) throws -> NoiseSchedule {
    var configuration = ScheduleConfiguration()
    configuration.prediction = prediction
    configuration.zeroTerminalSNR = zero
    return try NoiseSchedule(configuration)
  }

  /// A plan's loss of the prediction.
  private static func planned(
    _ name: String, _ prediction: ScheduleConfiguration.Prediction = .epsilon,
    _ change: @escaping @Sendable (inout LossPlan) throws -> Void
  ) -> LossCase {
    LossCase(name: name, leaves: ["prediction"]) { inputs in
      var plan = LossPlan()
      try change(&plan)
      return try plan.losses(
        #require(inputs["prediction"]), #require(inputs["target"]), times: times, schedule(prediction),
        mask: inputs["mask"])
    }
  }

  private static func adapters(_ inputs: Inputs) throws -> [MaximumNorm.Factors] {
    try [0.5, 1, 2].enumerated().map { index, scale in
      MaximumNorm.Factors(
        up: try #require(inputs["up\(index)"]), down: try #require(inputs["down\(index)"]), scale: scale)
    }
  }

  private static let elements: [LossCase] =
    [planned("mse") { _ in }, planned("l1") { $0.element = .absolute }]
    + HuberThreshold.Course.allCases.flatMap { course in
      [
        planned("huber.\(course.rawValue)") { $0.element = .huber(try HuberThreshold(course, scale: 1.5)) },
        planned("smooth.\(course.rawValue)") { $0.element = .smoothAbsolute(try HuberThreshold(course, scale: 1.5)) },
      ]
    }

  private static let weights: [LossCase] = [
    planned("weight.minimum.noise") { $0.timeWeights = [try MinimumSNRWeight()] },
    planned("weight.minimum.velocity", .velocity) { $0.timeWeights = [try MinimumSNRWeight()] },
    planned("weight.minimum.diffusers", .velocity) { $0.timeWeights = [try MinimumSNRWeight(.diffusers)] },
    planned("weight.debiased.noise") { $0.timeWeights = [DebiasedWeight()] },
    planned("weight.debiased.velocity", .velocity) { $0.timeWeights = [DebiasedWeight()] },
    planned("weight.debiased.onetrainer", .velocity) { $0.timeWeights = [DebiasedWeight(.oneTrainer)] },
    planned("weight.scale.velocity", .velocity) { $0.timeWeights = [VelocityScaleWeight()] },
    planned("weight.like.noise") { $0.timeWeights = [try VelocityLikeWeight(part: 0.1)] },
  ]

  private static let masks: [LossCase] = [
    planned("masked.plain") { $0.mask = try MaskedLoss(normalisesArea: false) },
    planned("masked.area") { $0.mask = try MaskedLoss() },
    planned("masked.kept") { $0.mask = try MaskedLoss(hiddenWeight: 0.2) },
    LossCase(name: "masked.prior", leaves: ["prediction"]) {
      try MaskedPrior(mask: MaskedLoss(hiddenWeight: 0.2)).losses(
        #require($0["prediction"]), base: #require($0["base"]), mask: #require($0["mask"]))
    },
  ]

  private static let others: [LossCase] = [
    LossCase(name: "base-prediction", leaves: ["prediction"]) {
      try BasePrediction().losses(#require($0["prediction"]), base: #require($0["base"]))
    },
    LossCase(name: "swap", leaves: ["prediction", "other"]) {
      try SwapContrast(margin: 0.7).losses(
        #require($0["prediction"]), #require($0["other"]), base: #require($0["base"]))
    },
    LossCase(name: "focus", leaves: ["key0", "value0", "key1", "value1"]) { inputs in
      let layers = try (0..<2).map {
        (key: try #require(inputs["key\($0)"]), value: try #require(inputs["value\($0)"]))
      }
      return try TokenFocus.losses(layers, trigger: #require(inputs["trigger"]))
    },
    LossCase(name: "attention", leaves: ["maps"]) {
      try AttentionLocalisation.losses(
        #require($0["maps"]), grid: (6, 5), trigger: #require($0["trigger"]), masks: #require($0["mask"]),
        present: [true, true, true, false])
    },
    LossCase(name: "inputs", leaves: ["down0", "down1", "down2"]) {
      try FactorOrthogonality(.inputs).loss(adapters($0))
    },
    LossCase(name: "outputs", leaves: ["up0", "up1", "up2"]) { try FactorOrthogonality(.outputs).loss(adapters($0)) },
    LossCase(name: "changes", leaves: ["up0", "up1", "up2", "down0", "down1", "down2"]) {
      try FactorOrthogonality(.changes).loss(adapters($0))
    },
  ]

  static let all = elements + weights + masks + others
}
