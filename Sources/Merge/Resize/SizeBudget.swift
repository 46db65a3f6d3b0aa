/// Spends bytes where they keep most of what a file does.
///
/// A layer's next rank costs `(out + in)` numbers and keeps the energy `σ²`, scale included. Within a layer the energies
/// fall and the cost stays, so taking the best energy per byte over the whole file, again and again, is one sort. When
/// the next best no longer fits, its layer is done, and what is left goes to cheaper ones.
enum SizeBudget {
  /// What a layer offers.
  struct Offer: Sendable {
    /// The singular values of ΔW, greatest first.
    var values: [Double]
    /// The bytes of one rank.
    var cost: Int
    /// The greatest rank allowed.
    var limit: Int
  }

  /// A value this much smaller than its layer's greatest is rounding, not content.
  private static let negligible = 1e-12

  /// The rank of each layer, at least 1.
  ///
  /// - Parameters:
  ///   - offers: the layers.
  ///   - bytes: what may be spent on factors, first ranks included.
  /// - Returns: nil when the first ranks alone cost more.
  static func ranks(_ offers: [Offer], bytes: Int) -> [Int]? {
    var left = bytes - offers.reduce(0) { $0 + $1.cost }
    guard left >= 0 else { return nil }
    var candidates: [(gain: Double, layer: Int, rank: Int)] = []
    for (layer, offer) in offers.enumerated() {
      let least = (offer.values.first ?? 0) * negligible
      for rank in 1..<max(1, min(offer.values.count, offer.limit)) where offer.values[rank] > least {
        let value = offer.values[rank]
        candidates.append((value * value / Double(max(1, offer.cost)), layer, rank))
      }
    }
    // Equal gains in the order of the file, so that the same input gives the same bytes.
    candidates.sort { ($1.gain, $0.layer, $0.rank) < ($0.gain, $1.layer, $1.rank) }
    var ranks = Array(repeating: 1, count: offers.count)
    for candidate in candidates where ranks[candidate.layer] == candidate.rank {
      let cost = offers[candidate.layer].cost
      guard cost <= left else { continue }
      left -= cost
      ranks[candidate.layer] += 1
    }
    return ranks
  }
}
