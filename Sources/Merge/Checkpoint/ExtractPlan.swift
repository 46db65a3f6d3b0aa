import Adapters
import LinearAlgebra
import SafeTensors

/// Which layers differ, and what will be written of them.
struct ExtractPlan: Sendable {
  /// A layer that differs.
  struct Layer: Sendable {
    var path: ModulePath
    var base: CheckpointPlace
    var tuned: CheckpointPlace
    var keys: OutputKeys
    var rank: Int

    /// One for each dimension of the kernel.
    private var ones: [Int] { base.kernel.map { _ in 1 } }

    /// What is written of it in a format; alpha is F32, so that it holds the rank exactly.
    func declarations(_ dtype: DType) -> [TensorDeclaration] {
      let kernel = base.kernel
      let channels = base.inputs / max(1, kernel.reduce(1, *))
      return [
        TensorDeclaration(name: keys.down, dtype: dtype, shape: [rank, channels] + kernel),
        TensorDeclaration(name: keys.up, dtype: dtype, shape: [base.outputs, rank] + ones),
      ] + (keys.alpha.map { [TensorDeclaration(name: $0, dtype: .f32, shape: [])] } ?? [])
    }
  }

  /// The layers that differ, in the order in which their factors are written.
  var layers: [Layer]
  /// How many layers are the same in both models.
  var unchanged: Int
  /// How many other tensors differ: norms, biases, embeddings, convolutions without a rank, the VAE.
  var otherChanges: Int

  /// Compares two models, layer by layer.
  /// - Throws: ``MergeError`` when they are of different shapes or families, or do not differ; `SafeTensorsError`.
  init(_ recipe: ExtractRecipe, workers: Int) async throws {
    let (base, tuned) = (recipe.base, recipe.tuned)
    if base.architecture != tuned.architecture {
      throw MergeError(
        path: tuned.path, rule: .architecture,
        detail:
          "is \(tuned.architecture.label), but \(base.path) is \(base.architecture.label); they have no difference")
    }
    var candidates: [Layer] = []
    var covered = Set<String>()
    for path in base.layers {
      guard let rank = Self.rank(path, recipe), let own = base.places(of: path).first,
        let other = tuned.places(of: path).first, own.tensor.shape.count >= 2,
        let keys = OutputDialect.kohya.keys(for: path, architecture: base.architecture)
      else { continue }
      guard own.outputs == other.outputs, own.inputs == other.inputs, own.outputs > 0, own.inputs > 0 else {
        throw MergeError(
          path: tuned.path, rule: .shape,
          detail:
            "\(other.tensor.name) is \(other.tensor.shape), but \(own.tensor.shape) in \(base.path); they are different models"
        )
      }
      covered.insert("\(own.file) \(own.tensor.name)")
      candidates.append(
        Layer(path: path, base: own, tuned: other, keys: keys, rank: min(rank, own.outputs, own.inputs)))
    }
    let all = candidates
    let differs = try await ParallelMap.run(count: all.count, width: workers, scratch: {}) { index, _ in
      try ExtractedLayer.differs(all[index], recipe)
    }
    layers = zip(all, differs).filter(\.1).map(\.0)
    unchanged = all.count - layers.count
    otherChanges = try await Self.otherChanges(base, tuned, covered: covered, workers: workers)
    guard !layers.isEmpty else {
      throw MergeError(
        path: tuned.path, rule: .empty,
        detail: otherChanges == 0
          ? "has the same weights as \(base.path), so there is nothing to extract"
          : "differs from \(base.path) only in \(otherChanges) tensors that this LoRA cannot hold; convolutions need --conv-rank"
      )
    }
    layers.sort { $0.keys.down.utf8.lexicographicallyPrecedes($1.keys.down.utf8) }
  }

  /// The rank a layer gets; nil for layers that are left out, as kohya's trainers leave them out.
  private static func rank(_ path: ModulePath, _ recipe: ExtractRecipe) -> Int? {
    switch path.role {
    case .embedding, .other: nil
    case .convolution: ["conv_in", "conv_out"].contains(path.name) ? nil : recipe.convolutionRank
    default: recipe.rank
    }
  }

  private static func otherChanges(
    _ base: Checkpoint, _ tuned: Checkpoint, covered: Set<String>, workers: Int
  ) async throws -> Int {
    var pairs: [(SafeTensorsFile, TensorInfo, SafeTensorsFile, TensorInfo)] = []
    for (index, own) in base.files.enumerated() {
      let others = tuned.files.filter { $0.part == own.part }
      for tensor in own.file.header.tensors where !covered.contains("\(index) \(tensor.name)") {
        // The two models may be cut into files differently.
        guard tensor.dtype.isFloatingPoint, let other = others.first(where: { $0.file[tensor.name] != nil }),
          let twin = other.file[tensor.name], twin.dtype == tensor.dtype
        else { continue }
        pairs.append((own.file, tensor, other.file, twin))
      }
    }
    let all = pairs
    return try await ParallelMap.run(count: all.count, width: workers, scratch: {}) { index, _ in
      let (own, tensor, other, twin) = all[index]
      return try own.read(tensor) != other.read(twin)
    }.count { $0 }
  }
}
