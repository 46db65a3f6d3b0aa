/// What is to be drawn, and how.
public struct PictureRequest: Sendable, Hashable {
  /// The prompt, without LoRA tags.
  public var prompt: String
  /// What is not wanted; empty for nothing.
  public var negative = ""
  /// One picture each.
  public var seeds: [UInt64]
  /// In pixels; the model's reduction, mostly 8, divides it.
  public var width: Int
  /// In pixels; the model's reduction, mostly 8, divides it.
  public var height: Int
  /// How many times the network looks.
  public var steps = 25
  /// The way from noise to picture.
  public var sampler = SamplerName.eulerAncestral
  /// At which times the network looks; `nil` for what suits the model.
  public var schedule: SamplingSchedule?
  /// For DDIM alone: how much of the noise is drawn anew, from 0 to 1.
  public var eta = 0.0
  /// How strongly the prompt is followed.
  public var guidance = Guidance(scale: 6)
  /// The text encoders' layer, counted from the end ("clip skip"); `nil` for the family's own.
  public var layer: Int?
  /// Whether `(word:1.2)` and `BREAK` have their meaning; otherwise they are text like any other.
  public var isWeighted = true

  /// Asks for pictures.
  public init(prompt: String, seeds: [UInt64], width: Int, height: Int) {
    self.prompt = prompt
    self.seeds = seeds
    self.width = width
    self.height = height
  }

  /// Checks the size.
  /// - Throws: ``DiffusionError``.
  public func checkSize(reduction: Int) throws(DiffusionError) {
    for (name, side) in [("width", width), ("height", height)] {
      guard side > 0, side <= 16384, side % reduction == 0 else {
        throw DiffusionError(
          "the \(name) \(side) is no multiple of \(reduction) from \(reduction) to 16384; the nearest is \(max(reduction, min(16384, (side + reduction / 2) / reduction * reduction)))"
        )
      }
    }
  }
}
