public import Adapters
public import SafeTensors

/// A conversion as data: which file, into which dialect, and what may be given up for it.
public struct ConvertRecipe: Sendable {
  /// Where an alpha goes that the dialect has no tensor for.
  public enum AlphaPlace: String, Sendable, CaseIterable {
    /// Into the up factor, so that every loader sees the same strength.
    case factors
    /// Into diffusers' `lora_adapter_metadata`, so that the factors stay as they are; ComfyUI and others do not read it.
    case metadata
    /// Into PEFT's `adapter_config.json`, so that the factors stay as they are.
    case config
  }

  /// The LoRA.
  public var adapter: Adapter
  /// The dialect to write.
  public var dialect: OutputDialect
  /// The number format; nil keeps each tensor's own.
  public var dtype: DType?
  /// Where alphas go in a dialect without them.
  public var alphaPlace: AlphaPlace
  /// Whether variants that the dialect cannot hold are written as the exact LoRA of their change.
  public var factorsOthers: Bool
  /// Whether what cannot be written is left out.
  public var skipsUnsupported: Bool
  /// Whether the written file is read again and every layer compared.
  public var verifies: Bool

  /// Creates a recipe.
  public init(
    adapter: Adapter, dialect: OutputDialect, dtype: DType? = nil, alphaPlace: AlphaPlace = .factors,
    factorsOthers: Bool = false, skipsUnsupported: Bool = false, verifies: Bool = false
  ) {
    self.adapter = adapter
    self.dialect = dialect
    self.dtype = dtype
    self.alphaPlace = alphaPlace
    self.factorsOthers = factorsOthers
    self.skipsUnsupported = skipsUnsupported
    self.verifies = verifies
  }

  /// What the keys of a layer have in common in the result; nil where the dialect has no name for it.
  func stem(for path: ModulePath) -> String? {
    // A folder has one adapter for each network, so that text encoders have names too.
    guard dialect == .peft, alphaPlace == .config, !path.part.isDenoiser else {
      return dialect.stem(for: path, architecture: adapter.architecture)
    }
    return "base_model.model.\(path.name)"
  }
}
