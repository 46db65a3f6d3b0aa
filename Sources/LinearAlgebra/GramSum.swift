import CKernels
import COpenBLAS

/// A Gram matrix summed up panel by panel, so that long vectors pass through the cache in pieces and are never
/// held whole in doubles.
public struct GramSum {
  /// How many vectors there are.
  public let count: Int
  private var upper: [Double]
  private var single: [Float] = []

  /// Starts at zero for `count` vectors.
  public init(count: Int) {
    self.count = count
    upper = Array(repeating: 0, count: count * count)
  }

  /// Adds the products of a panel: `length` coordinates of every vector.
  ///
  /// - Parameters:
  ///   - panel: a row-major `[count, length]` matrix when vectors are rows, else `[length, count]`; elements
  ///     after it are ignored.
  ///   - length: how many coordinates.
  ///   - rows: whether the vectors are the rows. The corresponding C function is `cblas_dsyrk`.
  public mutating func add(panel: [Double], length: Int, rows: Bool) {
    precondition(panel.count >= count * length, "too few elements")
    guard count > 0, length > 0 else { return }
    unsafe cblas_dsyrk(
      CblasRowMajor, CblasUpper, rows ? CblasNoTrans : CblasTrans, blasint(count), blasint(length), 1, panel,
      blasint(rows ? length : count), 1, &upper, blasint(count))
  }

  /// Adds the products of a panel of floats: within the panel in single precision, from panel to panel in double.
  ///
  /// With panels of a few hundred coordinates an entry is good to 1e-6 of the vectors' norms, mostly to 2e-7. The corresponding
  /// C function is `cblas_ssyrk`.
  ///
  /// - Parameters: as of the other form.
  public mutating func add(panel: [Float], length: Int, rows: Bool) {
    precondition(panel.count >= count * length, "too few elements")
    guard count > 0, length > 0 else { return }
    if single.count != upper.count { single = Array(repeating: 0, count: upper.count) }
    unsafe cblas_ssyrk(
      CblasRowMajor, CblasUpper, rows ? CblasNoTrans : CblasTrans, blasint(count), blasint(length), 1, panel,
      blasint(rows ? length : count), 0, &single, blasint(count))
    unsafe ck_add_f32_f64(single, &upper, upper.count)
  }

  /// The whole symmetric matrix, `[count, count]`.
  public var matrix: Matrix {
    var full = upper
    for i in 0..<count {
      for j in 0..<i { full[i * count + j] = full[j * count + i] }
    }
    return Matrix(rows: count, columns: count, elements: full)
  }

  static func of(_ matrix: Matrix, rows: Bool) -> Matrix {
    var sum = GramSum(count: rows ? matrix.rows : matrix.columns)
    sum.add(panel: matrix.elements, length: rows ? matrix.columns : matrix.rows, rows: rows)
    return sum.matrix
  }
}
