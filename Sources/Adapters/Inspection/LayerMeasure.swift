import LinearAlgebra
import SafeTensors

/// What reading one layer's weights tells.
struct LayerMeasure: Sendable {
  /// `‖ΔW‖²`; nil when the base model decides it, or when values are not finite.
  var energy: Double?
  /// The singular values of ΔW; nil where they would take too long.
  var spectrum: Spectrum?
  /// Whether the layer changes nothing.
  var isZero = false
  /// Whether that is because `lora_up` still has the zeros that training starts from.
  var isUntrained = false
  /// The tensors with values that are not finite, and how many.
  var nonFinite: [(name: String, count: Int)] = []

  /// The largest exact rank whose singular values are computed.
  static let largestRank = 320

  /// Reads and measures a layer.
  init(_ module: AdapterModule, in adapter: Adapter) throws {
    for tensor in module.tensors.values {
      let count = try adapter.file.nonFiniteCount(of: tensor)
      if count > 0 { nonFinite.append((tensor.name, count)) }
    }
    nonFinite.sort { $0.name < $1.name }
    guard nonFinite.isEmpty else { return }
    let reader = Reader(adapter: adapter, module: module)
    func isNull(_ tensor: TensorInfo) throws -> Bool {
      try adapter.file.doubles(of: tensor).allSatisfy { $0 == 0 }
    }
    guard module.hasFactors, module.outputs > 0 else {
      isUntrained = try module.tensors[.up].map(isNull) ?? false
      isZero = isUntrained
      if module.variant == .vector { isZero = try module.tensors.values.allSatisfy(isNull) }
      return
    }
    switch module.variant {
    // The change is dense, and the whole matrix is no larger than its factors.
    case _ where module.bound != nil && module.exactRank > Self.largestRank:
      energy = try adapter.factors(of: module).squaredNorm
    case .lokr where !module.hasSparsePart: spectrum = try reader.kronecker()
    case .loha where module.exactRank > Self.largestRank: energy = try reader.hadamardEnergy()
    case .full where module.exactRank > Self.largestRank: energy = try reader.matrix(.diff).squaredNorm
    default:
      let factors = try adapter.factors(of: module)
      if factors.rank > Self.largestRank {
        energy = factors.squaredNorm
      } else {
        spectrum = try factors.gramSpectrum()
      }
    }
    energy = energy ?? spectrum?.energy
    if let value = energy, !value.isFinite { (energy, spectrum) = (nil, nil) }
    isZero = energy == 0
    if isZero, let up = module.tensors[.up] { isUntrained = try isNull(up) }
  }

  /// Reads matrices of one layer for the forms whose factors would be needlessly large.
  private struct Reader {
    var adapter: Adapter
    var module: AdapterModule

    func matrix(_ role: TensorRole) throws -> Matrix {
      guard let tensor = module.tensors[role], let rows = tensor.shape.first, rows > 0 else {
        throw AdapterError(
          path: adapter.file.path, rule: .shape, key: module.stem,
          detail: "the tensor \(role.name) is missing")
      }
      return Matrix(rows: rows, columns: tensor.count / rows, elements: try adapter.file.doubles(of: tensor))
    }

    /// The singular values of a Kronecker product are all products of its factors' singular values.
    func kronecker() throws -> Spectrum {
      let w1 = try values(.lokrW1, .lokrW1A, .lokrW1B, core: nil)
      let w2 = try values(.lokrW2, .lokrW2A, .lokrW2B, core: .lokrT2)
      return Spectrum(values: w1.flatMap { a in w2.map { abs(module.scale) * a * $0 } })
    }

    private func values(
      _ whole: TensorRole, _ left: TensorRole, _ right: TensorRole, core: TensorRole?
    ) throws -> [Double] {
      if module.tensors[whole] != nil { return try LowRank.whole(matrix(whole)).gramSpectrum().values }
      if let core, module.tensors[core] != nil {
        return try LowRank(up: matrix(left).transposed, down: Tucker.expanded(matrix(core), matrix(right)))
          .gramSpectrum().values
      }
      return try LowRank(up: matrix(left), down: matrix(right)).gramSpectrum().values
    }

    func hadamardEnergy() throws -> Double {
      let first = try matrix(.hadaW1A).times(matrix(.hadaW1B))
      let second = try matrix(.hadaW2A).times(matrix(.hadaW2B))
      let sum = zip(first.elements, second.elements).reduce(0.0) { $0 + ($1.0 * $1.1) * ($1.0 * $1.1) }
      return module.scale * module.scale * sum
    }
  }
}

extension LowRank {
  /// The singular values by way of the factors' Gram matrices: `σ² = λ(√G_B · G_A · √G_B)`.
  ///
  /// Values below 10⁻⁸ of the greatest are lost in rounding, which energies do not notice.
  func gramSpectrum() throws(LinearAlgebraError) -> Spectrum {
    let (energies, basis) = try up.columnGram.symmetricEigen()
    let roots = energies.map { max($0, 0).squareRoot() }
    let half = basis.scalingColumns(by: roots)
    let values = try half.transposedTimes(down.rowGram).times(half).symmetricEigen().values
    return Spectrum(values: values.map { max($0, 0).squareRoot() })
  }
}
