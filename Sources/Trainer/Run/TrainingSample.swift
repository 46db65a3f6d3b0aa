public import Diffusion
public import Torch

/// One sample ready for the network: what it shows, what it says, how noisy it is, and what it is held to.
public struct TrainingSample: Sendable {
  /// What the prediction is held to.
  public enum Target: Sendable, Hashable {
    /// The noise or velocity of the picture.
    case picture
    /// What the base model predicts for the same input and caption.
    case base
  }

  /// Where one of several characters stands.
  public struct Place: Sendable {
    /// The words that call it, as they stand in the caption.
    public var words: [String]
    /// Where it is, `[1, 1, height, width]` from 0 to 1, of any size.
    public var mask: Tensor

    /// A place of these parts.
    public init(words: [String], mask: Tensor) { (self.words, self.mask) = (words, mask) }
  }

  /// The clean latents as the UNet takes them, `[1, channels, height, width]` in F32.
  public var latents: Tensor
  /// The caption.
  public var caption: String
  /// Whether the same caption comes again and again, so that its embedding is worth keeping.
  public var isConstant = false
  /// The caption without the character, under which the base prediction must stay; nil where nothing is to be preserved.
  public var classCaption: String?
  /// The words of the caption that may carry changes: triggers.
  public var triggers: [String] = []
  /// Where the characters of a composite stand; empty for other pictures.
  public var places: [Place] = []
  /// What SDXL is told of sizes and crop.
  public var sizes: SizeConditioning
  /// What counts, `[1, 1, height, width]` from 0 to 1, of any size; nil for everything.
  public var mask: Tensor?
  /// The time, from 0.
  public var time: Int
  /// The noise, `[1, channels, height, width]`.
  public var noise: NoiseOptions.Drawn
  /// The LoRAs that act on it, by number.
  public var loras: [Int]
  /// A LoRA that must leave the base prediction as it is under ``bystanderCaption``, by number.
  public var bystander: Int?
  /// The caption under which the bystander must change nothing; nil for ``caption``.
  public var bystanderCaption: String?
  /// The caption with another character's trigger, whose prediction must differ; nil for none.
  public var swappedCaption: String?
  /// What the prediction is held to.
  public var target = Target.picture
  /// What its losses are multiplied with.
  public var weight = 1.0
  /// The character it shows alone, by number; nil for groups and regularisation.
  public var character: Int?
  /// What dropout draws for it.
  public var dropoutSeed: UInt64 = 0

  /// A sample of these parts.
  public init(
    latents: Tensor, caption: String, sizes: SizeConditioning, time: Int, noise: NoiseOptions.Drawn, loras: [Int]
  ) {
    (self.latents, self.caption, self.sizes) = (latents, caption, sizes)
    (self.time, self.noise, self.loras) = (time, noise, loras)
  }

  /// Where attention to which words belongs: to its own character's place for each of a composite, to the mask for a
  /// picture of one; empty where nothing tells.
  var lookedAt: [Place] {
    guard places.isEmpty else { return places }
    guard let mask, character != nil else { return [] }
    return [Place(words: triggers, mask: mask)]
  }
}
