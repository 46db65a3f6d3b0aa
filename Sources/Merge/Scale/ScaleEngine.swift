import Adapters
import LinearAlgebra
public import SafeTensors

/// Multiplies what a LoRA does, changing as few bytes as possible.
public enum ScaleEngine {
  /// Scales and writes: alphas where the dialect stores them, up factors elsewhere; everything else is copied.
  ///
  /// A negative strength goes into the up factor's sign, because some loaders misread a negative alpha; that is exact
  /// too. A strength of 0 goes into the up factor as well, because an alpha of 0 means "none" to LyCORIS.
  ///
  /// - Parameters:
  ///   - recipe: what to do.
  ///   - path: the file to write.
  ///   - existing: whether an existing file may be replaced; never the original.
  ///   - workers: how many layers are compared at once, where the result is verified.
  /// - Returns: what was done.
  /// - Throws: ``MergeError``, `SafeTensorsError` or `AdapterError`; nothing is left behind then.
  public static func run(
    _ recipe: ScaleRecipe, to path: String, existing: SafeTensorsWriter.Existing = .refuse, workers: Int = 2
  ) async throws -> ScaleReport {
    let plan = try ScalePlan(recipe)
    let file = recipe.adapter.file
    async let hashing = file.tensorHashOnThread()
    var declarations: [TensorDeclaration] = []
    for tensor in file.header.tensors where plan.alphas[tensor.name] == nil {
      declarations.append(.init(name: tensor.name, dtype: tensor.dtype, shape: tensor.shape))
    }
    // In F32 whatever it was in, so that it is the number meant.
    for name in plan.alphas.keys.sorted() { declarations.append(.init(name: name, dtype: .f32, shape: [])) }
    var writer = try SafeTensorsWriter(
      path: path, declarations: declarations,
      metadata: metadata(recipe, plan: plan, hash: ResizedMetadata.unknownHash), existing: existing)
    while let next = writer.expected { try writer.append(try bytes(of: next.name, plan, recipe)) }
    let source = try await hashing
    try writer.replaceMetadata(key, with: record(recipe, hash: source))
    let hash = try writer.finish()
    var residual: Double?
    var worst: MergeReport.WorstModule?
    if recipe.verifies {
      if try SafeTensorsFile(path: path).tensorHash() != hash {
        throw MergeError(
          path: path, rule: .verification, detail: "reads back differently from what was written; check the disk")
      }
      BLAS.useOneThread()
      let measures = try await ScaleVerification.measures(recipe, plan: plan, written: path, workers: workers)
      residual = LayerResidual.total(measures).relative
      worst = measures.max { $0.relative < $1.relative }.map { .init(module: $0.module, residual: $0.relative) }
    }
    func count(_ test: (ScalePlan.Way) -> Bool) -> Int { plan.ways.count(where: test) }
    return ScaleReport(
      output: path, source: file.path, unet: recipe.factor(for: .unet),
      textEncoders: recipe.factor(for: .textEncoder1), modules: plan.ways.count,
      byAlpha: count { if case .alpha(_, flips: false) = $0 { true } else { false } },
      bySign: count { if case .alpha(_, flips: true) = $0 { true } else { false } },
      byFactor: count { if case .factor = $0 { true } else { false } }, unchanged: count { $0 == .unchanged },
      residual: residual, worstModule: worst, hash: hash)
  }

  private static func bytes(of name: String, _ plan: ScalePlan, _ recipe: ScaleRecipe) throws -> [UInt8] {
    if let alpha = plan.alphas[name] { return DType.f32.narrowed([Float(alpha)]).bytes }
    let file = recipe.adapter.file
    guard let tensor = file[name] else {
      throw SafeTensorsError(path: file.path, rule: .noSuchTensor, tensor: name, detail: "is not in the file")
    }
    guard let factor = plan.factors[name] else { return try file.copy(tensor) }
    if factor == -1 { return negated(try file.copy(tensor), width: tensor.dtype.bitWidth / 8) }
    let (bytes, bad) = tensor.dtype.narrowed(try file.floats(of: tensor), scale: Float(factor))
    guard bad == 0 else {
      throw MergeError(
        path: file.path, rule: .overflow,
        detail:
          "\(bad) values of \(name) are not finite in \(tensor.dtype.rawValue) when multiplied by \(factor); use a smaller strength, or check the file with troupe inspect"
      )
    }
    return bytes
  }

  /// Numbers with the other sign: in the formats that the plan lets through, the sign is the highest bit.
  private static func negated(_ bytes: [UInt8], width: Int) -> [UInt8] {
    var bytes = bytes
    for last in stride(from: width - 1, to: bytes.count, by: max(1, width)) { bytes[last] ^= 0x80 }
    return bytes
  }

  private static let key = "troupe.scale"

  private static func record(_ recipe: ScaleRecipe, hash: String) -> String {
    JSONValue.object([
      "schema": .unsigned(1), "unet": .double(recipe.factor(for: .unet)),
      "text_encoders": .double(recipe.factor(for: .textEncoder1)),
      "source": .object(["name": .string(recipe.adapter.name), "sha256_tensors": .string(hash)]),
    ]).text
  }

  private static func metadata(_ recipe: ScaleRecipe, plan: ScalePlan, hash: String) -> [String: String] {
    let before = recipe.adapter.file.header.metadata
    var result = before
    for key in ["sshs_legacy_hash", "modelspec.hash_sha256"] { result[key] = nil }
    if !plan.alphas.isEmpty, let first = plan.resulting.first {
      result["ss_network_alpha"] = plan.resulting.allSatisfy { $0 == first } ? "\(first)" : "Dynamic"
    }
    let (unet, text) = (recipe.factor(for: .unet), recipe.factor(for: .textEncoder1))
    let step = unet == text ? "scaled by Troupe (× \(unet))" : "scaled by Troupe (UNet × \(unet), text × \(text))"
    result["ss_training_comment"] = MetadataComment.prefixed(step, before: before)
    result[key] = record(recipe, hash: hash)
    result[SafeTensorsWriter.hashKey] = ""
    return result
  }
}
