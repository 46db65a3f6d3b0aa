/// How many of a layer's singular values are kept.
///
/// The dynamic rules choose the same rank as sd-scripts' `resize_lora.py`, with `S` the singular values of the
/// unscaled `up · down`, greatest first, and `n = min(out, in)` of them, zeros included: an index from the table, clamped
/// to `1…n-1`, plus one. So they keep one or two more than the target needs. A layer with `S₀ ≤ 10⁻⁶` gets rank 1.
///
/// | rule | index |
/// |---|---|
/// | ratio `p` | the number of `S > S₀ / p` |
/// | cumulative `p` | one beyond the first place where `cumsum(S) / ΣS ≥ p` |
/// | Frobenius `p` | one beyond the first place where `cumsum(S²) / ΣS² ≥ p²` |
///
/// Unlike there, no rank is beyond what the factors hold: singular values beyond it are zero and cost space only.
public enum RankRule: Sendable, Hashable {
  /// All of them, up to the ``RankCap``.
  case all
  /// Those above the greatest divided by this number, which is more than 1.
  case ratio(Double)
  /// Enough for this share of `√ΣS²`, above 0 and at most 1.
  case frobenius(Double)
  /// Enough for this share of `ΣS`, above 0 and at most 1.
  case cumulative(Double)

  /// A layer whose greatest singular value is no more than this counts as empty for the dynamic rules.
  static let least = 1e-6

  /// The name on the command line.
  public var name: String {
    switch self {
    case .all: "rank"
    case .ratio: "sv-ratio"
    case .frobenius: "sv-fro"
    case .cumulative: "sv-cumulative"
    }
  }

  /// The rule's number; nil for ``all``.
  public var parameter: Double? {
    switch self {
    case .all: nil
    case .ratio(let value), .frobenius(let value), .cumulative(let value): value
    }
  }

  /// The rank for a layer, at least 1.
  ///
  /// - Parameters:
  ///   - values: the singular values of the unscaled product, greatest first; those that are left out are zero.
  ///   - size: `min(out, in)`, the number of singular values of the whole matrix.
  public func rank(for values: [Double], size: Int) -> Int {
    guard let first = values.first else { return 1 }
    let index: Int
    switch self {
    case .all: return first > 0 ? values.count : 1
    case .ratio(let ratio):
      guard first > Self.least else { return 1 }
      index = values.prefix { $0 > first / ratio }.count
    case .frobenius(let share):
      guard first > Self.least else { return 1 }
      index = Self.place(of: share * share, in: values.map { $0 * $0 }, size: size)
    case .cumulative(let share):
      guard first > Self.least else { return 1 }
      index = Self.place(of: share, in: values, size: size)
    }
    return max(1, min(max(1, min(index, size - 1)) + 1, values.count))
  }

  /// One beyond the first place where the running sum reaches a share of the whole.
  private static func place(of share: Double, in terms: [Double], size: Int) -> Int {
    let total = terms.reduce(0, +)
    var sum = 0.0
    for (i, term) in terms.enumerated() {
      sum += term
      if sum / total >= share { return i + 1 }
    }
    return size
  }
}

/// The greatest ranks allowed.
public struct RankCap: Sendable, Hashable {
  /// For linear layers and 1×1 convolutions.
  public var linear: Int
  /// For convolutions with larger kernels.
  public var convolution: Int

  /// Creates a cap; both are at least 1.
  public init(linear: Int, convolution: Int? = nil) {
    self.linear = linear
    self.convolution = convolution ?? linear
  }
}
