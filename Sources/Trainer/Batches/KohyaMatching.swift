/// How sd-scripts draws in regularisation pictures and puts pictures into batches; kept for runs that must match.
public enum KohyaMatching {
  /// How often each regularisation picture is used in an epoch.
  ///
  /// All sets count as one list in the order of the configuration; nothing is random. The list is taken once with the
  /// repeats given, until it makes up the training pictures, and then again and again with one use more each.
  ///
  /// - Parameters:
  ///   - training: the uses of all training pictures in an epoch.
  ///   - repeats: the repeats of each regularisation picture, in order.
  /// - Returns: the uses of each in an epoch; 0 for pictures that are never used.
  public static func uses(training: Int, repeats: [Int]) -> [Int] {
    var result = [Int](repeating: 0, count: repeats.count)
    var used = 0
    for index in repeats.indices {
      guard used < training else { return result }
      result[index] = max(1, repeats[index])
      used += result[index]
    }
    guard used < training, !repeats.isEmpty else { return result }
    // Rounds of one use more each, and a last that ends where the training pictures are made up.
    let (rounds, rest) = (training - used).quotientAndRemainder(dividingBy: repeats.count)
    for index in repeats.indices { result[index] += rounds + (index < rest ? 1 : 0) }
    return result
  }

  /// The seed of the data of a run: the first draw after Python's `random.seed` with the run's own.
  public static func dataSeed(run seed: Int) -> Int {
    var random = PythonRandom(seed: seed)
    return random.below((1 << 31) + 1)
  }
}

/// The batches of sd-scripts, epoch by epoch, of one `[[datasets]]` block.
///
/// Each bucket is cut into batches, of which the last may be short; before every epoch the batches and every bucket are
/// shuffled again from the order they had, with the seed plus the number of the epoch.
public struct KohyaBatches: Sendable, Hashable {
  /// The members of each bucket as often as they are used in an epoch.
  public private(set) var buckets: [[Int]]
  /// Samples in a batch.
  public let batch: Int
  /// The seed.
  public let seed: Int
  /// The epoch whose order this is; 0 before the first.
  public private(set) var epoch = 0
  private var order: [Place]

  private struct Place: Sendable, Hashable {
    var bucket: Int
    var batch: Int
  }

  /// Batches of these buckets, in order of their sizes.
  public init(buckets: [[Int]], batch: Int, seed: Int) {
    let batch = max(1, batch)
    (self.buckets, self.batch, self.seed) = (buckets, batch, seed)
    order = buckets.enumerated().flatMap { index, members in
      (0..<(members.count + batch - 1) / batch).map { Place(bucket: index, batch: $0) }
    }
    shuffle()
  }

  private mutating func shuffle() {
    var random = PythonRandom(seed: seed + epoch)
    random.shuffle(&order)
    for index in buckets.indices { random.shuffle(&buckets[index]) }
  }

  /// The batches of the next epoch, the first of which has the number 1.
  public mutating func nextEpoch() -> [[Int]] {
    epoch += 1
    shuffle()
    return order.map { place in
      let members = buckets[place.bucket]
      return Array(members[(place.batch * batch)..<min(members.count, (place.batch + 1) * batch)])
    }
  }
}
