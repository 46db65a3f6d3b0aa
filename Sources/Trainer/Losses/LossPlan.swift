public import Diffusion
public import Torch

/// Which losses a run has and how much each counts.
///
/// A batch's loss is `Σ_terms λ · (Σᵢ wᵢ Lᵢ) / n`, with `Lᵢ` a sample's mean over its elements, `wᵢ` its weight (that of its
/// regularisation set, or 1) and `n` the number of samples, as in sd-scripts. Everything is in F32.
public struct LossPlan: Sendable {
  /// What an element costs.
  public var element: ElementLoss = .meanSquare
  /// What samples are multiplied by for the noise in them, all of them.
  public var timeWeights: [any TimeWeight] = []
  /// How masks are used.
  public var mask: MaskedLoss?
  /// How much each term counts, λ; terms that are not here are not part of the run.
  public var weights: [LossTerm: Double] = [.target: 1]

  /// Mean squares of the target alone.
  public init() {}

  /// The losses of samples against their targets, `[batch]`, with masks and time weights, without sample weights.
  /// - Parameters:
  ///   - prediction: `[batch, channels, height, width]`.
  ///   - target: the noise, the velocity, or another prediction to be held to.
  ///   - times: one of each sample.
  ///   - schedule: that of the model; sd-scripts takes the weights of one without zero terminal SNR.
  ///   - mask: `[batch, 1, height, width]`, 1 for samples without one; used if the plan uses masks.
  /// - Throws: ``OptimisationError`` when a weight is not finite at a time; ``TorchError``.
  public func losses(
    _ prediction: Tensor, _ target: Tensor, times: [Int], _ schedule: NoiseSchedule, mask: Tensor? = nil
  ) throws -> Tensor {
    var elements = try element.elements(prediction, target, thresholds: thresholds(times, schedule))
    if let rule = self.mask, let mask { elements = try rule.masked(elements, mask) }
    let means = try elements.sampleMeans()
    guard !timeWeights.isEmpty else { return means }
    return try means * Tensor.perSample(factors(times, schedule), like: means)
  }

  /// The Huber thresholds of samples, for the terms that want them.
  public func thresholds(_ times: [Int], _ schedule: NoiseSchedule) -> [Double] {
    element.threshold.map { threshold in times.map { threshold.value(at: $0, schedule) } } ?? []
  }

  /// What samples are multiplied by for the noise in them.
  public func factors(_ times: [Int], _ schedule: NoiseSchedule) throws(OptimisationError) -> [Double] {
    var factors: [Double] = []
    for time in times {
      let ratio = schedule.signalToNoise(at: Double(time))
      let factor = timeWeights.reduce(1) { $0 * $1.factor(ratio, schedule.configuration.prediction) }
      guard factor.isFinite else {
        throw OptimisationError(
          "the weight of the loss at time \(time) is infinite, as there is no signal left (zero terminal SNR); use "
            + "min-SNR, or a model that predicts velocity")
      }
      factors.append(factor)
    }
    return factors
  }

  /// Puts the terms of a batch together.
  /// - Parameters:
  ///   - terms: `[batch]` each, or one number for terms that are the batch's own.
  ///   - sampleWeights: what each sample's losses are multiplied by, in order.
  /// - Throws: ``OptimisationError`` for a term without a weight or of another shape; ``TorchError``.
  public func combined(_ terms: [LossTerm: Tensor], _ sampleWeights: [Double]) throws -> CombinedLoss {
    var total: Tensor?
    // In a fixed order, because sums in single precision depend on it.
    for term in LossTerm.allCases {
      guard let losses = terms[term] else { continue }
      guard let weight = weights[term] else {
        throw OptimisationError("the loss \(term.rawValue) was computed, but the plan gives it no weight")
      }
      guard losses.shape == [sampleWeights.count] || losses.shape == [] else {
        throw OptimisationError(
          "the loss \(term.rawValue) has the shape \(losses.shape) for a batch of \(sampleWeights.count) samples")
      }
      let weighted =
        losses.shape.isEmpty ? losses : try (losses * Tensor.perSample(sampleWeights, like: losses)).mean()
      let part = try weighted * weight
      total = if let total { try total + part } else { part }
    }
    guard let total else { throw OptimisationError("a batch's loss has no terms; give the plan at least one") }
    return CombinedLoss(total: total, terms: try terms.mapValues { try $0.detached() })
  }
}
