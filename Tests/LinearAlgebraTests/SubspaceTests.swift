import Foundation
import LinearAlgebra
import Testing

@Suite("Spans and their angles")
struct SubspaceTests {
  /// Two planes' worth of cosine vectors, the second turned by known angles towards new ones.
  private func turned(_ angles: [Double], size: Int = 64) -> (Matrix, Matrix) {
    let k = angles.count
    let a = Known.cosines(size, k)
    let b =
      a.scalingColumns(by: angles.map { cos($0) })
      + Known.cosines(size, k, first: k).scalingColumns(by: angles.map { sin($0) })
    return (a, b)
  }

  @Test func plantedAngles() throws {
    // From where a cosine has no digit left to a right angle.
    let angles = [0, 1e-12, 1e-9, 1e-6, 1e-3, 0.1, 0.7853, 0.7855, 1.2, .pi / 2]
    let (a, b) = turned(angles)
    for found in [try PrincipalAngles.between(a, b), try PrincipalAngles.between(b, a)] {
      #expect(found.count == angles.count)
      // An acos alone would be wrong by 1e-8 at the small end.
      for (x, y) in zip(found, angles) { #expect(abs(x - y) < 1e-14 * 10, "\(y)") }
    }
  }

  /// The angles belong to the spans, not to the vectors that were given for them.
  @Test func mixingTheVectorsChangesNothing() throws {
    let angles = [1e-7, 0.2, 0.9]
    let (a, b) = turned(angles)
    let mixed = try Span(columns: b.times(Known.noise(3, 3, seed: 9))).basis
    for (x, y) in zip(try PrincipalAngles.between(a, mixed), angles) { #expect(abs(x - y) < 1e-13) }
  }

  @Test func spansOfDifferentDimension() throws {
    let (a, b) = turned([0.3, 0.6, 1.0])
    let found = try PrincipalAngles.between(a, b.block(rows: 0..<64, columns: 1..<2))
    #expect(found.count == 1 && abs(found[0] - 0.6) < 1e-14)
    #expect(try PrincipalAngles.between(a, Matrix(rows: 64, columns: 0)).isEmpty)
  }

  @Test func basisDropsWhatIsNotThere() throws {
    let a = Known.cosines(40, 3)
    let dependent = Matrix.beside([a, a.times(Known.noise(3, 2))])
    let basis = try Span(columns: dependent).basis
    #expect(basis.columns == 3 && Known.defect(basis) < 1e-13)
    for angle in try PrincipalAngles.between(a, basis) { #expect(angle < 1e-13) }
    #expect(try Span(columns: Matrix(rows: 5, columns: 2)).basis.columns == 0)
    #expect(try Span(columns: Matrix(rows: 5, columns: 0)).basis.columns == 0)
  }

  @Test func squaredCosinesFromGramMatrices() throws {
    let angles = [0, 0.4, 1.1, .pi / 2]
    let (a, b) = turned(angles)
    // Mixed, of very different lengths, and one direction given twice.
    let mix = Known.noise(4, 4, seed: 3).scalingColumns(by: [1, 1e-3, 1e3, 1])
    let left = Matrix.beside([a.times(mix), a.firstColumns(1)])
    let right = b.times(Known.noise(4, 4, seed: 5))
    let (x, y) = (try GramBasis(gram: left.columnGram), try GramBasis(gram: right.columnGram))
    #expect(x.rank == 4 && y.rank == 4)
    let expected = angles.reduce(0) { $0 + pow(cos($1), 2) }
    // Lengths from 1e-3 to 1e3 would leave no digit of a squared condition, were the vectors not scaled first; what
    // remains is the condition of the mixing, at most a hundred, squared.
    #expect(abs(GramBasis.squaredCosines(x, y, cross: left.transposedTimes(right)) - expected) < 1e-10)
    #expect(abs(GramBasis.squaredCosines(y, x, cross: right.transposedTimes(left)) - expected) < 1e-10)
  }

  @Test func nothingInTheGramMatrix() throws {
    let zero = try GramBasis(gram: Matrix(rows: 3, columns: 3))
    let none = try GramBasis(gram: Matrix(rows: 0, columns: 0))
    let one = try GramBasis(gram: .identity(2))
    #expect(zero.rank == 0 && none.rank == 0 && one.rank == 2)
    #expect(GramBasis.squaredCosines(zero, one, cross: Matrix(rows: 3, columns: 2)) == 0)
    #expect(GramBasis.squaredCosines(one, none, cross: Matrix(rows: 2, columns: 0)) == 0)
  }

  @Test func spectrum() {
    let even = Spectrum(values: [2, 2, 2, 2])
    #expect(even.energy == 16 && even.leadingShare == 0.25)
    #expect(abs(even.effectiveRank - 4) < 1e-14 && even.stableRank == 4 && even.participationRatio == 4)
    let single = Spectrum(values: [0, 3, 0])
    #expect(single.values == [3, 0, 0])
    #expect(single.effectiveRank == 1 && single.stableRank == 1 && single.participationRatio == 1)
    // p = 0.8 and 0.2: exp(-0.8 ln 0.8 - 0.2 ln 0.2) = 1.6493…
    let two = Spectrum(values: [1, 2])
    #expect(abs(two.effectiveRank - pow(0.8, -0.8) * pow(0.2, -0.2)) < 1e-14)
    #expect(two.stableRank == 1.25 && abs(two.participationRatio - 25.0 / 17) < 1e-15)
    for zero in [Spectrum(values: []), Spectrum(values: [0, 0])] {
      #expect(zero.energy == 0 && zero.leadingShare == 0 && zero.effectiveRank == 0)
      #expect(zero.stableRank == 0 && zero.participationRatio == 0)
    }
  }
}
