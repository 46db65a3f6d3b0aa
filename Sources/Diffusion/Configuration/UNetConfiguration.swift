/// The shape of a denoising network, in the terms of diffusers' `unet/config.json`.
///
/// One description covers SD 1.x, SD 2.x and SDXL, and any small model of the same kind.
public struct UNetConfiguration: Sendable, Hashable {
  /// Channels of the latents; inpainting models take 9.
  public var inputChannels = 4
  /// Channels of the prediction.
  public var outputChannels = 4
  /// The channels of each level, from the finest.
  public var channels: [Int]
  /// The residual blocks of a level on the way down; one more on the way up.
  public var layersPerLevel = 2
  /// The transformer blocks of each attention of a level; 0 for a level without attention.
  public var transformerLayers: [Int]
  /// The transformer blocks of the attention in the middle; 0 for a middle without attention.
  public var middleTransformerLayers: Int
  /// The attention heads of each level (diffusers calls this `attention_head_dim`).
  public var heads: [Int]
  /// The width of the text's tokens.
  public var contextWidth: Int
  /// Whether the projections around a transformer are linear layers (SD 2, SDXL) and not 1×1 convolutions.
  public var linearProjections: Bool
  /// SDXL's second conditioning by sizes and pooled text; `nil` for SD 1 and 2.
  public var addition: Addition?
  /// The groups of group norms.
  public var normGroups = 32
  /// The ε of the residual blocks' group norms; the transformers' is 1e-6.
  public var normEpsilon = 1e-5
  /// Whether attention scores are computed in F32 (SD 2.1 at 768).
  public var upcastsAttention = false
  /// The latents' height and width the model was trained for.
  public var sampleSize: Int

  /// SDXL's second conditioning.
  public struct Addition: Sendable, Hashable {
    /// The width of the sinusoids of each of six sizes.
    public var timeWidth: Int
    /// The width of sizes and pooled text together: `6 · timeWidth + pooled`.
    public var inputWidth: Int

    /// Makes a description.
    public init(timeWidth: Int, inputWidth: Int) {
      self.timeWidth = timeWidth
      self.inputWidth = inputWidth
    }
  }

  /// Makes a description.
  public init(
    channels: [Int], transformerLayers: [Int], middleTransformerLayers: Int, heads: [Int], contextWidth: Int,
    linearProjections: Bool, addition: Addition? = nil, sampleSize: Int
  ) {
    self.channels = channels
    self.transformerLayers = transformerLayers
    self.middleTransformerLayers = middleTransformerLayers
    self.heads = heads
    self.contextWidth = contextWidth
    self.linearProjections = linearProjections
    self.addition = addition
    self.sampleSize = sampleSize
  }

  /// SD 1.5: 859,520,964 parameters.
  public static let sd15 = UNetConfiguration(
    channels: [320, 640, 1280, 1280], transformerLayers: [1, 1, 1, 0], middleTransformerLayers: 1,
    heads: [8, 8, 8, 8], contextWidth: 768, linearProjections: false, sampleSize: 64)

  /// SD 2.0 and 2.1: 865,910,724 parameters.
  public static let sd2 = UNetConfiguration(
    channels: [320, 640, 1280, 1280], transformerLayers: [1, 1, 1, 0], middleTransformerLayers: 1,
    heads: [5, 10, 20, 20], contextWidth: 1024, linearProjections: true, sampleSize: 96)

  /// SDXL and its descendants: 2,567,463,684 parameters.
  public static let sdxl = UNetConfiguration(
    channels: [320, 640, 1280], transformerLayers: [0, 2, 10], middleTransformerLayers: 10, heads: [5, 10, 20],
    contextWidth: 2048, linearProjections: true, addition: Addition(timeWidth: 256, inputWidth: 2816),
    sampleSize: 128)
}
