public import Torch

/// Averages of parameters over the last steps, which are often better than the last values; as diffusers' `EMAModel`.
///
/// `a ← a − (1−δ)(a − p)` after each step. δ grows to ``decay``: with `n` the steps since the start,
/// `(1+n)/(10+n)`, or `1 − (1+n)^−power` with a ``power``. The first step copies.
public final class MovingAverage {
  /// The greatest part that an average keeps in a step.
  public let decay: Double
  /// The power of the warm-up.
  public let power: Double?
  /// How many steps pass before averaging starts.
  public let start: Int
  /// How many steps were taken.
  public private(set) var steps = 0
  /// The averages, under the parameters' names.
  public let averages: [NamedTensor]
  private let parameters: [Tensor]

  /// Starts with copies of the parameters.
  public init(_ parameters: [NamedTensor], decay: Double = 0.9999, power: Double? = nil, start: Int = 0) throws {
    guard (0...1).contains(decay), start >= 0, power.map({ $0 > 0 }) ?? true else {
      throw OptimisationError("a moving average needs a decay from 0 to 1, a power above 0 and a start of 0 or later")
    }
    self.decay = decay
    self.power = power
    self.start = start
    self.parameters = parameters.map(\.tensor)
    averages = try parameters.map { NamedTensor($0.name, try $0.tensor.detached().copied()) }
  }

  /// What part the averages keep in a step, by its number from 1.
  public func decay(at step: Int) -> Double {
    let count = Double(step - start - 1)
    guard count > 0 else { return 0 }
    return min(decay, power.map { 1 - ElementaryFunctions.power(1 + count, -$0) } ?? (1 + count) / (10 + count))
  }

  /// Takes the parameters after a step into the averages.
  public func update() throws(TorchError) {
    steps += 1
    let part = 1 - decay(at: steps)
    try withoutGradients { () throws(TorchError) in
      let own = averages.map(\.tensor)
      try TensorLists.add(own, TensorLists.differences(own, parameters), times: -part)
    }
  }

  /// Lends the averages to the parameters while `body` runs, to look at or save them.
  public func lent<R>(_ body: () throws -> R) throws -> R {
    let own = try parameters.map { (tensor) throws(TorchError) in try tensor.detached().copied() }
    try copy(averages.map(\.tensor))
    do {
      let result = try body()
      try copy(own)
      return result
    } catch {
      try copy(own)
      throw error
    }
  }

  private func copy(_ values: [Tensor]) throws(TorchError) {
    try withoutGradients { () throws(TorchError) in
      for (parameter, value) in zip(parameters, values) { try parameter.assign(value) }
    }
  }

  /// Goes back to stored averages.
  /// - Throws: ``OptimisationError`` when one is missing or has another shape.
  public func restore(_ stored: [String: Tensor], steps: Int) throws {
    for average in averages where stored[average.name]?.shape != average.tensor.shape {
      throw OptimisationError(
        "the stored moving averages lack \(average.name) in the shape \(average.tensor.shape); resume with the network "
          + "that they were saved with")
    }
    try withoutGradients {
      for average in averages { if let value = stored[average.name] { try average.tensor.assign(value) } }
    }
    self.steps = steps
  }
}
