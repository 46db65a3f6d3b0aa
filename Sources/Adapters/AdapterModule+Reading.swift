import SafeTensors

/// The tensors found under one stem, before they are understood.
struct StemGroup {
  var resolved: ResolvedStem
  var stem: String
  var tensors: [TensorRole: TensorInfo] = [:]
}

extension AdapterModule {
  /// Understands a group of tensors.
  ///
  /// - Parameters:
  ///   - group: the tensors under one stem.
  ///   - file: where they are; only alphas are read.
  ///   - declared: what the adapter's configuration says of alphas.
  /// - Returns: nil when a tensor the variant needs is missing.
  /// - Throws: ``AdapterError`` when shapes do not fit, or an alpha is no number.
  static func read(
    _ group: StemGroup, in file: SafeTensorsFile, declared: DeclaredScales
  ) throws(AdapterError) -> AdapterModule? {
    let t = group.tensors
    guard
      var variant = Variant(
        roles: Set(t.keys), midSize: t[.mid]?.shape, oftDimensions: t[.oftBlocks]?.shape.count)
    else { return nil }
    let geometry = try Geometry(group, variant: variant, path: file.path)
    if variant == .lora, geometry.inputs != geometry.downChannels { variant = .locon }
    let exactRank =
      t[.biasIndices] != nil && t[.biasValues] != nil
      ? min(geometry.outputs, geometry.inputs) : geometry.factorRank
    let alpha = try alpha(of: group, rank: geometry.rank, file: file, declared: declared)
    return AdapterModule(
      path: group.resolved.path, stem: group.stem, dialect: group.resolved.dialect, variant: variant, tensors: t,
      outputs: geometry.outputs, inputs: geometry.inputs, kernel: geometry.kernel, rank: geometry.rank,
      alpha: alpha.alpha,
      scale: alpha.scale, exactRank: exactRank, rows: nil)
  }

  private static func alpha(
    of group: StemGroup, rank: Int, file: SafeTensorsFile, declared: DeclaredScales
  ) throws(AdapterError) -> (alpha: Alpha, scale: Double) {
    guard rank > 0 else { return (Alpha(value: 1, source: .none), 1) }
    // LyCORIS: with both Kronecker factors whole there is no rank to divide by, whatever alpha says.
    if group.tensors[.lokrW1] != nil, group.tensors[.lokrW2] != nil {
      return (Alpha(value: Double(rank), source: .none), 1)
    }
    if let tensor = group.tensors[.alpha] {
      func failure(_ detail: String) -> AdapterError {
        AdapterError(path: file.path, rule: .alpha, key: tensor.name, detail: detail)
      }
      let values: [Double]
      do { values = try file.doubles(of: tensor) } catch {
        throw failure("alpha cannot be read as a number: \(error.detail)")
      }
      guard values.count == 1, let value = values.first, value.isFinite else {
        throw failure(
          "alpha is \(values.count == 1 ? "\(values[0])" : "\(values.count) numbers"), not one finite number")
      }
      // A stored alpha of 0 means "none" to LyCORIS, and would otherwise silence the layer.
      let divisor =
        group.tensors[.gloraA1] != nil && declared.isRankStabilisedGLoRA ? Double(rank).squareRoot() : Double(rank)
      return value == 0
        ? (Alpha(value: Double(rank), source: .assumed), 1)
        : (Alpha(value: value, source: .tensor), value / divisor)
    }
    if let (value, source, rankStabilised) = declared.alpha(of: group.resolved.path) {
      let divisor = rankStabilised ? Double(rank).squareRoot() : Double(rank)
      return (Alpha(value: value, source: source), value / divisor)
    }
    return (Alpha(value: Double(rank), source: .assumed), 1)
  }
}

/// The sizes that a layer's tensors agree on.
struct Geometry {
  var outputs = 0
  var inputs = 0
  var kernel: [Int] = []
  var rank = 0
  /// The inner dimension of the exact factors.
  var factorRank = 0
  /// The input features without the kernel.
  var downChannels = 0

  init(_ group: StemGroup, variant: Variant, path: String) throws(AdapterError) {
    let t = group.tensors
    func broken(_ role: TensorRole, _ expected: String) -> AdapterError {
      AdapterError(
        path: path, rule: .shape, key: t[role]?.name ?? group.stem,
        detail: "the shape \(t[role]?.shape ?? []) does not fit: \(expected)")
    }
    func matrix(_ role: TensorRole) throws(AdapterError) -> (rows: Int, columns: Int) {
      guard let shape = t[role]?.shape, shape.count >= 2, !shape.contains(0) else {
        throw broken(role, "two or more dimensions without zeros are needed")
      }
      return (shape[0], shape.dropFirst().reduce(1, *))
    }
    let isDoRAOf: Variant? =
      variant == .dora
      ? Variant(roles: Set(t.keys).subtracting([.doraScale]), midSize: t[.mid]?.shape, oftDimensions: nil) : nil
    switch isDoRAOf ?? variant {
    case .lora, .locon:
      let (up, down) = (try matrix(.up), try matrix(.down))
      guard up.columns == down.rows else { throw broken(.up, "[out, rank] beside a lora_down of rank \(down.rows)") }
      (outputs, inputs, rank) = (up.rows, down.columns, down.rows)
      let shape = t[.down]?.shape ?? []
      downChannels = shape.count > 1 ? shape[1] : 0
      kernel = Array(shape.dropFirst(2))
      if kernel.allSatisfy({ $0 == 1 }) { kernel = [] }
      factorRank = rank
    case .tucker:
      let (up, down) = (try matrix(.up), try matrix(.down))
      guard let mid = t[.mid]?.shape, mid.count > 2, mid[0] == up.columns, mid[1] == down.rows, !mid.contains(0) else {
        throw broken(.mid, "[\(up.columns), \(down.rows), kernel…] is needed")
      }
      kernel = Array(mid.dropFirst(2))
      (outputs, rank, downChannels) = (up.rows, down.rows, down.columns)
      inputs = down.columns * kernel.reduce(1, *)
      factorRank = min(mid[0], outputs, inputs)
    case .loha:
      let (a1, b1, a2, b2) = (try matrix(.hadaW1A), try matrix(.hadaW1B), try matrix(.hadaW2A), try matrix(.hadaW2B))
      guard a1.rows == a2.rows, b1.columns == b2.columns, a1.columns == b1.rows, a2.columns == b2.rows else {
        throw broken(.hadaW1A, "the four LoHa factors are [out, r], [r, in], [out, r], [r, in]")
      }
      (outputs, inputs, rank, downChannels) = (a1.rows, b1.columns, b1.rows, b1.columns)
      kernel = Array((t[.hadaW1B]?.shape ?? []).dropFirst(2))
      factorRank = min(b1.rows * b2.rows, outputs, inputs)
    case .lohaTucker:
      let (a1, b1, a2, b2) = (try matrix(.hadaW1A), try matrix(.hadaW1B), try matrix(.hadaW2A), try matrix(.hadaW2B))
      guard let k1 = t[.hadaT1]?.shape, let k2 = t[.hadaT2]?.shape, k1.count > 2, k1.count == k2.count,
        k1[2...] == k2[2...],
        k1[0] == a1.rows, k1[1] == b1.rows, k2[0] == a2.rows, k2[1] == b2.rows, a1.columns == a2.columns,
        b1.columns == b2.columns, !k1.contains(0), !k2.contains(0)
      else { throw broken(.hadaT1, "[r, r, kernel…] between [r, out] and [r, in] is needed") }
      kernel = Array(k1.dropFirst(2))
      (outputs, rank, downChannels) = (a1.columns, b1.rows, b1.columns)
      inputs = b1.columns * kernel.reduce(1, *)
      factorRank = min(k1[0] * k2[0], outputs, inputs)
    case .lokr:
      guard let shape = LoKrShape(t) else {
        throw broken(t[.lokrW1] == nil ? .lokrW1A : .lokrW1, "the Kronecker factors do not fit each other")
      }
      (outputs, inputs, rank, kernel) = (shape.outputs, shape.inputs, shape.divisor, shape.kernel)
      downChannels = inputs / kernel.reduce(1, *)
      factorRank = min(shape.rank, outputs, inputs)
    case .full:
      guard let shape = t[.diff]?.shape, shape.count >= 2 else { return }  // the change of a norm: a vector
      (outputs, inputs) = try matrix(.diff)
      (downChannels, kernel) = (shape[1], Array(shape.dropFirst(2)))
      factorRank = min(outputs, inputs)
    case .glora:
      guard let shape = GLoRAShape(t) else {
        throw broken(.gloraA1, "a1 [in, r], a2 [r, in], b1 [out, r] and b2 [r, in, kernel…] are needed")
      }
      (outputs, inputs, rank) = (shape.geometry.outputs, shape.geometry.inputs, shape.rank)
      (downChannels, kernel) = (
        shape.geometry.channels, shape.geometry.kernel.allSatisfy { $0 == 1 } ? [] : shape.geometry.kernel
      )
    case .oft where t[.oftRotation] != nil:
      guard let shape = t[.oftRotation]?.shape, shape.count == 2, shape[0] > 0, Cayley.size(triangle: shape[1]) != nil
      else { throw broken(.oftRotation, "[blocks, b (b - 1) / 2], the upper triangles of square blocks, is needed") }
    case .oft, .boft:
      let role: TensorRole = t[.boftRotation] != nil ? .boftRotation : .oftBlocks
      let shape = t[role]?.shape ?? []
      guard shape.count == (variant == .oft ? 3 : 4), !shape.contains(0),
        shape[shape.count - 1] == shape[shape.count - 2]
      else {
        throw broken(
          role,
          "\(variant == .oft ? "" : "stages of ")square blocks, [\(variant == .oft ? "" : "m, ")n, b, b], are needed")
      }
      if variant == .boft, shape[3] % 2 != 0, shape[0] > 1 {
        throw broken(role, "blocks of an even size are needed, because each stage mixes halves of two")
      }
    case .ia3:
      let role: TensorRole = t[.ia3Vector] != nil ? .ia3Vector : .ia3Weight
      let shape = t[role]?.shape ?? []
      guard !shape.isEmpty, !shape.contains(0), shape.count(where: { $0 != 1 }) <= 1 else {
        throw broken(role, "one number for each feature is needed")
      }
    case .tlora:
      let (p, q) = (try matrix(.tloraP), try matrix(.tloraQ))
      guard p.columns == q.rows, t[.tloraLambda]?.count == q.rows else {
        throw broken(.tloraP, "[out, r] beside a q_layer of rank \(q.rows) and as many lambdas is needed")
      }
      (outputs, inputs, rank, downChannels) = (p.rows, q.columns, q.rows, q.columns)
    case .replaced:
      guard let shape = t[.setWeight]?.shape, shape.count >= 2 else { return }
      (outputs, inputs) = try matrix(.setWeight)
      (downChannels, kernel) = (shape[1], Array(shape.dropFirst(2)))
    case .vector, .dora: break
    }
    // Products of small tensors can claim layers of any size; no model has one of two thousand million weights.
    let (size, overflow) = outputs.multipliedReportingOverflow(by: inputs)
    guard !overflow, size <= 1 << 31 else {
      throw AdapterError(
        path: path, rule: .shape, key: group.stem,
        detail:
          "its factors make a layer of [\(outputs), \(inputs)], which no model has; the file is damaged or made up")
    }
  }
}
