public import Adapters

/// A change of strength as data: which file, and what each network's change is multiplied by.
public struct ScaleRecipe: Sendable {
  /// The LoRA.
  public var adapter: Adapter
  /// What every ΔW is multiplied by; finite.
  public var strength: Double
  /// What the denoising network's is multiplied by besides; finite.
  public var unet: Double
  /// What the text encoders' are multiplied by besides; finite.
  public var textEncoders: Double
  /// Whether the written file is read again and compared with the exact result.
  public var verifies: Bool

  /// Creates a recipe.
  public init(
    adapter: Adapter, strength: Double, unet: Double = 1, textEncoders: Double = 1, verifies: Bool = false
  ) {
    self.adapter = adapter
    self.strength = strength
    self.unet = unet
    self.textEncoders = textEncoders
    self.verifies = verifies
  }

  /// What a layer's ΔW is multiplied by.
  func factor(for part: ModelPart) -> Double { strength * (part.isDenoiser ? unet : textEncoders) }
}
