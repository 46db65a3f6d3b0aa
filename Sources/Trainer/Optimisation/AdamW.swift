public import Torch

/// Adam with decoupled weight decay (Loshchilov and Hutter, arXiv 1711.05101), operation by operation as PyTorch's.
///
/// `p ← p (1 − lr·wd)`, `m ← m + (1−β₁)(g − m)`, `v ← β₂v + (1−β₂)g²`,
/// `p ← p − lr/(1−β₁ᵗ) · m / (√v / √(1−β₂ᵗ) + ε)`. Steps are counted for each parameter, as parameters without a
/// gradient sit out.
public final class AdamW: Optimiser {
  /// The constants of the rule.
  public struct Options: Sendable, Hashable {
    /// How slowly the mean of the gradients changes, in [0, 1).
    public var beta1 = 0.9
    /// How slowly the mean of their squares changes, in [0, 1).
    public var beta2 = 0.999
    /// Added to the denominator, greater than 0.
    public var epsilon = 1e-8

    /// PyTorch's defaults.
    public init() {}
  }

  /// What is trained.
  public var groups: [ParameterGroup]
  private let options: Options
  private var memory: OptimiserMemory

  /// Starts with empty means.
  public init(_ groups: [ParameterGroup], _ options: Options = Options()) throws {
    try ParameterGroup.check(groups)
    try OptimiserOptions.check(options.beta1, options.beta2, epsilon: options.epsilon)
    self.groups = groups
    self.options = options
    memory = try OptimiserMemory(
      groups, ["exp_avg", "exp_avg_sq"],
      numbers: ["step": [Double](repeating: 0, count: groups.reduce(0) { $0 + $1.parameters.count })])
  }

  /// One step.
  public func step() throws {
    try withoutGradients {
      var first = 0
      for index in groups.indices {
        // Nearly always one list: parameters differ in their count of steps only after a missing gradient.
        let active = groups[index].active
        let counts = Dictionary(grouping: active) { memory.numbers["step", default: []][first + $0] + 1 }
        for (count, members) in counts.sorted(by: { $0.key < $1.key }) {
          try step(index, members, count: count)
          for member in members { memory.numbers["step", default: []][first + member] = count }
        }
        first += groups[index].parameters.count
      }
    }
  }

  private func step(_ index: Int, _ members: [Int], count: Double) throws(TorchError) {
    let group = groups[index]
    let parameters = members.map { group.parameters[$0].tensor }
    let gradients = parameters.compactMap(\.gradient)
    let means = memory.tensors(0, index, members)
    let squares = memory.tensors(1, index, members)
    if group.weightDecay != 0 { try TensorLists.multiply(parameters, by: 1 - group.rate * group.weightDecay) }
    try TensorLists.interpolate(means, to: gradients, weight: 1 - options.beta1)
    try TensorLists.multiply(squares, by: options.beta2)
    try TensorLists.add(squares, products: gradients, gradients, times: 1 - options.beta2)
    let correction1 = 1 - ElementaryFunctions.power(options.beta1, count)
    let correction2 = 1 - ElementaryFunctions.power(options.beta2, count)
    let denominators = try TensorLists.quotients(TensorLists.squareRoots(squares), correction2.squareRoot())
    try TensorLists.add(denominators, options.epsilon)
    try TensorLists.add(parameters, quotients: means, denominators, times: -group.rate / correction1)
  }

  /// The means and the counts of steps.
  public func state() throws -> [NamedTensor] { try memory.state() }

  /// Goes back to a stored state.
  public func restore(_ state: [String: Tensor]) throws { try memory.restore(state) }
}
