import SafeTensors

extension Adapter {
  /// Checks from shapes alone that a layer can change a layer of the base model.
  ///
  /// - Throws: ``AdapterError`` with rule `shape` when it is for a layer of another shape, or `needsBase` for a variant
  ///   that no base model completes.
  public func checkFit(of module: AdapterModule, on geometry: LayerGeometry) throws(AdapterError) {
    func failure(_ role: TensorRole, _ detail: String) -> AdapterError {
      AdapterError(
        path: file.path, rule: .shape, key: module.tensors[role]?.name ?? module.stem,
        detail: "\(detail), but the base model's layer is \(geometry.text); they are for different base models")
    }
    func shape(_ role: TensorRole) -> [Int] { module.tensors[role]?.shape ?? [] }
    if let role = [TensorRole.reshapeWeight].first(where: { module.tensors[$0] != nil }) {
      throw AdapterError(
        path: file.path, rule: .needsBase, key: module.tensors[role]?.name ?? module.stem,
        detail: "gives the layer another shape than the base model's, as control LoRAs do; no picture model has it")
    }
    switch module.variant {
    case .oft where module.tensors[.oftRotation] != nil:
      if module.tensors[.doraScale] != nil {
        throw AdapterError(
          path: file.path, rule: .needsBase, key: module.stem,
          detail: "is an OFT with dora_scale, which the trainers that write it understand in different ways")
      }
      let stored = shape(.oftRotation)
      guard stored.count == 2, let size = Cayley.size(triangle: stored[1]) else {
        throw failure(.oftRotation, "\(stored) holds no blocks' triangles")
      }
      guard geometry.inputs % size == 0, stored[0] == 1 || stored[0] == geometry.inputs / size else {
        throw failure(.oftRotation, "\(stored[0]) blocks of \(size) rotate \(stored[0] * size) inputs")
      }
    case .oft:
      let stored = shape(.oftBlocks)
      guard stored.count == 3, stored[0] * stored[1] == geometry.outputs else {
        throw failure(
          .oftBlocks,
          "\(stored.first ?? 0) blocks of \(stored.last ?? 0) rotate \(stored.prefix(2).reduce(1, *)) outputs")
      }
      try checkFactors(.rescale)
    case .boft where module.tensors[.boftRotation] != nil:
      let stored = shape(.boftRotation)
      guard stored[1] * stored[2] == geometry.inputs, stored[0] < 31,
        stored[0] == 1 || stored[1] % (1 << (stored[0] - 1)) == 0
      else {
        throw failure(
          .boftRotation, "\(stored[0]) stages of \(stored[1]) blocks of \(stored[2]) cannot rotate its inputs")
      }
      try checkFactors(.boftScale)
    case .boft:
      let stored = shape(.oftBlocks)
      // Stage i deals features out in groups of 2ⁱ · b, which must come out even.
      guard stored[1] * stored[2] == geometry.outputs, stored[0] < 31,
        geometry.outputs % ((1 << max(0, stored[0] - 1)) * stored[2]) == 0
      else {
        throw failure(
          .oftBlocks, "\(stored[0]) stages of \(stored[1]) blocks of \(stored[2]) cannot rotate its outputs")
      }
      try checkFactors(.rescale)
    case .ia3:
      let axis = try scaledAxis(of: module, on: geometry).axis
      let role: TensorRole = module.tensors[.ia3Vector] != nil ? .ia3Vector : .ia3Weight
      let count = module.tensors[role]?.count ?? 0
      guard count == (axis == .outputs ? geometry.outputs : geometry.channels) else {
        throw failure(role, "\(count) numbers scale \(axis == .outputs ? "outputs" : "input channels")")
      }
    case .replaced:
      let stored = shape(.setWeight)
      guard stored.first == geometry.outputs, stored.reduce(1, *) == geometry.outputs * geometry.inputs else {
        throw failure(.setWeight, "the weight is \(stored)")
      }
    case .tlora where geometry.kernelSize > 1:
      throw AdapterError(
        path: file.path, rule: .needsBase, key: module.stem,
        detail:
          "is a T-LoRA of a \(geometry.kernel) convolution, whose change LyCORIS adds to the output and not the weight")
    default:
      guard module.outputs == geometry.outputs, module.inputs == geometry.inputs else {
        throw failure(.up, "\(module.stem) is [\(module.outputs), \(module.inputs)]")
      }
    }

    func checkFactors(_ role: TensorRole) throws(AdapterError) {
      guard let tensor = module.tensors[role], tensor.count != geometry.outputs else { return }
      throw failure(role, "\(tensor.count) factors scale outputs")
    }
  }
}
