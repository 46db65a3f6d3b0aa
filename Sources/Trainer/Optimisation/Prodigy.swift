public import Torch

/// Adam that finds its own step size (Mishchenko and Defazio, arXiv 2306.06101), as the package prodigyopt.
///
/// `d`, an estimate of the distance to the solution, starts tiny and only grows: `d̂ = coefficient · r / ‖s‖₁` with
/// `r ← β₃r + (d/d₀)·d·lr·⟨g, p₀ − p⟩` and `s ← β₃s + (d/d₀)·d·lr·g`, over all parameters. Then Adam's step at the rate
/// `d·lr` with means of `d·g` and `d²·g²`. The rate is a factor, usually 1, the same for all groups that train; a group
/// at rate 0 is left alone.
public final class Prodigy: Optimiser {
  /// The constants of the rule.
  public struct Options: Sendable, Hashable {
    /// How slowly the mean of the gradients changes, in [0, 1).
    public var beta1 = 0.9
    /// How slowly the mean of their squares changes, in [0, 1).
    public var beta2 = 0.999
    /// How slowly the estimate's sums change; `√β₂` if `nil`.
    public var beta3: Double?
    /// Added to the denominator in units of d, greater than 0.
    public var epsilon = 1e-8
    /// Whether weight decay acts on weights, rather than through gradients.
    public var isDecoupled = true
    /// Whether Adam's corrections of the first steps apply.
    public var correctsBias = false
    /// Whether a warm-up leaves the estimate's denominator alone; wanted with one.
    public var safeguardsWarmup = false
    /// The first estimate.
    public var firstEstimate = 1e-6
    /// What estimates are multiplied by.
    public var coefficient = 1.0
    /// The most that the estimate grows by in a step.
    public var growth = Double.infinity

    /// The reference's defaults.
    public init() {}
  }

  /// What is trained.
  public var groups: [ParameterGroup]
  private let options: Options
  private var memory: OptimiserMemory

  /// Starts at the first estimate; the parameters' values now are the point that distance is measured from.
  public init(_ groups: [ParameterGroup], _ options: Options = Options()) throws {
    try ParameterGroup.check(groups)
    try OptimiserOptions.check(options.beta1, options.beta2, epsilon: options.epsilon)
    guard options.firstEstimate > 0, options.growth >= 1, options.coefficient > 0 else {
      throw OptimisationError("prodigy needs d0 and d_coef above 0 and a growth rate of at least 1")
    }
    self.groups = groups
    self.options = options
    memory = try OptimiserMemory(
      groups, ["exp_avg", "exp_avg_sq", "s", "p0"],
      numbers: ["d": [options.firstEstimate], "d_max": [options.firstEstimate], "d_numerator": [0], "k": [0]]
    ) { slot, parameter in slot == "p0" ? try parameter.detached().copied() : try parameter.detached().zerosLike() }
  }

  /// The estimate of the distance, which multiplies the rate.
  public var estimate: Double { number("d") }

  private func number(_ name: String) -> Double { memory.numbers[name]?.first ?? 0 }

  /// One step.
  /// - Throws: ``OptimisationError`` when groups have different rates above 0; ``TorchError``.
  public func step() throws {
    let rates = Set(groups.map(\.rate)).subtracting([0])
    guard rates.count <= 1 else {
      throw OptimisationError(
        "prodigy finds one step size for all parts, so their rates must be the same or 0, not "
          + rates.sorted().map { "\($0)" }.joined(separator: " and "))
    }
    guard let rate = rates.first else { return }
    try withoutGradients { try step(rate) }
  }

  private func step(_ rate: Double) throws(TorchError) {
    let (count, before) = (number("k") + 1, number("d"))
    let correction =
      options.correctsBias
      ? (1 - ElementaryFunctions.power(options.beta2, count)).squareRoot()
        / (1 - ElementaryFunctions.power(options.beta1, count)) : 1
    let pace = before * rate * correction
    var sums = (numerator: 0.0, denominator: 0.0)
    for index in groups.indices where groups[index].rate > 0 { try observe(index, pace, &sums) }
    // No gradient at all: nothing is learnt about the distance.
    guard sums.denominator != 0 else { return }
    let beta3 = options.beta3 ?? options.beta2.squareRoot()
    let numerator = number("d_numerator") * beta3 + sums.numerator
    let estimate = options.coefficient * numerator / sums.denominator
    var d = before
    if d == options.firstEstimate { d = max(d, estimate) }
    let greatest = max(number("d_max"), estimate)
    d = min(greatest, d * options.growth)
    memory.numbers["d_numerator"] = [numerator]
    memory.numbers["d"] = [d]
    memory.numbers["d_max"] = [greatest]
    memory.numbers["k"] = [count]
    for index in groups.indices where groups[index].rate > 0 { try move(index, d, pace) }
  }

  /// Takes the gradients of a group into the means and the estimate's sums.
  private func observe(
    _ index: Int, _ pace: Double, _ sums: inout (numerator: Double, denominator: Double)
  ) throws(TorchError) {
    let group = groups[index]
    let members = group.active
    let parameters = members.map { group.parameters[$0].tensor }
    let gradients = parameters.compactMap(\.gradient)
    if group.weightDecay != 0, !options.isDecoupled {
      try TensorLists.add(gradients, parameters, times: group.weightDecay)
    }
    let d = number("d")
    // Relative to the first estimate, because d alone can be too small for single precision.
    let relative = d / options.firstEstimate
    let moved = try TensorLists.differences(memory.tensors(3, index, members), parameters)
    var products: [Tensor] = []
    for product in try TensorLists.products(gradients, moved) { products.append(try product.sum()) }
    for product in try TensorLists.numbers(products) { sums.numerator += relative * pace * product }

    let (means, squares) = (memory.tensors(0, index, members), memory.tensors(1, index, members))
    try TensorLists.multiply(means, by: options.beta1)
    try TensorLists.add(means, gradients, times: d * (1 - options.beta1))
    try TensorLists.multiply(squares, by: options.beta2)
    try TensorLists.add(squares, products: gradients, gradients, times: d * d * (1 - options.beta2))

    let totals = memory.tensors(2, index, members)
    try TensorLists.multiply(totals, by: options.beta3 ?? options.beta2.squareRoot())
    try TensorLists.add(totals, gradients, times: relative * (options.safeguardsWarmup ? d : pace))
    for norm in try TensorLists.norms(totals, order: 1) { sums.denominator += norm }
  }

  private func move(_ index: Int, _ d: Double, _ pace: Double) throws(TorchError) {
    let group = groups[index]
    let members = group.active
    let parameters = members.map { group.parameters[$0].tensor }
    let denominators = try TensorLists.squareRoots(memory.tensors(1, index, members))
    try TensorLists.add(denominators, d * options.epsilon)
    if group.weightDecay != 0, options.isDecoupled {
      // Not a product: 1 − wd·d·lr is 1 in single precision while d is small.
      try TensorLists.add(parameters, parameters, times: -group.weightDecay * pace)
    }
    if options.beta1 > 0 {
      try TensorLists.add(parameters, quotients: memory.tensors(0, index, members), denominators, times: -pace)
    } else {
      try TensorLists.add(parameters, quotients: parameters.compactMap(\.gradient), denominators, times: -pace * d)
    }
  }

  /// The means, the estimate with its sums, and the first values.
  public func state() throws -> [NamedTensor] { try memory.state() }

  /// Goes back to a stored state.
  public func restore(_ state: [String: Tensor]) throws { try memory.restore(state) }
}
