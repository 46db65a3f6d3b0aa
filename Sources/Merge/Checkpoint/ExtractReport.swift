/// What an extraction did.
public struct ExtractReport: Sendable, Codable {
  /// The version of this schema.
  public var schema = 1
  /// The written file.
  public var output: String
  /// The model that the LoRA is for.
  public var base: String
  /// The model that it leads to.
  public var tuned: String
  /// The family.
  public var architecture: String
  /// How many layers were extracted.
  public var modules: Int
  /// How many layers are the same in both models, and therefore left out.
  public var unchanged: Int
  /// How many other tensors differ, which the LoRA does not hold: norms, biases, embeddings, the VAE, convolutions
  /// without a rank.
  public var otherChanges: Int
  /// The smallest and largest rank of a layer.
  public var rank: MergeReport.RankRange
  /// The number format.
  public var dtype: String
  /// The part of the energy `‖difference‖²` of the extracted layers that the LoRA holds before rounding, from 0 to 1.
  public var capturedEnergy: Double
  /// The same for each network, in the pipeline's order.
  public var parts: [Part]
  /// The layer of which the least is captured.
  public var worstModule: Captured
  /// The SHA-256 of the written tensors (`sshs_model_hash`).
  public var hash: String

  /// One network.
  public struct Part: Sendable, Codable {
    /// Which: `unet`, `te1` or `te2`.
    public var part: String
    /// How many of its layers were extracted.
    public var modules: Int
    /// The part of their energy that the LoRA holds.
    public var capturedEnergy: Double
  }

  /// One layer.
  public struct Captured: Sendable, Codable {
    /// The layer.
    public var module: String
    /// The part of its energy that the LoRA holds.
    public var capturedEnergy: Double
  }
}
