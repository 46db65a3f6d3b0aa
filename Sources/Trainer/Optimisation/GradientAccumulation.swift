/// Counts the small batches whose gradients are summed up for one step of the optimiser.
public struct GradientAccumulation: Sendable, Hashable {
  /// How many small batches make one step, at least 1.
  public let count: Int
  /// How many of them are done, below ``count``.
  public private(set) var done = 0

  /// Starts a step.
  public init(_ count: Int) throws(OptimisationError) {
    guard count >= 1 else { throw OptimisationError("gradients are accumulated over \(count) batches; 1 is the least") }
    self.count = count
  }

  /// What each small batch's mean loss is multiplied by, so that their sum is the mean over the step.
  public var lossFactor: Double { 1 / Double(count) }

  /// Counts a small batch whose gradients were added.
  /// - Returns: whether the optimiser's turn has come.
  public mutating func add() -> Bool {
    done = (done + 1) % count
    return done == 0
  }
}
