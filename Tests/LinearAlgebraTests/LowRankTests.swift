import LinearAlgebra
import Testing

@testable import LinearAlgebra

@Suite("Products of thin factors")
struct LowRankTests {
  @Test(arguments: [(40, 5, 30), (5, 9, 40), (40, 9, 5), (6, 6, 6), (20, 1, 20)])
  func everythingFollowsFromTheDenseMatrix(outputs: Int, rank: Int, inputs: Int) throws {
    let product = LowRank(up: Known.noise(outputs, rank), down: Known.noise(rank, inputs, seed: 2))
    let dense = Known.product(product.up, product.down)
    #expect(product.rank == rank && product.outputs == outputs && product.inputs == inputs)
    #expect(Known.distance(product.dense, dense) < 1e-14)
    // Norms are at most about 10: 1e-13 is a hundred rounding steps.
    #expect(abs(product.squaredNorm - dense.squaredNorm) < 1e-12)
    let expected = try dense.singularValues()
    for values in [try product.singularValues(), try product.svd().values] {
      #expect(values.count <= expected.count)
      for (found, value) in zip(values, expected) { #expect(abs(found - value) < 1e-13) }
      #expect(expected.dropFirst(values.count).allSatisfy { $0 < 1e-13 })
    }
    let svd = try product.svd()
    #expect(Known.distance(Known.product(svd.u.scalingColumns(by: svd.values), svd.vt), dense) < 1e-13)
    let compacted = product.compacted
    #expect(compacted.rank == min(rank, outputs, inputs))
    #expect(Known.distance(compacted.dense, dense) < 1e-13)
  }

  @Test func sums() {
    let a = LowRank(up: Known.noise(8, 2), down: Known.noise(2, 9, seed: 2))
    let b = LowRank(up: Known.noise(8, 3, seed: 3), down: Known.noise(3, 9, seed: 4))
    let sum = LowRank.sum([a, b])
    #expect(sum.rank == 5)
    #expect(Known.distance(sum.dense, a.dense + b.dense) < 1e-14)
  }

  @Test(arguments: 0...7)
  func truncationIsTheBestOfItsRank(rank: Int) throws {
    let values = [5.0, 4, 2, 1, 0.5]
    let u = Known.cosines(30, 5).scalingColumns(by: values)
    let product = LowRank(up: u, down: Known.cosines(20, 5).transposed)
    let (best, discarded, total) = try product.truncated(to: rank)
    #expect(best.rank == min(rank, 5))
    let lost = values.dropFirst(rank).reduce(0) { $0 + $1 * $1 }
    #expect(abs(discarded - lost) < 1e-13 && abs(total - 46.25) < 1e-13)
    // Eckart–Young: the squared error is the energy of what was dropped.
    #expect(abs((best.dense - product.dense).squaredNorm - lost) < 1e-12)
    // The factors share the singular values evenly.
    for k in 0..<best.rank {
      #expect(abs(best.up.columnGram[k, k] - values[k]) < 1e-13)
      #expect(abs(best.down.rowGram[k, k] - values[k]) < 1e-13)
    }
  }

  @Test func aZeroProductHasNoEnergy() throws {
    let zero = LowRank(up: Matrix(rows: 6, columns: 2), down: Known.noise(2, 5))
    let (best, discarded, total) = try zero.truncated(to: 1)
    #expect(discarded == 0 && total == 0 && best.dense.squaredNorm == 0)
    #expect(try zero.singularValues() == [0, 0])
  }
}

@Suite("Thin bases")
struct ThinBasisTests {
  /// Conditions on both sides of the limit of Cholesky QR, and dependent columns.
  @Test(arguments: [1, 1e-2, 1e-4, 1e-7, 1e-12, 0])
  func staysOrthonormalWhateverTheCondition(least: Double) throws {
    let a = Known.planted(200, 6, [1, 0.9, 0.5, 0.3, 0.2, least])
    for basis in [try ThinBasis.ofColumns(a), try ThinBasis.ofRows(a.transposed).transposed] {
      #expect(Known.defect(basis.q) < 1e-13, "\(least)")
      #expect(Known.distance(basis.q.times(basis.r), a) < 1e-14, "\(least)")
    }
  }

  @Test func widerThanTall() throws {
    let a = Known.noise(3, 8)
    let basis = try ThinBasis.ofColumns(a)
    #expect(basis.q.columns == 3 && Known.distance(basis.q.times(basis.r), a) < 1e-14)
    let rows = try ThinBasis.ofRows(a.transposed)
    #expect(rows.q.rows == 3 && Known.distance(rows.r.transposedTimes(rows.q), a.transposed) < 1e-14)
  }
}

extension ThinBasis {
  /// The basis of the rows of a matrix, seen as one of the columns of its transpose.
  fileprivate var transposed: ThinBasis { ThinBasis(q: q.transposed, r: r) }
}
