internal import Diffusion
internal import TOML

extension CastConfiguration {
  /// Pictures that are drawn while training.
  public struct Preview: Sendable, Hashable {
    /// Steps between previews; 0, the default, for none.
    public var every = 0
    /// Prompts; `{trigger}` and `{class}` stand for each character's, `{trigger1}` and `{trigger2}` for each pair's.
    public var prompts: [String] = []
    /// The negative prompt; empty by default.
    public var negative = ""
    /// Sampling steps; 20 by default.
    public var steps = 20
    /// The guidance; 6 by default.
    public var guidance = 6.0
    /// The sampler; the base model's usual one by default.
    public var sampler: String?
    /// The size; the first resolution by default.
    public var size: PixelSize?
    /// The seed; 1 by default.
    public var seed = 1
    /// Whether one is drawn before the first step; false by default.
    public var first = false
    /// Steps between measurements of the leak matrix; 0, the default, for none.
    public var leakEvery = 0

    init() {}

    init(_ fields: inout TOMLFields) throws(TOMLError) {
      every = try fields.integer("every", in: 0...10_000_000) ?? every
      prompts = try fields.texts("prompts") ?? prompts
      negative = try fields.anyText("negative") ?? negative
      steps = try fields.integer("steps", in: 1...1000) ?? steps
      guidance = try fields.number("guidance", in: 0...100) ?? guidance
      sampler = try fields.text("sampler")
      if let sampler, SamplerName(infotext: sampler) == nil {
        let known = SamplerName.allCases.map(\.rawValue).joined(separator: ", ")
        throw fields.refusal("sampler", "sampler takes \(known), \"\(sampler)\" was given")
      }
      if let sides = try fields.integers("size", count: 1...2, in: 64...8192) {
        size = PixelSize(sides[0], sides.count > 1 ? sides[1] : sides[0])
      }
      seed = try fields.integer("seed", in: 0...Int(UInt32.max)) ?? seed
      first = try fields.bool("first") ?? first
      leakEvery = try fields.integer("leak_every", in: 0...10_000_000) ?? leakEvery
      try fields.finish()
    }
  }

  /// What a run writes.
  public struct Output: Sendable, Hashable {
    /// The format of the LoRA's numbers.
    public enum Format: String, Sendable, CaseIterable {
      /// 32 bits.
      case f32
      /// 16 bits.
      case f16
      /// bfloat16.
      case bf16
    }

    /// The folder; `output` beside the configuration by default.
    public var folder = "output"
    /// What files are called; nil is the configuration's own name.
    public var name: String?
    /// The format; 16 bits by default.
    public var format = Format.f16
    /// Steps between checkpoints; 500 by default, 0 for the last alone.
    public var every = 500
    /// How many checkpoints are kept; nil, the default, for all.
    public var keep: Int?
    /// Steps between states to resume from; as checkpoints by default.
    public var stateEvery: Int?
    /// Whether TensorBoard's event files are written; true by default.
    public var tensorBoard = true
    /// A comment for the metadata.
    public var comment: String?

    init() {}

    init(_ fields: inout TOMLFields) throws(TOMLError) {
      folder = try fields.text("folder") ?? folder
      name = try fields.text("name")
      if let name, name.contains("/") {
        throw fields.refusal("name", "name is a file's name without folders; write the folder under folder")
      }
      format = try fields.choice("format", Format.self) ?? format
      every = try fields.integer("every", in: 0...10_000_000) ?? every
      keep = try fields.integer("keep", in: 1...100_000)
      stateEvery = try fields.integer("state_every", in: 1...10_000_000)
      tensorBoard = try fields.bool("tensorboard") ?? tensorBoard
      comment = try fields.text("comment")
      try fields.finish()
    }
  }
}
