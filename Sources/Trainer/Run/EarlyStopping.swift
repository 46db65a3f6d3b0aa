/// Ends a character's training when its held-out loss has not fallen for long enough.
public struct EarlyStopping: Sendable, Hashable {
  /// What is known of one character.
  public struct Member: Sendable, Hashable {
    /// The smallest held-out loss so far; infinite before the first.
    public var best = Double.infinity
    /// The steps that were done when it was measured.
    public var bestStep = 0
    /// Whether its training has ended.
    public var isStopped = false
  }

  /// The steps without a smaller loss after which training ends; nil never ends it.
  public let patience: Int?
  /// Each character.
  public internal(set) var members: [Member]

  /// Nobody has stopped.
  public init(patience: Int?, count: Int) {
    self.patience = patience
    members = [Member](repeating: Member(), count: count)
  }

  /// Takes a measurement in.
  /// - Parameters:
  ///   - losses: the held-out losses by character; those that are missing were not measured.
  ///   - step: the steps that are done.
  /// - Returns: whose loss is the smallest so far, and whose training ends now.
  public mutating func note(_ losses: [Int: Double], step: Int) -> (improved: [Int], ended: [Int]) {
    var (improved, ended): ([Int], [Int]) = ([], [])
    for (number, loss) in losses.sorted(by: { $0.key < $1.key }) where members.indices.contains(number) {
      guard !members[number].isStopped, loss.isFinite else { continue }
      if loss < members[number].best {
        members[number].best = loss
        members[number].bestStep = step
        improved.append(number)
      } else if let patience, step - members[number].bestStep >= patience {
        members[number].isStopped = true
        ended.append(number)
      }
    }
    return (improved, ended)
  }

  /// Whether everybody's training has ended.
  public var allStopped: Bool { !members.isEmpty && members.allSatisfy(\.isStopped) }
}
