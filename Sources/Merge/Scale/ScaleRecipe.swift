public import Adapters

/// A change of strength as data: which file, and what each network's change is multiplied by.
public struct ScaleRecipe: Sendable {
  /// The LoRA.
  public var adapter: Adapter
  /// What every ΔW is multiplied by; finite.
  public var strength: Double
  /// What the UNet's is multiplied by besides; finite.
  public var unet: Double
  /// What the text encoders' are multiplied by besides; finite.
  public var textEncoders: Double

  /// Creates a recipe.
  public init(adapter: Adapter, strength: Double, unet: Double = 1, textEncoders: Double = 1) {
    self.adapter = adapter
    self.strength = strength
    self.unet = unet
    self.textEncoders = textEncoders
  }

  /// What a layer's ΔW is multiplied by.
  func factor(for part: ModelPart) -> Double { strength * (part == .unet ? unet : textEncoders) }
}

/// What a change of strength did.
public struct ScaleReport: Sendable, Codable {
  /// The version of this schema.
  public var schema = 1
  /// The written file.
  public var output: String
  /// The original.
  public var source: String
  /// What the UNet's ΔW was multiplied by.
  public var unet: Double
  /// What the text encoders' were multiplied by.
  public var textEncoders: Double
  /// How many layers there are.
  public var modules: Int
  /// Layers whose factors are copied bit for bit, and whose alpha alone is new.
  public var byAlpha: Int
  /// Layers whose alpha is new and whose up factor has the other sign: exact too.
  public var bySign: Int
  /// Layers whose up factor is multiplied, and rounded to its format.
  public var byFactor: Int
  /// Layers that stay as they are.
  public var unchanged: Int
  /// The SHA-256 of the written tensors (`sshs_model_hash`).
  public var hash: String
}
