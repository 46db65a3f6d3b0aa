/// The shape of a CLIP text encoder, in the terms of transformers' `config.json`.
public struct CLIPConfiguration: Sendable, Hashable {
  /// The function between the two layers of an MLP.
  public enum Activation: String, Sendable, Hashable {
    /// `x · sigmoid(1.702 x)`: CLIP-L.
    case quickGelu = "quick_gelu"
    /// `x · Φ(x)`: OpenCLIP.
    case gelu
  }

  /// The width of tokens.
  public var width: Int
  /// The number of layers.
  public var layers: Int
  /// The attention heads.
  public var heads: Int
  /// The width within the MLPs.
  public var intermediateWidth: Int
  /// The MLPs' activation.
  public var activation: Activation
  /// The width of the pooled projection; `nil` where the model has none.
  public var projection: Int?
  /// The number of tokens in the vocabulary.
  public var vocabulary = 49408
  /// The most tokens in one piece, start and end included.
  public var positions = 77
  /// The ε of the layer norms.
  public var epsilon = 1e-5
  /// The token that ends a text.
  ///
  /// The pooled output is taken at the first; files that say 2, as many do by mistake,
  /// mean the greatest token id.
  public var endToken = 49407

  /// Makes a description.
  public init(
    width: Int, layers: Int, heads: Int, intermediateWidth: Int, activation: Activation, projection: Int? = nil
  ) {
    self.width = width
    self.layers = layers
    self.heads = heads
    self.intermediateWidth = intermediateWidth
    self.activation = activation
    self.projection = projection
  }

  /// CLIP-L: SD 1.x, and SDXL's first encoder.
  public static let clipL = CLIPConfiguration(
    width: 768, layers: 12, heads: 12, intermediateWidth: 3072, activation: .quickGelu)
  /// OpenCLIP-H as SD 2.x keeps it in diffusers: 23 of 24 layers.
  public static let openCLIPH = CLIPConfiguration(
    width: 1024, layers: 23, heads: 16, intermediateWidth: 4096, activation: .gelu)
  /// OpenCLIP-bigG: SDXL's second encoder.
  public static let openCLIPbigG = CLIPConfiguration(
    width: 1280, layers: 32, heads: 20, intermediateWidth: 5120, activation: .gelu, projection: 1280)
}
