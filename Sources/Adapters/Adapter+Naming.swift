/// A layer that a model's own code stores as one.
public struct WholeLayer: Sendable {
  /// Its identity.
  public var path: ModulePath
  /// The layers that diffusers keeps apart, in the order of their rows.
  public var parts: [ModulePath]
  let rule: RowParts

  /// The rows of every part, where those of some are known; nil where these do not fit each other.
  ///
  /// - Parameters:
  ///   - known: the rows of each part; nil for one that is not trained.
  ///   - inputs: the layer's input features.
  public func heights(_ known: [Int?], inputs: Int) -> [Int]? { rule.heights(known, inputs: inputs) }

  /// The rows of each part in the whole, in the part's own order; nil where a layer of this size has no such parts.
  public func rows(outputs: Int, inputs: Int) -> [[Range<Int>]]? { rule.rows(outputs: outputs, inputs: inputs) }
}

extension Adapter {
  /// The layer of the model's own code that a layer is a part of; nil where the code has the layer itself.
  public func whole(of path: ModulePath) -> WholeLayer? {
    guard path.part == .transformer, let found = family?.table.whole(path.name) else { return nil }
    return WholeLayer(
      path: ModulePath(part: .transformer, name: found.name),
      parts: found.parts.names.map { ModulePath(part: .transformer, name: $0) }, rule: found.parts)
  }

  /// Whether the model's own code has the layer, and not a part or a sum of parts of it.
  public func hasOriginalName(_ path: ModulePath) -> Bool {
    guard path.part == .transformer, let family else { return true }
    return LayerFamily.original(path.name, family.architecture) != nil
  }
}

extension Adapter {
  /// The layers of one network alone; keys of no layer go with the denoising network.
  public func only(_ part: ModelPart) -> Adapter {
    var result = self
    result.modules = modules.filter { $0.path.part == part }
    if !part.isDenoiser { result.unmatched = [] }
    return result
  }
}

extension OutputDialect {
  /// What diffusers' pipelines call a network: `unet`, `transformer`, `text_encoder_2`.
  public static func component(_ part: ModelPart, _ architecture: Architecture) -> String {
    DottedNames.component(part, architecture)
  }
}
