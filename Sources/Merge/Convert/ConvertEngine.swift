import Adapters
import LinearAlgebra
public import SafeTensors

/// Writes a LoRA in another dialect.
public enum ConvertEngine {
  /// The metadata key under which the conversion is recorded as JSON.
  static let key = "troupe.convert"

  /// Converts and writes one file.
  ///
  /// - Parameters:
  ///   - recipe: what to do.
  ///   - path: the file to write.
  ///   - existing: whether an existing file may be replaced; never the original.
  ///   - workers: how many layers are compared at once, where the result is verified.
  /// - Returns: what was done.
  /// - Throws: ``MergeError``, `SafeTensorsError` or `AdapterError`; nothing is left behind then.
  public static func run(
    _ recipe: ConvertRecipe, to path: String, existing: SafeTensorsWriter.Existing = .refuse, workers: Int = 2
  ) async throws -> ConvertReport {
    let plan = try ConvertPlanner.plan(recipe)
    let file = recipe.adapter.file
    async let hashing = file.tensorHashOnThread()
    var writer = try SafeTensorsWriter(
      path: path, declarations: plan.declarations,
      metadata: metadata(recipe, plan, hash: ResizedMetadata.unknownHash), existing: existing)
    while let next = writer.expected { try writer.append(try bytes(of: next, plan, recipe)) }
    let source = try await hashing
    try writer.replaceMetadata(key, with: record(recipe, hash: source))
    let hash = try writer.finish()
    var report = report(recipe, plan, output: path, hash: hash)
    guard recipe.verifies else { return report }
    if try SafeTensorsFile(path: path).tensorHash() != hash {
      throw MergeError(
        path: path, rule: .verification, detail: "reads back differently from what was written; check the disk")
    }
    BLAS.useOneThread()
    let measures = try await ConvertVerification.measures(recipe, plan: plan, written: path, workers: workers)
    report.residual = LayerResidual.total(measures).relative
    report.worstModule = measures.max { $0.relative < $1.relative }.map {
      .init(module: $0.module, residual: $0.relative)
    }
    return report
  }

  static func report(_ recipe: ConvertRecipe, _ plan: ConvertPlan, output: String, hash: String) -> ConvertReport {
    ConvertReport(
      output: output, source: recipe.adapter.file.path, from: recipe.adapter.dialects.map(\.rawValue),
      to: recipe.dialect.rawValue, architecture: recipe.adapter.architecture.rawValue, modules: plan.layers,
      splits: plan.splits, joins: plan.joins, unchangedParts: plan.unchanged, factored: plan.factored.count,
      exact: plan.layers - plan.rounded.count, rounded: plan.rounded.count,
      alphas: recipe.dialect.storesAlpha ? "tensors" : recipe.alphaPlace.rawValue, skipped: plan.skipped, hash: hash)
  }

  private static func bytes(of next: TensorInfo, _ plan: ConvertPlan, _ recipe: ConvertRecipe) throws -> [UInt8] {
    let file = recipe.adapter.file
    switch plan.sources[next.name] {
    case .number(let value): return DType.f32.narrowed([Float(value)]).bytes
    case .pair(let index, let role): return try plan.pairs[index].bytes(role, next.dtype, file: file)
    case .stored(let tensor):
      guard tensor.dtype != next.dtype else { return try file.copy(tensor) }
      return try narrowed(try file.floats(of: tensor), next, file)
    case .factored(let index, let role):
      let factors = try recipe.adapter.factors(of: plan.factored[index])
      return try narrowed((role == .up ? factors.up : factors.down).elements.map(Float.init), next, file)
    case nil:
      throw SafeTensorsError(path: file.path, rule: .noSuchTensor, tensor: next.name, detail: "is not in the plan")
    }
  }

  private static func narrowed(_ values: [Float], _ next: TensorInfo, _ file: SafeTensorsFile) throws -> [UInt8] {
    let (bytes, bad) = next.dtype.narrowed(values)
    guard bad == 0 else {
      throw MergeError(
        path: file.path, rule: .overflow,
        detail:
          "\(bad) values of \(next.name) are not finite in \(next.dtype.rawValue); choose another --dtype, such as BF16 or F32"
      )
    }
    return bytes
  }

  // MARK: - Metadata

  private static func record(_ recipe: ConvertRecipe, hash: String) -> String {
    JSONValue.object([
      "schema": .unsigned(1), "from": .array(recipe.adapter.dialects.map { .string($0.rawValue) }),
      "to": .string(recipe.dialect.rawValue),
      "alphas": .string(recipe.dialect.storesAlpha ? "tensors" : recipe.alphaPlace.rawValue),
      "source": .object(["name": .string(recipe.adapter.name), "sha256_tensors": .string(hash)]),
    ]).text
  }

  private static func metadata(_ recipe: ConvertRecipe, _ plan: ConvertPlan, hash: String) -> [String: String] {
    var result = recipe.adapter.file.header.metadata
    // A configuration of the original's alphas would count once more beside tensors that hold them.
    for key in ["sshs_legacy_hash", "modelspec.hash_sha256", "lora_adapter_metadata"] { result[key] = nil }
    if !recipe.dialect.storesAlpha { result["format"] = "pt" }
    if recipe.dialect == .diffusers, recipe.alphaPlace == .metadata {
      result["lora_adapter_metadata"] = declared(recipe, plan)
    }
    if recipe.adapter.architecture != .unknown {
      result[Architecture.convertedKey] = recipe.adapter.architecture.rawValue
    }
    result[key] = record(recipe, hash: hash)
    result[SafeTensorsWriter.hashKey] = ""
    return result
  }

  /// diffusers' form: the configuration of each network under its name in the pipeline.
  private static func declared(_ recipe: ConvertRecipe, _ plan: ConvertPlan) -> String {
    let parts = Dictionary(grouping: plan.ranks, by: \.path.part)
    let members = parts.flatMap { part, ranks in
      AdapterConfiguration(ranks: ranks, usesDoRA: recipe.usesDoRA(part)).members(
        prefix: OutputDialect.component(part, recipe.adapter.architecture) + ".")
    }
    return JSONValue.object(members.sorted { $0.name < $1.name }).text
  }
}

extension ConvertRecipe {
  func usesDoRA(_ part: ModelPart) -> Bool {
    adapter.modules.contains { $0.path.part == part && $0.variant == .dora }
  }
}
