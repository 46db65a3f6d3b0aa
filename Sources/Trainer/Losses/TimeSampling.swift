public import Torch

/// Which times samples are noised to.
public struct TimeSampling: Sendable, Hashable {
  /// How times are distributed.
  public enum Distribution: Sendable, Hashable {
    /// Every time alike.
    case uniform
    /// `sigmoid(mean + deviation · N(0, 1))` of the range (Esser et al., arXiv 2403.03206).
    case logitNormal(mean: Double, deviation: Double)
  }

  /// The times that may occur, within those of the noise schedule.
  public let range: Range<Int>
  /// How they are distributed.
  public let distribution: Distribution

  /// Makes a rule.
  public init(_ range: Range<Int> = 0..<1000, _ distribution: Distribution = .uniform) throws(OptimisationError) {
    guard range.lowerBound >= 0, !range.isEmpty else {
      throw OptimisationError(
        "times are drawn from \(range.lowerBound) to below \(range.upperBound); the range must start at 0 or later and "
          + "hold at least one time")
    }
    if case .logitNormal(let mean, let deviation) = distribution, !mean.isFinite || !(deviation > 0) {
      throw OptimisationError(
        "logit-normal times need a finite mean and a deviation above 0, not \(mean) and \(deviation)")
    }
    self.range = range
    self.distribution = distribution
  }

  /// One time of each stream, which draws one number: `torch.randint` or `torch.randn` of one element.
  public func draw(_ generators: [Generator]) throws(TorchError) -> [Int] {
    var times: [Int] = []
    for generator in generators {
      switch distribution {
      case .uniform:
        times.append(range.lowerBound + Int(try Tensor.integers(below: range.count, [1], using: generator).item()))
      case .logitNormal(let mean, let deviation):
        let place = mean + deviation * (try Tensor.normal([1], using: generator).item())
        let part = 1 / (1 + ElementaryFunctions.exponential(-place))
        times.append(range.lowerBound + min(range.count - 1, Int(part * Double(range.count))))
      }
    }
    return times
  }
}
