/// The alpha of one layer, with where it came from: a wrong alpha changes a LoRA's strength and nothing else
/// shows it.
public struct Alpha: Sendable, Hashable {
  /// Where an alpha came from.
  public enum Source: String, Sendable, Codable, CaseIterable {
    /// The `.alpha` tensor beside the factors.
    case tensor
    /// diffusers' `lora_adapter_metadata` in the file's header.
    case metadata
    /// PEFT's `adapter_config.json` beside the file.
    case adapterConfig = "adapter_config.json"
    /// Nothing tells it: the rank, which makes the scale one, as every loader assumes.
    case assumed
    /// The variant has no alpha.
    case none
  }

  /// The value.
  public var value: Double
  /// Where it came from.
  public var source: Source
}
