public import Torch

/// AdamW without a schedule of rates (Defazio et al., arXiv 2405.15682), as facebookresearch's schedulefree.
///
/// Gradients are taken at `y`, between the sequence `z` that takes the steps and its weighted mean `x` that is used:
/// `y = (1−β₁)z + β₁x`. With the step's weight `w = tʳ · max(lr)^power` and `c = w/Σw`:
/// `v ← β₂v + (1−β₂)g²`, `ĝ = g / (√(v/(1−β₂ᵗ)) + ε) + wd·y`, `y ← y + c(z − y) + lr(β₁(1−c) − 1)ĝ`, `z ← z − lr·ĝ`.
/// Parameters hold y while it trains, x while it is looked at or saved. Made for training; warm-up is its own.
public final class ScheduleFreeAdamW: Optimiser {
  /// The constants of the rule.
  public struct Options: Sendable, Hashable {
    /// How much of y is the mean, in (0, 1).
    public var beta1 = 0.9
    /// How slowly the mean of the squares changes, in [0, 1).
    public var beta2 = 0.999
    /// Added to the denominator, greater than 0.
    public var epsilon = 1e-8
    /// Over how many steps the rate grows from 0.
    public var warmup = 0
    /// The power of the step's number in its weight.
    public var stepPower = 0.0
    /// The power of the greatest rate so far in a step's weight.
    public var ratePower = 2.0

    /// The reference's defaults.
    public init() {}
  }

  /// What is trained.
  public var groups: [ParameterGroup]
  private let options: Options
  private var memory: OptimiserMemory
  /// Whether the parameters hold the values that gradients are taken at.
  public private(set) var isTraining = true

  /// Starts in training, with z at the parameters.
  public init(_ groups: [ParameterGroup], _ options: Options = Options()) throws {
    try ParameterGroup.check(groups)
    try OptimiserOptions.check(options.beta1, options.beta2, epsilon: options.epsilon)
    guard options.beta1 > 0 else {
      throw OptimisationError("beta1 of the schedule-free optimiser is 0; it must be above 0, usually 0.9")
    }
    self.groups = groups
    self.options = options
    let zeros = [Double](repeating: 0, count: groups.count)
    memory = try OptimiserMemory(
      groups, ["exp_avg_sq", "z"], numbers: ["k": zeros, "weight_sum": zeros, "lr_max": zeros, "training": [1]]
    ) { slot, parameter in slot == "z" ? try parameter.detached().copied() : try parameter.detached().zerosLike() }
  }

  /// One step.
  /// - Throws: ``OptimisationError`` outside training; ``TorchError``.
  public func step() throws {
    guard isTraining else {
      throw OptimisationError("the schedule-free optimiser was asked for a step outside training; enter training first")
    }
    try withoutGradients { for index in groups.indices { try step(index) } }
  }

  private func step(_ index: Int) throws(TorchError) {
    let group = groups[index]
    let count = memory.numbers["k", default: []][index] + 1
    let warmup = Double(options.warmup)
    let rate = group.rate * (count <= warmup ? count / warmup : 1)
    let greatest = max(rate, memory.numbers["lr_max", default: []][index])
    let weight =
      ElementaryFunctions.power(count, options.stepPower) * ElementaryFunctions.power(greatest, options.ratePower)
    let sum = memory.numbers["weight_sum", default: []][index] + weight
    let part = sum == 0 ? 0 : weight / sum
    memory.numbers["k", default: []][index] = count
    memory.numbers["lr_max", default: []][index] = greatest
    memory.numbers["weight_sum", default: []][index] = sum

    let members = group.active
    let parameters = members.map { group.parameters[$0].tensor }
    let gradients = parameters.compactMap(\.gradient)
    let squares = memory.tensors(0, index, members)
    let points = memory.tensors(1, index, members)
    try TensorLists.multiply(squares, by: options.beta2)
    try TensorLists.add(squares, products: gradients, gradients, times: 1 - options.beta2)
    let correction = 1 - ElementaryFunctions.power(options.beta2, count)
    let denominators = try TensorLists.squareRoots(TensorLists.quotients(squares, correction))
    try TensorLists.add(denominators, options.epsilon)
    try TensorLists.divide(gradients, by: denominators)
    if group.weightDecay != 0 { try TensorLists.add(gradients, parameters, times: group.weightDecay) }
    try TensorLists.interpolate(parameters, to: points, weight: part)
    try TensorLists.add(parameters, gradients, times: rate * (options.beta1 * (1 - part) - 1))
    try TensorLists.add(points, gradients, times: -rate)
  }

  /// Gives the parameters the mean of the steps, x.
  public func enterEvaluation() throws { try move(training: false, weight: 1 - 1 / options.beta1) }

  /// Gives the parameters y again.
  public func enterTraining() throws { try move(training: true, weight: 1 - options.beta1) }

  private func move(training: Bool, weight: Double) throws {
    guard training != isTraining else { return }
    try withoutGradients {
      for (index, group) in groups.enumerated() {
        try TensorLists.interpolate(
          group.parameters.map(\.tensor), to: memory.tensors(1, index, Array(group.parameters.indices)), weight: weight)
      }
    }
    isTraining = training
    memory.numbers["training"] = [training ? 1 : 0]
  }

  /// The squares' mean, z, and whether the parameters hold y.
  public func state() throws -> [NamedTensor] { try memory.state() }

  /// Goes back to a stored state; the parameters are those stored with it.
  public func restore(_ state: [String: Tensor]) throws {
    try memory.restore(state)
    isTraining = memory.numbers["training"] == [1]
  }
}
