import LinearAlgebra
public import SafeTensors

extension Inspection {
  /// Opens and inspects a file.
  ///
  /// - Parameters:
  ///   - path: a safetensors file, an archive of one named `.zst`, the index of several, or the folder of a model.
  ///   - options: how much of it is read.
  /// - Throws: ``SafeTensorsError`` for a damaged container, ``AdapterError`` for an adapter whose layers
  /// contradict
  ///   themselves. A sound file without any adapter is no error.
  public static func make(path: String, options: InspectionOptions = .init()) async throws -> Inspection {
    try await make(file: ModelFiles.open(path: path), options: options)
  }

  /// Inspects an open file.
  public static func make(file: SafeTensorsFile, options: InspectionOptions = .init()) async throws
    -> Inspection
  {
    var adapter: Adapter?
    var sidecarProblem: String?
    do { adapter = try Adapter(file: file) } catch {
      switch error.rule {
      case .notAdapter: adapter = nil
      case .sidecar:
        // A merge must not guess alphas; to show the file without them is better than not to show it.
        adapter = try Adapter(file: file, readsSidecar: false)
        sidecarProblem = error.detail
      default: throw error
      }
    }
    if let opened = adapter, let base = options.base {
      adapter = try opened.bound(to: base, rank: options.baseRank)
    }
    let sidecars = adapter == nil ? .none : Sidecars(beside: file)
    let wantsHashes = options.hashes == .always || (options.hashes == .adapters && adapter != nil)
    async let hashes = wantsHashes && file.pieces.isEmpty ? file.hashes() : nil
    var measures: [LayerMeasure]?
    var loose: LooseLayers.Contents?
    if options.weights, let adapter {
      BLAS.useOneThread()
      measures = try await ParallelMap.run(
        count: adapter.modules.count, width: options.workers, scratch: { () },
        progress: { options.progress($0, adapter.modules.count) },
        body: { index, _ in try LayerMeasure(adapter.modules[index], in: adapter) })
      loose = try LooseLayers(adapter).read()
    }
    let subject = InspectionSubject(
      file: file, adapter: adapter, record: TrainingRecord(metadata: file.header.metadata, beside: sidecars),
      sidecarProblem: sidecarProblem, loose: adapter.map { LooseLayers($0) }, measures: measures, looseContents: loose,
      hashes: try await hashes)
    return Inspection(subject, options: options)
  }

  private init(_ subject: InspectionSubject, options: InspectionOptions) {
    let (file, adapter) = (subject.file, subject.adapter)
    let (tensors, modules) = (file.header.tensors, subject.modules)
    let summary = adapter == nil ? CheckpointSummary(file: file) : nil
    let kind: Kind = adapter != nil ? .lora : summary != nil ? .checkpoint : .other
    let counts = modules.reduce(into: [Variant: Int]()) { $0[$1.variant, default: 0] += 1 }
    var (bytes, dtypes): ([DType: Int], [DType: Int]) = ([:], [:])
    for tensor in tensors {
      bytes[tensor.dtype, default: 0] += tensor.range.count
      dtypes[tensor.dtype, default: 0] += 1
    }
    self.init(
      path: file.path, size: file.size, kind: kind,
      architecture: adapter?.architecture ?? summary?.architecture ?? .unknown,
      variant: Self.mostUsed(counts)?.key ?? subject.loose?.variant,
      variants: Dictionary(uniqueKeysWithValues: counts.map { ($0.key.rawValue, $0.value) }),
      dialect: adapter?.dialects.first, dialects: adapter?.dialects ?? [], modules: modules.count,
      kernels: modules.reduce(into: [:]) { $0[Self.kernelName($1), default: 0] += 1 },
      hasTextEncoder: modules.contains { !$0.path.part.isDenoiser },
      unmatchedKeys: (adapter?.unmatched ?? []).map(\.key),
      unmatched: (adapter?.unmatched ?? []).map { UnmatchedKey(key: $0.key, reason: $0.reason) },
      embeddings: (adapter?.embeddings ?? []).map { embedding in
        Embedding(
          token: embedding.token,
          vectors: embedding.vectors.map {
            .init(encoder: $0.encoder, isOutput: $0.isOutput, count: $0.count, width: $0.width)
          })
      },
      rank: RankSpread(subject.ranks), alpha: AlphaSpread(subject.alphas),
      dtype: Self.mostUsed(bytes)?.key.rawValue,
      dtypes: Dictionary(uniqueKeysWithValues: dtypes.map { ($0.key.rawValue, $0.value) }), tensors: tensors.count,
      parameters: tensors.reduce(0) { $0.addingCapped($1.count) },
      hashes: Hashes(subject.hashes, record: subject.record),
      strength: subject.measures.flatMap { modules.isEmpty ? nil : Strength($0) },
      parts: Self.parts(modules, subject.measures), checkpoint: summary,
      largest: kind == .other ? Self.largest(tensors) : [], recipe: subject.record,
      warnings: subject.warnings(kind: kind),
      layers: options.listsLayers ? Self.layers(modules, subject.measures) : nil,
      metadata: options.keepsMetadata ? file.header.metadata : nil)
  }

  /// The key with the largest number; of equal ones, the first by name.
  private static func mostUsed<Key: RawRepresentable<String>>(_ counts: [Key: Int]) -> (key: Key, value: Int)? {
    counts.max { ($0.value, $1.key.rawValue) < ($1.value, $0.key.rawValue) }
  }

  private static func largest(_ tensors: [TensorInfo]) -> [LargeTensor] {
    tensors.sorted { ($1.range.count, $0.name) < ($0.range.count, $1.name) }.prefix(8).map {
      LargeTensor(name: $0.name, dtype: $0.dtype.rawValue, shape: $0.shape, bytes: $0.range.count)
    }
  }

  /// Variants that flatten a convolution leave its kernel to the layer's name.
  private static func kernelName(_ module: AdapterModule) -> String {
    let width = module.kernel.isEmpty ? module.path.kernelWidth : 1
    let kernel = width > 1 ? [width, width] : module.kernel
    return kernel.isEmpty ? "linear" : kernel.map(String.init).joined(separator: "x")
  }

  private static func parts(_ modules: [AdapterModule], _ measures: [LayerMeasure]?) -> [Part] {
    let total = measures?.reduce(0) { $0 + ($1.energy ?? 0) } ?? 0
    return ModelPart.allCases.sorted().compactMap { part in
      let indices = modules.indices.filter { modules[$0].path.part == part }
      guard !indices.isEmpty else { return nil }
      let strength = measures.map { measures in Strength(indices.map { measures[$0] }) }
      let norm = strength?.norm
      return Part(
        part: part, modules: indices.count,
        rank: RankSpread(indices.compactMap { modules[$0].hasRank ? modules[$0].rank : nil }),
        norm: norm, energyShare: norm.flatMap { total > 0 ? $0 * $0 / total : nil },
        effectiveRank: strength?.effectiveRank, leadingShare: strength?.leadingShare,
        spectrum: strength?.spectrum ?? [])
    }
  }

  private static func layers(_ modules: [AdapterModule], _ measures: [LayerMeasure]?) -> [Layer] {
    let total = measures?.reduce(0) { $0 + ($1.energy ?? 0) } ?? 0
    return modules.enumerated().map { index, module in
      let measure = measures?[index]
      return Layer(
        part: module.path.part, block: module.path.block, name: module.path.name, stem: module.stem,
        variant: module.variant, rank: module.rank, alpha: module.alpha.value,
        alphaSource: module.alpha.source,
        scale: module.scale, outputs: module.outputs, inputs: module.inputs, kernel: module.kernel,
        norm: measure?.energy?.squareRoot(),
        energyShare: measure?.energy.flatMap { total > 0 ? $0 / total : nil },
        effectiveRank: measure?.spectrum?.effectiveRank, leadingShare: measure?.spectrum?.leadingShare)
    }
  }
}

extension Inspection.Hashes {
  init(_ hashes: FileHashes?, record: TrainingRecord) {
    self.init(
      autov2: hashes?.autoV2, autov3: hashes?.autoV3, sha256: hashes?.whole, tensorsSha256: hashes?.tensors,
      stored: record.storedModelHash,
      storedOk: record.isHashOfNothing
        ? false : record.storedModelHash.flatMap { stored in hashes.map { $0.tensors.matches(stored) } })
  }
}

extension String {
  /// Whether a stated hash, whole or shortened, is this one.
  func matches(_ stated: String) -> Bool { stated.utf8.count >= 8 && hasPrefix(stated) }
}

extension AdapterModule {
  /// Whether the layer has a rank that someone chose: a Kronecker product of two whole matrices has none.
  var hasRank: Bool { rank > 0 && !(variant == .lokr && alpha.source == .none) }
}
