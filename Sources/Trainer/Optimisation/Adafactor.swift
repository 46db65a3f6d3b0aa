public import Torch

/// Adam with the squares' mean kept as rows and columns (Shazeer and Stern, arXiv 1804.04235), as in transformers.
///
/// With `β₂ = 1 − t^decay`: tensors of two or more dimensions keep the means of `g² + ε₁` along their last and their
/// second last dimension, whose product, divided by the rows' mean, stands for the squares; others keep it whole. The
/// step `g/√v` is cut to a root mean square of at most `threshold`, then multiplied by the rate: the group's own or
/// `min(10⁻², 1/√t)`, and by the parameter's root mean square where that is asked for.
public final class Adafactor: Optimiser {
  /// The constants of the rule.
  public struct Options: Sendable, Hashable {
    /// Added to squares of gradients.
    public var epsilon1 = 1e-30
    /// The least that a parameter's size counts for.
    public var epsilon2 = 1e-3
    /// The greatest root mean square of a step, before the rate.
    public var threshold = 1.0
    /// The power of the step's number that the squares' mean forgets with, negative.
    public var decay = -0.8
    /// How slowly the mean of the steps changes; without one, `nil`.
    public var beta1: Double?
    /// Whether steps grow with the parameter's size.
    public var scalesByParameter = true
    /// Whether the rate comes from the step's number, not from the group.
    public var hasRelativeStep = true
    /// Whether a relative step grows from 10⁻⁶, rather than starting at 10⁻².
    public var warmsUp = false

    /// The reference's defaults.
    public init() {}
  }

  /// What is trained; with relative steps a rate of 0 leaves a group alone, other rates are not used.
  public var groups: [ParameterGroup]
  private let options: Options
  private var memory: OptimiserMemory

  /// Starts with empty means.
  public init(_ groups: [ParameterGroup], _ options: Options = Options()) throws {
    try ParameterGroup.check(groups)
    guard options.threshold > 0, options.decay < 0, options.epsilon1 > 0, options.epsilon2 > 0 else {
      throw OptimisationError("adafactor needs a clip threshold and epsilons above 0 and a decay rate below 0")
    }
    if let beta1 = options.beta1 { try OptimiserOptions.check(beta1, 0, epsilon: 1) }
    if options.warmsUp, !options.hasRelativeStep {
      throw OptimisationError("warmup_init of adafactor needs relative_step; use a schedule with warm-up instead")
    }
    self.groups = groups
    self.options = options
    let count = groups.reduce(0) { $0 + $1.parameters.count }
    memory = try OptimiserMemory(
      groups, ["row", "column"] + (options.beta1 == nil ? [] : ["exp_avg"]),
      numbers: ["step": [Double](repeating: 0, count: count)]
    ) { slot, parameter in
      let shape = parameter.shape
      return switch slot {
      // Without two dimensions the first slot keeps the squares' mean whole, and the second nothing.
      case "row" where shape.count >= 2: try Tensor.zeros(shape.dropLast(), on: parameter.device)
      case "column" where shape.count >= 2:
        try Tensor.zeros(shape.dropLast(2) + [shape[shape.count - 1]], on: parameter.device)
      case "column": try Tensor.zeros([0], on: parameter.device)
      default: try parameter.detached().zerosLike()
      }
    }
  }

  /// One step.
  public func step() throws {
    try withoutGradients {
      var first = 0
      for (index, group) in groups.enumerated() {
        let members = group.rate == 0 ? [] : group.active
        let sizes = options.scalesByParameter ? try TensorLists.norms(members.map { group.parameters[$0].tensor }) : []
        for (position, member) in members.enumerated() {
          let count = memory.numbers["step", default: []][first + member] + 1
          memory.numbers["step", default: []][first + member] = count
          let elements = Double(group.parameters[member].tensor.count).squareRoot()
          try step(index, member, count: count, size: sizes.isEmpty ? nil : sizes[position] / elements)
        }
        first += group.parameters.count
      }
    }
  }

  private func step(_ index: Int, _ member: Int, count: Double, size: Double?) throws(TorchError) {
    let group = groups[index]
    let parameter = group.parameters[member].tensor
    guard let gradient = parameter.gradient else { return }
    let relative = min(options.warmsUp ? 1e-6 * count : 1e-2, 1 / count.squareRoot())
    let rate = (options.hasRelativeStep ? relative : group.rate) * (size.map { max(options.epsilon2, $0) } ?? 1)
    var update = try scaled(gradient, index, member, part: ElementaryFunctions.power(count, options.decay))
    let excess = try (update.norm() / (Double(update.count).squareRoot() * options.threshold)).clamped(from: 1)
    update = try update / excess * rate
    if let beta1 = options.beta1 {
      let mean = memory.tensors(2, index, [member])[0]
      update = try mean.multiply(by: beta1).add(update, times: 1 - beta1)
    }
    if group.weightDecay != 0 { try parameter.add(parameter, times: -group.weightDecay * rate) }
    try parameter.add(update, times: -1)
  }

  /// The gradient divided by the root of the squares' mean.
  private func scaled(_ gradient: Tensor, _ index: Int, _ member: Int, part: Double) throws(TorchError) -> Tensor {
    let squares = try gradient.power(2) + options.epsilon1
    let row = memory.tensors(0, index, [member])[0]
    guard gradient.dimensions >= 2 else {
      try row.multiply(by: 1 - part).add(squares, times: part)
      return try gradient * row.inverseRoot()
    }
    let column = memory.tensors(1, index, [member])[0]
    try row.multiply(by: 1 - part).add(squares.mean([-1]), times: part)
    try column.multiply(by: 1 - part).add(squares.mean([-2]), times: part)
    let rows = try (row / row.mean([-1], keep: true)).inverseRoot().unsqueezed(-1)
    return try rows * column.unsqueezed(-2).inverseRoot() * gradient
  }

  /// The means and the counts of steps.
  public func state() throws -> [NamedTensor] { try memory.state() }

  /// Goes back to a stored state.
  public func restore(_ state: [String: Tensor]) throws { try memory.restore(state) }
}

extension Tensor {
  private static let inverseRoot = Operator("aten::rsqrt")

  /// `1 / √x`.
  fileprivate func inverseRoot() throws(TorchError) -> Tensor { try Self.inverseRoot(.tensor(self)) }
}
