import CKernels
import COpenBLAS

/// Process-wide settings of the BLAS library.
public enum BLAS {
  /// Limits BLAS to one thread per caller.
  ///
  /// Modules are many and small, so the program runs them in parallel and lets each multiplication use one core. The
  /// corresponding C function is `openblas_set_num_threads`.
  public static func useOneThread() {
    openblas_set_num_threads(1)
    troupe_stop_blas_threads()
  }

  /// The processor kernels that OpenBLAS chose, such as `Haswell`.
  ///
  /// The C function is `openblas_get_corename`.
  public static var core: String {
    guard let name = unsafe openblas_get_corename() else { return "unknown" }
    return unsafe String(cString: name)
  }
}

extension Matrix {
  /// The product `self · other`, `[rows, other.columns]`.
  ///
  /// The corresponding C function is `cblas_dgemm`.
  public func times(_ other: Matrix) -> Matrix {
    precondition(columns == other.rows, "shapes do not multiply")
    return product(other, transposeA: CblasNoTrans, transposeB: CblasNoTrans, rows, other.columns, columns)
  }

  /// The product `selfᵀ · other`, `[columns, other.columns]`.
  public func transposedTimes(_ other: Matrix) -> Matrix {
    precondition(rows == other.rows, "shapes do not multiply")
    return product(other, transposeA: CblasTrans, transposeB: CblasNoTrans, columns, other.columns, rows)
  }

  /// The product `self · otherᵀ`, `[rows, other.rows]`.
  public func timesTransposed(_ other: Matrix) -> Matrix {
    precondition(columns == other.columns, "shapes do not multiply")
    return product(other, transposeA: CblasNoTrans, transposeB: CblasTrans, rows, other.rows, columns)
  }

  private func product(
    _ other: Matrix, transposeA: CBLAS_TRANSPOSE, transposeB: CBLAS_TRANSPOSE, _ m: Int, _ n: Int, _ k: Int
  ) -> Matrix {
    guard m > 0, n > 0, k > 0 else { return Matrix(rows: m, columns: n) }
    let result = unsafe [Double](unsafeUninitializedCapacity: m * n) { target, initialized in
      unsafe cblas_dgemm(
        CblasRowMajor, transposeA, transposeB, blasint(m), blasint(n), blasint(k), 1, elements, blasint(columns),
        other.elements, blasint(other.columns), 0, target.baseAddress, blasint(n))
      initialized = m * n
    }
    return Matrix(rows: m, columns: n, elements: result)
  }

  /// The Gram matrix of the rows, `self · selfᵀ`, `[rows, rows]`.
  public var rowGram: Matrix { GramSum.of(self, rows: true) }

  /// The Gram matrix of the columns, `selfᵀ · self`, `[columns, columns]`.
  public var columnGram: Matrix { GramSum.of(self, rows: false) }

  /// The sum of products of corresponding elements, `⟨self, other⟩`.
  public func dot(_ other: Matrix) -> Double {
    precondition(rows == other.rows && columns == other.columns, "shapes differ")
    return unsafe elements.withUnsafeBufferPointer { a in
      unsafe other.elements.withUnsafeBufferPointer { b in
        guard let a = a.baseAddress, let b = b.baseAddress else { return 0 }
        return unsafe ck_dot_f64(a, b, elements.count)
      }
    }
  }

  /// The sum of the squares of all elements, `‖self‖²`.
  public var squaredNorm: Double { dot(self) }

  /// The sum of the diagonal.
  public var trace: Double { (0..<min(rows, columns)).reduce(0) { $0 + self[$1, $1] } }
}
