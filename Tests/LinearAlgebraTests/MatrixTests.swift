import LinearAlgebra
import Testing

@Suite("Matrices and products")
struct MatrixTests {
  // Products sum at most 300 terms below one; rounding stays below 300 · 2⁻⁵³ · 0.25, about 1e-14.
  let exactness = 1e-13

  @Test(arguments: [(3, 4, 5), (1, 300, 2), (33, 7, 1), (64, 65, 66)])
  func productsAgreeWithTheDefinition(m: Int, k: Int, n: Int) {
    let (a, b) = (Known.noise(m, k), Known.noise(k, n, seed: 2))
    let expected = Known.product(a, b)
    #expect(Known.distance(a.times(b), expected) < exactness)
    #expect(Known.distance(a.transposed.transposedTimes(b), expected) < exactness)
    #expect(Known.distance(a.timesTransposed(b.transposed), expected) < exactness)
    #expect(Known.distance(a.rowGram, Known.product(a, a.transposed)) < exactness)
    #expect(Known.distance(a.columnGram, Known.product(a.transposed, a)) < exactness)
  }

  @Test func emptyDimensions() {
    let none = Matrix(rows: 3, columns: 0)
    #expect(none.times(Matrix(rows: 0, columns: 2)) == Matrix(rows: 3, columns: 2))
    #expect(none.transposed.times(Matrix(rows: 3, columns: 4)) == Matrix(rows: 0, columns: 4))
    #expect(none.rowGram == Matrix(rows: 3, columns: 3))
    #expect(none.columnGram == Matrix(rows: 0, columns: 0))
    #expect(none.squaredNorm == 0 && none.trace == 0)
  }

  @Test func partsAndJoins() {
    let m = Matrix(rows: 2, columns: 3, elements: [1, 2, 3, 4, 5, 6])
    #expect(m.transposed == Matrix(rows: 3, columns: 2, elements: [1, 4, 2, 5, 3, 6]))
    #expect(m.block(rows: 1..<2, columns: 0..<2) == Matrix(rows: 1, columns: 2, elements: [4, 5]))
    #expect(m.firstColumns(1) == Matrix(rows: 2, columns: 1, elements: [1, 4]))
    #expect(m.firstRows(1) == Matrix(rows: 1, columns: 3, elements: [1, 2, 3]))
    #expect(.beside([m.firstColumns(2), m.block(rows: 0..<2, columns: 2..<3)]) == m)
    #expect(.stacked([m.firstRows(1), m.block(rows: 1..<2, columns: 0..<3)]) == m)
    #expect(m.scaled(by: 2) == m + m)
    #expect((m - m) == Matrix(rows: 2, columns: 3))
    #expect(m.scalingColumns(by: [1, 0, -1]) == Matrix(rows: 2, columns: 3, elements: [1, 0, -3, 4, 0, -6]))
    #expect(m.scalingRows(by: [2, 1]) == Matrix(rows: 2, columns: 3, elements: [2, 4, 6, 4, 5, 6]))
    #expect(m.trace == 6)
    #expect(m.squaredNorm == 91)
    #expect(m.dot(m.scaled(by: -1)) == -91)
    #expect(Matrix.diagonal([1, 1]) == .identity(2))
    #expect(m.isFinite && !Known.damaged(2, 2).isFinite && !Known.damaged(2, 2, .infinity).isFinite)
  }

  /// A Gram matrix summed in panels equals the one of the whole, whichever way the vectors lie.
  @Test(arguments: [1, 7, 256])
  func gramSumInPanels(length: Int) {
    let (count, size) = (9, 300)
    let vectors = Known.noise(count, size, seed: 4)
    let expected = Known.product(vectors, vectors.transposed)
    var (byRows, byColumns, single) = (GramSum(count: count), GramSum(count: count), GramSum(count: count))
    for start in stride(from: 0, to: size, by: length) {
      let part = vectors.block(rows: 0..<count, columns: start..<min(start + length, size))
      byRows.add(panel: part.elements, length: part.columns, rows: true)
      // A panel may be longer than what is asked of it.
      byColumns.add(panel: part.transposed.elements + [.nan], length: part.columns, rows: false)
      single.add(panel: part.elements.map(Float.init), length: part.columns, rows: true)
    }
    #expect(Known.distance(byRows.matrix, expected) < exactness)
    #expect(Known.distance(byColumns.matrix, expected) < exactness)
    // Squared norms are about 25 here. A sum of 256 squares in single precision errs by about √256 · 2⁻²⁵ of itself,
    // and the promise is 1e-6.
    #expect(Known.distance(single.matrix, expected) < 1e-6 * 25)
    #expect(Known.distance(single.matrix, expected) > 0, "single precision was not used")
  }
}
