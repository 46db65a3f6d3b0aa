public import Adapters
import LinearAlgebra

/// What is left of a LoRA when another is taken from it, from the factors alone.
public struct SubtractionMeasure: Sendable, Codable {
  /// `‖A‖²`.
  public var energyBefore: Double
  /// `‖A - s·B‖²`, before any truncation.
  public var energyAfter: Double
  /// `⟨A, B⟩ / (‖A‖ ‖B‖)`, from -1 to 1; 0 where one of them is zero.
  public var cosine: Double
  /// The layers that both train.
  public var sharedLayers: Int

  /// `‖A - s·B‖² / ‖A‖²`: below 1 when B is partly contained in A, above 1 when it brings more than it takes; nil when
  /// A is zero.
  public var energyLeft: Double? { energyBefore > 0 ? energyAfter / energyBefore : nil }

  /// Measures two LoRAs of one base model.
  ///
  /// - Parameters:
  ///   - first: A.
  ///   - second: B; layers whose shape differs from A's count as layers of its own.
  ///   - strength: `s`.
  ///   - workers: how many layers are computed at once.
  /// - Throws: `AdapterError`, `SafeTensorsError` or `LinearAlgebraError`.
  public static func of(
    _ first: Adapter, minus second: Adapter, strength: Double, workers: Int = 2
  ) async throws -> SubtractionMeasure {
    let both = Adapter.aligned([first, second])
    let (first, second) = (both[0], both[1])
    let lefts = first.factorable.filter { $0.outputs > 0 }
    let rights = Dictionary(
      second.factorable.filter { $0.outputs > 0 }.map { ($0.path, $0) }, uniquingKeysWith: { one, _ in one })
    let known = Set(lefts.map(\.path))
    let alone = rights.values.filter { !known.contains($0.path) }.sorted { $0.path < $1.path }
    let terms = try await ParallelMap.run(
      count: lefts.count + alone.count, width: workers, scratch: { () },
      body: { index, _ in
        guard index < lefts.count else {
          return Terms(second: try second.factors(of: alone[index - lefts.count]).squaredNorm)
        }
        let a = try first.factors(of: lefts[index])
        guard let module = rights[lefts[index].path] else { return Terms(first: a.squaredNorm) }
        let b = try second.factors(of: module)
        guard a.outputs == b.outputs, a.inputs == b.inputs else {
          return Terms(first: a.squaredNorm, second: b.squaredNorm)
        }
        let product = a.up.transposedTimes(b.up).dot(a.down.timesTransposed(b.down))
        // The difference as one product: subtracting large sums would lose what is left of near twins.
        let difference = LowRank.sum([a, LowRank(up: b.up.scaled(by: -strength), down: b.down)]).squaredNorm
        return Terms(
          first: a.squaredNorm, second: b.squaredNorm, product: product, difference: difference, isShared: true)
      })
    let before = terms.reduce(0) { $0 + $1.first }
    let other = terms.reduce(0) { $0 + $1.second }
    let after = terms.reduce(0) { sum, term in
      sum + (term.isShared ? max(0, term.difference) : term.first + strength * strength * term.second)
    }
    let norms = (before * other).squareRoot()
    return SubtractionMeasure(
      energyBefore: before, energyAfter: after,
      cosine: norms > 0 ? terms.reduce(0) { $0 + $1.product } / norms : 0,
      sharedLayers: terms.count(where: \.isShared))
  }

  private struct Terms: Sendable {
    var first = 0.0
    var second = 0.0
    var product = 0.0
    var difference = 0.0
    var isShared = false
  }
}
