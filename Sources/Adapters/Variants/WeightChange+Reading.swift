public import LinearAlgebra
import SafeTensors

extension Adapter {
  /// The change that a layer makes, with all its numbers read.
  ///
  /// - Parameters:
  ///   - module: one of this adapter's layers, of any variant.
  ///   - geometry: the base model's layer.
  /// - Throws: ``AdapterError`` with rule `shape` when the change is for a layer of another shape, `needsBase` for variants
  ///   that no base model completes; `SafeTensorsError` when a tensor has no numbers; `LinearAlgebraError`.
  public func change(of module: AdapterModule, on geometry: LayerGeometry) throws -> WeightChange {
    try checkFit(of: module, on: geometry)
    if module.variant.needsBase, let error = try nonFiniteError(in: module) { throw error }
    func matrix(_ role: TensorRole) throws -> Matrix {
      let rows = module.tensors[role]?.shape.first ?? 1
      let values = try numbers(module, role)
      return Matrix(rows: rows, columns: values.count / max(rows, 1), elements: values)
    }
    switch module.variant {
    case .dora:
      let product = try deltaFactors(of: module)
      guard let (values, axis) = try magnitudes(of: module, channels: geometry.channels) else { return .added(product) }
      return .renormalised(product, magnitudes: values, axis: axis)
    case .oft, .boft: return .rotated(try rotation(of: module, on: geometry))
    case .ia3:
      let (axis, isWhole) = try scaledAxis(of: module, on: geometry)
      let values = try numbers(module, module.tensors[.ia3Vector] != nil ? .ia3Vector : .ia3Weight)
      return .scaled(factors: isWhole ? values.map { $0 - 1 } : values, axis: axis)
    case .glora:
      guard let shape = GLoRAShape(module.tensors) else { throw missing(module, .gloraA1) }
      let own = try matrix(shape.right.b)
      let right = module.tensors[.gloraMiddle] != nil ? Tucker.expanded(try matrix(.gloraMiddle), own) : own
      return .mixed(
        channels: LowRank(up: try matrix(shape.left.a).scaled(by: module.scale), down: try matrix(shape.right.a)),
        added: LowRank(up: try matrix(shape.left.b).scaled(by: module.scale), down: right))
    case .tlora:
      let (p, q) = (try matrix(.tloraP), try matrix(.tloraQ))
      let lambda = try numbers(module, .tloraLambda).map { $0 * module.scale }
      return .departed(
        LowRank(up: p.scalingColumns(by: lambda), down: q), from: try singularStart(of: module), scale: module.scale)
    case .replaced:
      return .replaced(
        Matrix(rows: geometry.outputs, columns: geometry.inputs, elements: try numbers(module, .setWeight)))
    default: return .added(try factors(of: module))
    }
  }

  /// The exact change of a layer's weight at a strength, `[out, in · kernel]`.
  ///
  /// ``WeightChange`` says how each variant understands strengths.
  ///
  /// - Parameters:
  ///   - module: one of this adapter's layers, of any variant.
  ///   - weight: the base model's weight, `[out, in · kernel]`.
  ///   - geometry: its shape.
  /// - Throws: what ``change(of:on:)`` throws.
  public func delta(
    of module: AdapterModule, on weight: Matrix, _ geometry: LayerGeometry, strength: Double = 1
  ) throws -> Matrix {
    try change(of: module, on: geometry).applied(to: weight, geometry, strength: strength) - weight
  }

  /// Which features an (IA)³ layer scales, and whether its numbers are whole factors and not what is added to 1.
  package func scaledAxis(
    of module: AdapterModule, on geometry: LayerGeometry
  ) throws(AdapterError) -> (axis: MagnitudeAxis, isWhole: Bool) {
    guard let tensor = module.tensors[.ia3Vector] else {
      guard let flag = module.tensors[.onInput] else { throw missing(module, .onInput) }
      let values: [Double]
      do { values = try file.doubles(of: flag) } catch { values = [] }
      guard values == [0] || values == [1] else {
        throw AdapterError(
          path: file.path, rule: .shape, key: flag.name,
          detail: "is \(values.count == 1 ? "\(values[0])" : "not one number"); 1 means inputs and 0 outputs")
      }
      return (values == [1] ? .inputs : .outputs, false)
    }
    // PEFT: [out, 1] or [1, in] of a linear layer; [1, out, 1, 1] or [1, in, 1, 1] of a convolution.
    if tensor.shape.first != 1 { return (.outputs, true) }
    if geometry.outputs != geometry.channels || !geometry.isConvolution {
      return (tensor.count == geometry.channels && !(tensor.shape.count == 1) ? .inputs : .outputs, true)
    }
    guard let names = peftSettings.feedForward else {
      throw AdapterError(
        path: file.path, rule: .shape, key: tensor.name,
        detail: "\(tensor.shape) may scale the inputs or the outputs of a layer of \(geometry.text); "
          + "put PEFT's adapter_config.json, which tells, beside the file")
    }
    let isFed = names.contains { module.path.name == $0 || module.path.name.hasSuffix("." + $0) }
    return (isFed ? .inputs : .outputs, true)
  }

  func missing(_ module: AdapterModule, _ role: TensorRole) -> AdapterError {
    AdapterError(
      path: file.path, rule: .shape, key: module.stem, detail: "the tensor \(role.name) is missing")
  }

  func numbers(_ module: AdapterModule, _ role: TensorRole) throws -> [Double] {
    guard let tensor = module.tensors[role] else { throw missing(module, role) }
    return try file.doubles(of: tensor)
  }
}
