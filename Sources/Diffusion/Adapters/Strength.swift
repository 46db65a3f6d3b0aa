/// How strongly an adapter acts: alike in a whole batch, or differently for each sample.
public enum Strength: Sendable, Hashable {
  /// The same for all samples.
  case uniform(Double)
  /// One for each sample of the batch, in its order: 0 switches the adapter off for a sample.
  case perSample([Double])

  /// Whether the adapter does nothing.
  public var isZero: Bool {
    switch self {
    case .uniform(let value): value == 0
    case .perSample(let values): values.allSatisfy { $0 == 0 }
    }
  }

  /// Multiplied by a number, as of a block's weight.
  public func scaled(by factor: Double) -> Strength {
    switch self {
    case .uniform(let value): .uniform(value * factor)
    case .perSample(let values): .perSample(values.map { $0 * factor })
    }
  }
}
