import LinearAlgebra
import SafeTensors

extension Adapter {
  /// The rotation of an OFT or BOFT layer.
  ///
  /// The blocks are `(I + Q)(I - Q)⁻¹`, where `Q` is skew:
  ///
  /// | stored | `Q` | the changed weight |
  /// |---|---|---|
  /// | `oft_blocks` `[n, b, b]` | `B - Bᵀ` | `Rᵀ W` |
  /// | `oft_blocks` `[m, n, b, b]` | `B - Bᵀ` | `R W`, stage by stage |
  /// | `oft_R.weight` `[n, b (b - 1) / 2]` | the upper triangle | `W Rᵀ`; `W R` of a convolution, in PEFT `W Rᵀ` |
  /// | `boft_R` `[m, n, b, b]` | `(Bᵀ - B) / 2` | `W Rᵀ`, stage by stage |
  ///
  /// LyCORIS and sd-scripts keep `Q` of `oft_blocks` as short as `alpha · out` (over all blocks), where alpha is not 0;
  /// ComfyUI takes alpha alone for the bound, which holds such files shorter.
  /// PEFT and OneTrainer take the first five terms of the series instead of the inverse (``PEFTSettings``), and
  /// OneTrainer divides by `2 √(b - 1)` before where `scaled_oft` is there.
  func rotation(of module: AdapterModule, on geometry: LayerGeometry) throws -> Rotation {
    if module.tensors[.oftRotation] != nil { return try triangles(module, geometry) }
    if module.tensors[.boftRotation] != nil {
      let blocks = try blocks(module, .boftRotation)
      let (count, size) = (blocks[0].count, blocks[0][0].rows)
      let stages = try blocks.enumerated().map { index, blocks in
        Rotation.Stage(
          blocks: try blocks.map { try Cayley.rotation(Cayley.skew($0).scaled(by: -0.5)) },
          order: index > 0
            ? Butterfly.sorted(geometry.inputs, blocks: count >> index, piece: size / 2) : nil)
      }
      return Rotation(
        side: .inputs, stages: stages,
        factors: module.tensors[.boftScale] == nil ? nil : try numbers(module, .boftScale))
    }
    let factors = module.tensors[.rescale] == nil ? nil : try numbers(module, .rescale)
    let skews = try blocks(module, .oftBlocks).map { $0.map(Cayley.skew) }
    let share = try constraint(module, skews.joined().map(\.squaredNorm).reduce(0, +), outputs: geometry.outputs)
    let isButterfly = module.variant == .boft
    let stages = try skews.enumerated().map { index, skews in
      let blocks = try skews.map { try Cayley.rotation(share == 1 ? $0 : $0.scaled(by: share)) }
      return Rotation.Stage(
        blocks: isButterfly ? blocks : blocks.map(\.transposed),
        order: isButterfly ? Butterfly.dealt(geometry.outputs, width: (skews[0].rows / 2) << index) : nil)
    }
    return Rotation(side: .outputs, stages: stages, factors: factors)
  }

  /// What `Q` is multiplied by so that it is no longer than the constraint allows.
  private func constraint(_ module: AdapterModule, _ squares: Double, outputs: Int) throws -> Double {
    guard let alpha = module.tensors[.alpha] else { return 1 }
    let values = try file.doubles(of: alpha)
    guard values.count == 1, values[0].isFinite, values[0] >= 0 else {
      throw AdapterError(
        path: file.path, rule: .alpha, key: alpha.name,
        detail:
          "the constraint is \(values.count == 1 ? "\(values[0])" : "\(values.count) numbers"), not one number of 0 or more"
      )
    }
    // To LyCORIS 0 means no constraint; sd-scripts, whose stems begin with "oft", knows no such exception.
    guard values[0] > 0 || module.stem.hasPrefix("oft_") else { return 1 }
    let (length, greatest) = (squares.squareRoot(), values[0] * Double(outputs))
    return length > greatest ? greatest / length : 1
  }

  /// The square matrices of a tensor `[n, b, b]` or `[m, n, b, b]`, by stage.
  private func blocks(_ module: AdapterModule, _ role: TensorRole) throws -> [[Matrix]] {
    let values = try numbers(module, role)
    let shape = module.tensors[role]?.shape ?? []
    let (size, count) = (shape.last ?? 1, shape[shape.count - 3])
    let all = (0..<values.count / (size * size)).map { index in
      Matrix(rows: size, columns: size, elements: Array(values[index * size * size..<(index + 1) * size * size]))
    }
    return (0..<all.count / count).map { Array(all[$0 * count..<($0 + 1) * count]) }
  }

  private func triangles(_ module: AdapterModule, _ geometry: LayerGeometry) throws -> Rotation {
    let values = try numbers(module, .oftRotation)
    let shape = module.tensors[.oftRotation]?.shape ?? []
    let (count, length, size) = (shape[0], shape[1], Cayley.size(triangle: shape[1]) ?? 2)
    let settings = peftSettings
    let scale = module.tensors[.oftScaled] == nil ? 1 : 1 / (2 * Double(size - 1).squareRoot())
    let blocks = try (0..<count).map { index in
      var q = Cayley.skew(triangle: values[index * length..<(index + 1) * length], size: size).scaled(by: scale)
      if let greatest = settings.greatest {
        let (own, most) = (q.squaredNorm.squareRoot(), greatest / Double(count).squareRoot())
        if own > most { q = q.scaled(by: most / own) }
      }
      guard let terms = settings.terms else { return try Cayley.rotation(q.scaled(by: -1)) }
      return Cayley.series(q, terms: terms, isEarly: settings.isEarlySeries)
    }
    let isTurned = geometry.isConvolution && !settings.isPEFT
    return Rotation(
      side: .inputs, stages: [.init(blocks: isTurned ? blocks.map(\.transposed) : blocks, order: nil)], factors: nil)
  }
}
