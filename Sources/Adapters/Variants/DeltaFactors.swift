public import LinearAlgebra
import SafeTensors

/// Which vectors of a weight a DoRA layer gives their length.
public enum MagnitudeAxis: Sendable, Hashable {
  /// One length for each output feature: the rows of `[out, in · kernel]`.
  case outputs
  /// One length for each input channel: all outputs and kernel elements of it.
  case inputs
}

extension Adapter {
  /// The exact factors of the change that a layer adds before any renormalisation.
  ///
  /// For DoRA that is the change under `dora_scale`, whatever variant it is stored in; else the same as
  /// ``factors(of:)``, which tells shapes and errors.
  public func deltaFactors(of module: AdapterModule) throws -> LowRank {
    guard module.variant == .dora else { return try factors(of: module) }
    guard
      let variant = Variant(
        roles: Set(module.tensors.keys).subtracting([.doraScale]), midSize: module.tensors[.mid]?.shape,
        oftDimensions: nil)
    else { return try factors(of: module) }
    return try factors(
      of: AdapterModule(
        path: module.path, stem: module.stem, dialect: module.dialect, variant: variant, tensors: module.tensors,
        outputs: module.outputs, inputs: module.inputs, kernel: module.kernel, rank: module.rank, alpha: module.alpha,
        scale: module.scale, exactRank: module.exactRank, rows: module.rows))
  }

  /// The lengths that a DoRA layer gives the weight's vectors, and which vectors; nil for other variants.
  ///
  /// The shape tells the axis: `[out, 1, …]` or `[out]` are lengths of outputs, `[1, in, …]` of input channels. PEFT's
  /// `lora_magnitude_vector` always measures outputs.
  ///
  /// - Parameters:
  ///   - module: one of this adapter's layers.
  ///   - channels: the input channels of the base model's layer.
  /// - Throws: ``AdapterError`` with rule `shape` when the shape is neither; `SafeTensorsError`.
  public func magnitudes(
    of module: AdapterModule, channels: Int
  ) throws -> (values: [Double], axis: MagnitudeAxis)? {
    guard module.variant == .dora, let tensor = module.tensors[.doraScale] else { return nil }
    let first = tensor.shape.first ?? 1
    let axis: MagnitudeAxis
    // PEFT measures outputs alone; of a convolution as [1, out, 1, 1].
    let isPEFT = tensor.name.contains("lora_magnitude_vector")
    if tensor.count == module.outputs, first == module.outputs || isPEFT {
      axis = .outputs
    } else if tensor.count == channels, first == 1, !isPEFT {
      axis = .inputs
    } else {
      throw AdapterError(
        path: file.path, rule: .shape, key: tensor.name,
        detail:
          "the shape \(tensor.shape) is neither [\(module.outputs), 1] nor [1, \(channels)], so it is not known what it measures"
      )
    }
    return (try file.doubles(of: tensor), axis)
  }
}
