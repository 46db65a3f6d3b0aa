public import LinearAlgebra

/// What the inputs of a layer look like: `C = Σ x xᵀ` over tokens, `[in, in]`, for methods that weigh errors by it.
///
/// For a convolution, `in` counts channel, row and column of the kernel, as the down factor does.
public enum Covariance: Sendable {
  /// The symmetric matrix itself, `[in, in]`.
  case whole(Matrix)
  /// A thin factor `X`, `[T, in]`, of which `C = XᵀX`: T inputs, or what a decomposition left of more.
  case factor(Matrix)

  /// `C`.
  var matrix: Matrix {
    switch self {
    case .whole(let matrix): matrix
    case .factor(let factor): factor.columnGram
    }
  }

  /// `D C` for rows `D`, `[r, in]`.
  func applied(to rows: Matrix) -> Matrix {
    switch self {
    case .whole(let matrix): rows.times(matrix)
    case .factor(let factor): rows.timesTransposed(factor).times(factor)
    }
  }

  /// `tr C`.
  var trace: Double {
    switch self {
    case .whole(let matrix): matrix.trace
    case .factor(let factor): factor.squaredNorm
    }
  }
}

/// The input covariances of one layer.
public struct LayerCovariances: Sendable {
  /// One for each LoRA that trains the layer, in their order.
  public var sources: [Covariance]
  /// Of inputs on which the merge should do nothing; nil where there are none.
  public var silent: Covariance?

  /// Creates the covariances of a layer.
  public init(sources: [Covariance], silent: Covariance? = nil) {
    self.sources = sources
    self.silent = silent
  }
}
