import LinearAlgebra
import Testing

@testable import Merge

/// The elementwise methods on matrices small enough to work out by hand.
@Suite struct SignMethodTests {
  private let a = Matrix(rows: 2, columns: 4, elements: [4, -3, 0.5, 0, 1, 2, -0.25, 8])
  private let b = Matrix(rows: 2, columns: 4, elements: [2, 5, -0.5, 1, -1, 0.5, -4, -6])

  private func matrix(_ elements: [Double]) -> Matrix { Matrix(rows: 2, columns: 4, elements: elements) }

  @Test func pruning() {
    // ⌊0.5 · 8⌋ = 4 stay.
    #expect(Pruning.magnitude(a, density: 0.5) == matrix([4, -3, 0, 0, 0, 2, 0, 8]))
    // ⌊0.4 · 8⌋ = 3.
    #expect(Pruning.magnitude(a, density: 0.4) == matrix([4, -3, 0, 0, 0, 0, 0, 8]))
    #expect(Pruning.magnitude(a, density: 1) == a)
    // The earlier of equals stays.
    #expect(Pruning.magnitude(matrix([1, -1, 1, 1, 0, 0, 0, 0]), density: 0.25) == matrix([1, -1, 0, 0, 0, 0, 0, 0]))
    // ⌊0.25 · 8⌋ = 2 of the largest go, then 4 stay.
    #expect(Pruning.outliers(a, density: 0.5, gamma: 0.25) == matrix([0, -3, 0.5, 0, 1, 2, 0, 0]))
    // More than there are: only one of the largest goes.
    #expect(Pruning.outliers(a, density: 0.875, gamma: 0.5) == matrix([4, -3, 0.5, 0, 1, 2, -0.25, 0]))
  }

  @Test func ties() {
    let merged = Ties(density: 0.5).merged([a, b], strengths: [1, 0.5], uniform: [])
    // Trimmed: a = [4 -3 0 0 | 0 2 0 8], b = [2 5 0 0 | 0 0 -4 -6]; signs + + + + | + + - +.
    #expect(merged == matrix([(4 + 0.5 * 2) / 2, 0.5 * 5, 0, 0, 0, 2, -2, 8]))
  }

  @Test func tiesByFrequency() {
    let c = matrix([0, -1, 0, 0, 0, 0, 0, -1])
    let total = SignElection.total.signs([a, b, c])
    let votes = SignElection.frequency.signs([a, b, c])
    #expect(total[1] == 1 && votes[1] == -1)  // 5 outweighs -3 and -1, which are more
    #expect(total[7] == 1 && votes[7] == -1)
    // A draw goes to the sum, in the dense space to plus.
    #expect(
      SignElection.frequency.signs([matrix([-3, 1, 0, 0, 0, 0, 0, 0]), matrix([1, -3, 0, 0, 0, 0, 0, 0])]).prefix(3)
        == [-1, -1, 1])
    #expect(
      SignElection.frequency.signs(
        [matrix([-3, 1, 0, 0, 0, 0, 0, 0]), matrix([1, -3, 0, 0, 0, 0, 0, 0])], space: .dense
      ).prefix(3) == [1, 1, 1])
  }

  /// With given random numbers the masks are given.
  @Test func dare() {
    func draws(_ numbers: [Double]) -> () -> Double {
      var rest = numbers[...]
      return { rest.removeFirst() }
    }
    let (first, second) = ([0.1, 0.6, 0.1, 0.6, 0.1, 0.6, 0.1, 0.6], [0.6, 0.1, 0.1, 0.1, 0.6, 0.6, 0.6, 0.1])
    let sum = Dare(density: 0.5).merged([a, b], strengths: [1, 2], uniform: [draws(first), draws(second)])
    #expect(sum == matrix([8, 20, 1 - 2, 4, 2, 0, -0.5, -24]))
    let elected = DareTies(density: 0.5).merged([a, b], strengths: [1, 2], uniform: [draws(first), draws(second)])
    // Kept and doubled: a = [8 0 1 0 | 2 0 -0.5 0], b = [0 10 -1 2 | 0 0 0 -12]; a draw of sums is plus.
    #expect(elected == matrix([8, 20, 1, 4, 2, 0, -0.5, -24]))
  }

  @Test func dellaProbabilities() {
    let p = Pruning.rankProbabilities(a, density: 0.5, epsilon: 0.3)
    // Row one by magnitude: 0, 0.5, 3, 4; row two: 0.25, 1, 2, 8.
    for (found, expected) in zip(p, [0.8, 0.6, 0.4, 0.2, 0.4, 0.6, 0.2, 0.8]) { #expect(abs(found - expected) < 1e-15) }
    #expect(Pruning.rankProbabilities(Matrix(rows: 1, columns: 1, elements: [3]), density: 0.5, epsilon: 0.3) == [0.5])
  }

  @Test func sce() {
    let (x, y) = (matrix([2, 0, 0, 0, 0, 0, 0, 1]), matrix([1, 0, 0, 0, 0, 0, 0, -1]))
    // Energies 5 and 2; signs + and, for the sum 0, +.
    let merged = Sce().merged([x, y], strengths: [1, 1], uniform: [])
    #expect(abs(merged[0, 0] - (5.0 * 2 + 2 * 1) / 7) < 1e-15 && merged[1, 3] == 1)
    // Variances 0.25 and 1: half of the two positions is the last.
    #expect(Sce(topK: 0.5).merged([x, y], strengths: [1, 1], uniform: [])[0, 0] == 0)
  }

  @Test func masksHaveTheirDensity() {
    let ones = Matrix(rows: 100, columns: 100, elements: Array(repeating: 1, count: 10_000))
    var generator = MaskGenerator(seed: 1, layer: "x", source: 0)
    let kept = Pruning.random(ones, probabilities: Array(repeating: 0.3, count: 10_000)) { generator.uniform() }
    // 3000 ± 5 standard deviations of 46; each stands for 1 / 0.3.
    #expect(abs(Double(kept.elements.count { $0 != 0 }) - 3000) < 230)
    #expect(kept.elements.allSatisfy { $0 == 0 || $0 == 1 / 0.3 })
  }

  @Test func parametersOutOfRange() {
    let wrong: [any LayerMethod] = [
      Ties(density: 0), Dare(density: 1.1), DareTies(density: -1), Della(density: 0.5, epsilon: 0.5),
      Della(density: .nan),
      Breadcrumbs(density: 0.5, gamma: 1), Sce(topK: 0), MagnitudePrune(density: 2), Tsv(keep: 0),
      KnotsTies(density: 0),
      IsoCts(common: 1.5), NullSpace(protected: 3), NullSpace(mu: -1), Wudi(ridge: 0), RegMean(ridge: 0), Slerp(t: 2),
      Slerp(), NuSlerp(),
    ]
    for method in wrong { #expect(method.problem(sources: 3) != nil, "\(type(of: method).name)") }
    for method in MethodInvarianceTests.methods { #expect(method.problem(sources: 3) == nil) }
  }
}
