internal import Adapters
internal import TOML

extension CastConfiguration {
  /// The base model.
  public struct Model: Sendable, Hashable {
    /// What the model predicts.
    public enum Prediction: String, Sendable, CaseIterable {
      /// What the checkpoint says or shows.
      case automatic = "auto"
      /// The noise.
      case epsilon
      /// The velocity.
      case velocity = "v"
    }

    /// A checkpoint file or a diffusers folder; required.
    public var checkpoint = ""
    /// Another autoencoder than the checkpoint's own; none by default.
    public var vae: String?
    /// What the model predicts; automatic by default.
    public var prediction = Prediction.automatic
    /// Whether the last step is pure noise; nil, which is the default, asks the checkpoint.
    public var zeroTerminalSNR: Bool?
    /// How many of the text encoder's layers from the last are skipped to: 1 is the last; nil is the model's own.
    public var clipSkip: Int?
    /// Tokens of a caption: 75 by default, 150 or 225.
    public var tokens = 75

    init() {}

    init(_ fields: inout TOMLFields) throws(TOMLError) {
      checkpoint = try fields.text("checkpoint") ?? ""
      vae = try fields.text("vae")
      prediction = try fields.choice("prediction", Prediction.self) ?? prediction
      zeroTerminalSNR = try fields.bool("zero_terminal_snr")
      clipSkip = try fields.integer("clip_skip", in: 1...12)
      if let value = try fields.integer("tokens", in: 75...225) {
        guard value.isMultiple(of: 75) else {
          throw fields.refusal("tokens", "tokens takes 75, 150 or 225, \(value) was given")
        }
        tokens = value
      }
      try fields.finish()
    }
  }

  /// The LoRA that is trained.
  public struct Network: Sendable, Hashable {
    /// Which layers it has by default.
    public enum Kind: String, Sendable, CaseIterable {
      /// Linear layers.
      case lora
      /// Convolutions too.
      case locon
    }

    /// What files come out.
    public enum Mode: String, Sendable, CaseIterable {
      /// One file for the cast.
      case shared
      /// One file per character, made to be used together.
      case separate
    }

    /// Which layers; `lora` by default.
    public var kind = Kind.lora
    /// The rank; 16 by default.
    public var rank = 16
    /// The factor is alpha over rank; alpha is the rank by default.
    public var alpha = 16.0
    /// The rank of convolutions; the rank by default.
    public var convRank = 16
    /// Alpha of convolutions; their rank by default.
    public var convAlpha = 16.0
    /// What files come out; one by default.
    public var mode = Mode.shared
    /// Of LoRAs apart: the share of a character's samples, from 0 to 1, in which the LoRAs of all act.
    ///
    /// So they meet the sum that they will be loaded as; in the other samples each is alone. A cast's file has half by
    /// default for LoRAs apart.
    public var summed = 0.0
    /// The share of hidden values that are zeroed; 0 by default.
    public var dropout = 0.0
    /// The share of ranks that are left out of a step; 0 by default.
    public var rankDropout = 0.0
    /// The share of layers that are left out of a step; 0 by default.
    public var moduleDropout = 0.0
    /// The largest norm of a layer's change, above which it is scaled down; none by default.
    public var maxNorm: Double?
    /// Patterns of layers to train; empty, which is the default, for all of the kind.
    public var targets: [String] = []
    /// Patterns of layers to leave as they are.
    public var exclude: [String] = []
    /// A LoRA to go on from; none by default.
    public var continues: String?

    init() {}

    init(_ fields: inout TOMLFields) throws(TOMLError) {
      kind = try fields.choice("kind", Kind.self) ?? kind
      rank = try fields.integer("rank", in: 1...4096) ?? rank
      alpha = try fields.number("alpha", in: 1e-6...1e6) ?? Double(rank)
      convRank = try fields.integer("conv_rank", in: 1...4096) ?? rank
      convAlpha = try fields.number("conv_alpha", in: 1e-6...1e6) ?? Double(convRank)
      mode = try fields.choice("mode", Mode.self) ?? mode
      // In the study of examples/cast, LoRAs that were trained alone broke when they were summed, and these did not.
      summed = try fields.number("summed", in: 0...1) ?? (mode == .separate ? 0.5 : 0)
      dropout = try fields.number("dropout", in: 0...0.99) ?? 0
      rankDropout = try fields.number("rank_dropout", in: 0...0.99) ?? 0
      moduleDropout = try fields.number("module_dropout", in: 0...0.99) ?? 0
      maxNorm = try fields.number("max_norm", in: 1e-6...1e6)
      targets = try Self.patterns("targets", &fields)
      exclude = try Self.patterns("exclude", &fields)
      continues = try fields.text("continue")
      try fields.finish()
    }

    private static func patterns(_ key: String, _ fields: inout TOMLFields) throws(TOMLError) -> [String] {
      let texts = try fields.texts(key) ?? []
      for text in texts {
        do { _ = try LayerPattern(text) } catch {
          throw fields.refusal(key, "\(key): in \"\(text)\" \(error.detail)")
        }
      }
      return texts
    }
  }
}
