import Adapters
import LinearAlgebra
public import SafeTensors

/// Carries out a bake: changed tensors are computed in parallel, all others go from file to file as bytes.
public enum BakeEngine {
  /// Bakes and writes.
  ///
  /// - Parameters:
  ///   - recipe: what to do.
  ///   - path: the file to write; a folder where the base model is one.
  ///   - existing: whether an existing file may be replaced; a folder never is.
  ///   - workers: how many tensors are computed at once.
  ///   - progress: told after each changed tensor how many of how many are done.
  /// - Returns: what was done, with the numbers to check it by.
  /// - Throws: ``MergeError``, `SafeTensorsError`, `AdapterError` or `LinearAlgebraError`; nothing is left behind then.
  public static func run(
    _ recipe: BakeRecipe, to path: String, existing: SafeTensorsWriter.Existing = .refuse, workers: Int = 2,
    progress: @escaping @Sendable (Int, Int) -> Void = { _, _ in }
  ) async throws -> BakeReport {
    BLAS.useOneThread()
    let plan = try BakePlan(recipe)
    let sources = recipe.sources
    let hashing = Task { try await MergeEngine.hashes(of: sources) }
    let total = plan.files.reduce(0) { $0 + $1.edits.count }
    var job = Job(recipe: recipe, plan: plan, hashing: hashing, workers: workers, done: 0, total: total)
    job.progress = progress
    var leftOut: [String] = []
    var measures: [BakeVerification.Measure] = []
    if recipe.base.isFolder {
      (leftOut, measures) = try await folder(&job, to: path)
    } else {
      try await job.write(plan.files[0], to: path, existing: existing)
      measures = try await job.measures(plan.files[0], written: path)
    }
    return report(job, path: path, hashes: try await hashing.value, leftOut: leftOut, measures: measures)
  }

  private static func folder(
    _ job: inout Job, to path: String
  ) async throws -> (leftOut: [String], measures: [BakeVerification.Measure]) {
    let base = job.recipe.base.path
    let entries = try FolderContents.all(below: base)
    var leftOut: [String] = []
    var measures: [BakeVerification.Measure] = []
    var folder = try FolderWriter(path: path)
    for entry in entries {
      if entry.isFolder {
        try folder.makeFolder(entry.relative)
      } else if let file = job.plan.files.first(where: { $0.base.relative == entry.relative }), file.isChanged {
        let place = folder.place(entry.relative)
        try await job.write(file, to: place, existing: .refuse)
        measures += try await job.measures(file, written: place)
      } else if let index = try job.changedIndex(entry.relative) {
        try folder.write(index, to: entry.relative)
      } else if job.isStale(entry.relative) {
        leftOut.append(entry.relative)
      } else {
        try folder.copy("\(base)/\(entry.relative)", to: entry.relative)
      }
    }
    try folder.finish()
    return (leftOut, measures)
  }

  private static func report(
    _ job: Job, path: String, hashes: [String], leftOut: [String], measures: [BakeVerification.Measure]
  ) -> BakeReport {
    let (recipe, plan) = (job.recipe, job.plan)
    func relative(_ measure: BakeVerification.Measure) -> Double {
      measure.exact > 0 ? (measure.residual / measure.exact).squareRoot() : measure.residual.squareRoot()
    }
    let worst = measures.max { relative($0) < relative($1) }
    let change = measures.reduce(0) { $0 + $1.change }
    let missed = measures.reduce(0) { $0 + $1.residual }
    let changed = plan.files.flatMap { file in file.declarations.filter { file.edits[$0.name] != nil } }
    return BakeReport(
      output: path, base: recipe.base.path, architecture: recipe.base.architecture.rawValue,
      changedTensors: changed.count, keptTensors: plan.files.reduce(0) { $0 + $1.declarations.count } - changed.count,
      dtypes: Set(changed.map(\.dtype.rawValue)).sorted(), residual: worst.map(relative), worstTensor: worst?.tensor,
      changeResidual: worst.map { _ in change > 0 ? (missed / change).squareRoot() : 0 }, skipped: plan.skipped,
      filesLeftOut: leftOut,
      sources: recipe.sources.enumerated().map { index, source in
        .init(
          path: source.adapter.file.path, strength: source.strength, layers: plan.layers[index],
          hasDora: source.adapter.modules.contains { $0.variant == .dora },
          rewrites: source.adapter.modules.contains { $0.variant.needsBase }, autov3: String(hashes[index].prefix(12)))
      })
  }
}

/// The running bake.
private struct Job {
  let recipe: BakeRecipe
  let plan: BakePlan
  /// Reads the LoRAs once, beside the work.
  let hashing: Task<[String], any Error>
  let workers: Int
  var done: Int
  let total: Int
  var progress: @Sendable (Int, Int) -> Void = { _, _ in }

  /// A tensor on its way to the file.
  private enum Piece: Sendable {
    case bytes([UInt8])
    /// Unchanged: copied when its turn comes.
    case copy(TensorInfo)
  }

  mutating func write(_ file: BakeFile, to path: String, existing: SafeTensorsWriter.Existing) async throws {
    let (recipe, base) = (recipe, file.base.file)
    var writer = try SafeTensorsWriter(
      path: path, declarations: file.declarations,
      metadata: BakeMetadata.make(base, recipe: recipe, plan: plan, hashes: nil), existing: existing, hashes: false)
    let tensors = writer.tensors
    try await OrderedPipeline.run(
      count: tensors.count, width: workers, ahead: workers + 4,
      produce: { index in
        let target = tensors[index]
        guard let tensor = base[target.name] else {
          throw SafeTensorsError(
            path: base.path, rule: .noSuchTensor, tensor: target.name, detail: "is gone; the file changed meanwhile")
        }
        let edits = file.edits[target.name] ?? []
        if edits.isEmpty, target.dtype == tensor.dtype { return Piece.copy(tensor) }
        return .bytes(
          try BakedTensor.bytes(tensor, in: base, edits: edits, dtype: target.dtype, recipe: recipe))
      },
      consume: { index, piece in
        switch piece {
        case .bytes(let bytes): try writer.append(bytes)
        case .copy(let tensor): try writer.append(copying: tensor, from: base)
        }
        if file.edits[tensors[index].name] != nil {
          done += 1
          progress(done, total)
        }
      })
    try writer.replaceMetadata(
      BakeMetadata.key, with: BakeMetadata.record(base, recipe: recipe, plan: plan, hashes: try await hashing.value))
    try writer.finish()
  }

  func measures(_ file: BakeFile, written path: String) async throws -> [BakeVerification.Measure] {
    guard recipe.verifies else { return [] }
    return try await BakeVerification.measures(file, written: path, recipe: recipe, workers: workers)
  }

  /// Whether a file of the base folder holds a changed network's weights in a form that is not written anew.
  func isStale(_ relative: String) -> Bool {
    let folder = Self.folder(of: relative)
    let endings = [".bin", ".ckpt", ".pt", ".pth", ".msgpack", ".onnx", ".onnx_data", ".h5", ".pb", ".gguf"]
    guard endings.contains(where: relative.hasSuffix) else { return false }
    return plan.files.contains { $0.isChanged && Self.folder(of: $0.base.relative) == folder }
  }

  /// The folder of a file within the model; empty for the model's own.
  private static func folder(of relative: String) -> String {
    relative.split(separator: "/").dropLast().joined(separator: "/")
  }

  /// The text of an index whose files have another size than it says, as another number format gives them; nil for
  /// any other file.
  func changedIndex(_ relative: String) throws -> [UInt8]? {
    guard ShardIndex.isIndex(relative) else { return nil }
    let path = "\(recipe.base.path)/\(relative)"
    let index = try ShardIndex(path: path)
    let folder = Self.folder(of: relative)
    let files = plan.files.filter { file in
      Self.folder(of: file.base.relative) == folder
        && index.files.contains { file.base.relative == (folder.isEmpty ? $0 : "\(folder)/\($0)") }
    }
    let size = files.reduce(0) { sum, file in sum + file.declarations.reduce(0) { $0 + $1.byteCount } }
    guard files.contains(where: \.isChanged), let stated = index.totalSize, stated != size,
      let bytes = try TextFile.contents(path), case .object(var members) = try JSONParser.parse(bytes),
      let place = members.firstIndex(where: { $0.name == "metadata" }),
      case .object(var metadata) = members[place].value
    else { return nil }
    for at in metadata.indices where metadata[at].name == "total_size" { metadata[at].value = .whole(size) }
    members[place].value = .object(metadata)
    return Array((JSONValue.object(members).text + "\n").utf8)
  }
}
