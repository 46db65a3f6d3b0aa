/// What a run tells while it goes on.
public enum RunEvent: Sendable {
  /// Something a person should know; a whole sentence.
  case note(String)
  /// Pictures are brought to latents; how many of how many.
  case caching(Int, of: Int)
  /// Training begins after so many steps.
  case started(step: Int, of: Int)
  /// A step was taken.
  case step(StepRecord)
  /// Held-out losses by character.
  case validation(step: Int, losses: [Int: Double])
  /// How far triggers draw other characters.
  case leak(step: Int, LeakMatrix)
  /// A sheet of pictures was drawn.
  case preview(step: Int, path: String)
  /// LoRA files were written.
  case checkpoint(step: Int, paths: [String])
  /// A character's training ended.
  case stopped(step: Int, character: Int, best: Double, bestStep: Int)
  /// The run is over: `finished` when every step was taken or everybody stopped early, not when it was interrupted.
  case ended(step: Int, finished: Bool, paths: [String])
}

/// What a step came to.
public struct StepRecord: Sendable {
  /// The steps that are done, this one included.
  public var step: Int
  /// The loss.
  public var loss: Double
  /// The mean of each term over the samples of each character; under nil groups and regularisation together.
  public var terms: [LossTerm: [Int?: Double]]
  /// The rate of each group of parameters.
  public var rates: [(name: String, rate: Double)]
  /// The norm of the gradient before it was cut.
  public var gradientNorm: Double
  /// Whether the step was left out because half precision overflowed.
  public var isSkipped: Bool
  /// The greatest norm of a layer's change, where norms are limited.
  public var greatestNorm: Double?
  /// How long it took.
  public var seconds: Double
  /// Samples in it.
  public var samples: Int
}
