import LinearAlgebra
import Testing

@Suite("QR, SVD and eigenvalues")
struct DecompositionTests {
  @Test(arguments: [(40, 6), (6, 40), (7, 7), (1, 5), (5, 1)])
  func qr(rows: Int, columns: Int) throws {
    let a = Known.noise(rows, columns)
    let (q, r) = try a.qr()
    #expect(q.columns == min(rows, columns) && r.rows == min(rows, columns) && r.columns == columns)
    // Householder is backward stable: a small multiple of 2⁻⁵³ times the norm, at most about 5 here.
    #expect(Known.defect(q) < 1e-14)
    #expect(Known.distance(Known.product(q, r), a) < 1e-14)
    for i in 0..<r.rows {
      for j in 0..<min(i, columns) { #expect(r[i, j] == 0) }
    }
    #expect(try a.qrTriangle() == r)
  }

  @Test(arguments: [(50, 30), (30, 50)])
  func svdRecoversPlantedValues(rows: Int, columns: Int) throws {
    let values = [1000, 3, 3, 1, 1e-3, 1e-9]
    let a = Known.planted(rows, columns, values)
    let svd = try a.svd()
    #expect(svd.values.count == 30)
    for (found, planted) in zip(svd.values, values + Array(repeating: 0, count: 24)) {
      // The error of every value is a small multiple of 2⁻⁵³ times the largest.
      #expect(abs(found - planted) < 1e-12)
    }
    #expect(Known.defect(svd.u) < 1e-13 && Known.defect(svd.vt.transposed) < 1e-13)
    #expect(Known.distance(Known.product(svd.u.scalingColumns(by: svd.values), svd.vt), a) < 1e-12)
    for (alone, full) in zip(try a.singularValues(), svd.values) { #expect(abs(alone - full) < 1e-12) }
  }

  @Test func eigenvaluesAscendWithTheirVectors() throws {
    // The second difference matrix: eigenvalues 2 - 2 cos(πk/n), vectors the cosines.
    let n = 12
    var a = Matrix(rows: n, columns: n)
    for i in 0..<n {
      a[i, i] = i == 0 || i == n - 1 ? 1 : 2
      if i > 0 { (a[i, i - 1], a[i - 1, i]) = (-1, -1) }
    }
    let (values, vectors) = try a.symmetricEigen()
    let cosines = Known.cosines(n, n)
    for k in 0..<n {
      let expected = cosines.block(rows: 0..<n, columns: k..<k + 1)
      let rayleigh = expected.transposedTimes(a.times(expected)).trace
      #expect(abs(values[k] - rayleigh) < 1e-14 * 10)
      // The same vector up to its sign.
      #expect(abs(abs(expected.transposedTimes(vectors.block(rows: 0..<n, columns: k..<k + 1)).trace) - 1) < 1e-13)
    }
  }

  @Test func nothingToDecompose() throws {
    let none = Matrix(rows: 4, columns: 0)
    #expect(try none.svd().values.isEmpty && none.singularValues().isEmpty)
    #expect(try none.qr().q.columns == 0 && none.qr().r.columns == 0)
    #expect(try Matrix(rows: 0, columns: 0).symmetricEigen().values.isEmpty)
    #expect(try Matrix(rows: 3, columns: 3).singularValues() == [0, 0, 0])
  }

  @Test(arguments: [Double.nan, .infinity, -.infinity])
  func whatIsNotFiniteIsRefused(value: Double) {
    let bad = Known.damaged(4, 4, value)
    #expect(throws: LinearAlgebraError.nonFinite) { try bad.svd() }
    #expect(throws: LinearAlgebraError.nonFinite) { try bad.singularValues() }
    #expect(throws: LinearAlgebraError.nonFinite) { try bad.qr() }
    #expect(throws: LinearAlgebraError.nonFinite) { try bad.qrTriangle() }
    #expect(throws: LinearAlgebraError.nonFinite) { try bad.symmetricEigen() }
    #expect(throws: LinearAlgebraError.nonFinite) { try GramBasis(gram: bad) }
    let product = LowRank(up: bad, down: Known.noise(4, 6))
    #expect(throws: LinearAlgebraError.nonFinite) { try product.svd() }
    #expect(throws: LinearAlgebraError.nonFinite) { try product.truncated(to: 2) }
    #expect(throws: LinearAlgebraError.nonFinite) { try product.singularValues() }
    #expect(throws: LinearAlgebraError.nonFinite) { try Span(columns: bad).basis }
    #expect("\(LinearAlgebraError.nonFinite)" == "a matrix has values that are not finite")
    #expect("\(LinearAlgebraError.noConvergence("dgesdd"))".contains("dgesdd"))
  }
}
