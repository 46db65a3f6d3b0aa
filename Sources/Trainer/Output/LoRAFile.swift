internal import Adapters
internal import Diffusion
internal import SafeTensors
internal import Torch

/// Writes a trained LoRA as sd-scripts names it: down, up and alpha of every layer.
///
/// SDXL's layers have their original names, others diffusers', which is what sd-scripts writes and every UI loads.
struct LoRAFile {
  /// The base model's family.
  let architecture: Architecture
  /// The format of the factors; alphas are in F32.
  let format: CastConfiguration.Output.Format

  /// Writes a LoRA; a file of that name is replaced.
  /// - Parameters:
  ///   - index: which LoRA of the network.
  ///   - metadata: the `__metadata__` entries.
  /// - Throws: ``OptimisationError`` for numbers that the format does not hold and layers without a name; `SafeTensorsError`.
  func write(_ network: CastNetwork, _ index: Int, metadata: [String: String], to path: String) throws {
    let type: ScalarType =
      switch format {
      case .f32: .f32
      case .f16: .f16
      case .bf16: .bf16
      }
    let dtype: DType =
      switch format {
      case .f32: .f32
      case .f16: .f16
      case .bf16: .bf16
      }
    var declarations: [TensorDeclaration] = []
    var bytes: [String: [UInt8]] = [:]
    func add(_ name: String, _ tensor: Tensor) throws {
      let stored = try tensor.detached().to(.cpu, type)
      guard try stored.allFinite() else {
        throw OptimisationError(
          "\(path): \(name) is not finite in \(type.rawValue); write output.format = \"bf16\" or \"f32\", or train at a "
            + "lower rate", kind: .computation)
      }
      declarations.append(TensorDeclaration(name: name, dtype: dtype, shape: tensor.shape))
      bytes[name] = try stored.contiguous().bytes()
    }
    for layer in network.layers {
      guard let keys = OutputDialect.kohya.keys(for: layer.path, architecture: architecture), let alpha = keys.alpha
      else {
        throw OptimisationError(
          "\(path): the layer \(layer.path) has no name in kohya's files; leave it out with [network] exclude")
      }
      try add(keys.down, layer.factors[index].down)
      try add(keys.up, layer.factors[index].up)
      declarations.append(TensorDeclaration(name: alpha, dtype: .f32, shape: []))
      bytes[alpha] = try Tensor([Float(layer.alpha)]).bytes()
    }
    var metadata = metadata
    metadata[SafeTensorsWriter.hashKey] = ""
    var writer = try SafeTensorsWriter(
      path: path, declarations: declarations, metadata: metadata, existing: .replace)
    while let info = writer.expected {
      try writer.append(bytes[info.name] ?? [])
    }
    try writer.finish()
  }
}
