public import Torch

/// Classifier-free guidance: away from what the network says without the prompt.
public struct Guidance: Sendable, Hashable {
  /// What the network is asked for.
  public enum Conditioning: Sendable, Hashable {
    /// The prompt alone.
    case prompt
    /// The negative prompt alone.
    case negative
    /// Both in one batch of twice the size: first all negative ones, then the prompts.
    case both
  }

  /// How far to go: `ε₋ + scale · (ε₊ − ε₋)`; at 1 and below the network looks without a negative prompt.
  public var scale: Double
  /// How far the deviation is brought back to that of the prompt's prediction, from 0 to 1.
  ///
  /// φ of Lin et al., arXiv 2305.08891, equations 15 and 16; 0.7 suits models with zero terminal SNR.
  public var rescale: Double
  /// The noise levels σ with guidance; all if there are none (Kynkäänniemi et al., arXiv 2404.07724).
  public var interval: ClosedRange<Double>?

  /// Makes a setting.
  public init(scale: Double = 7, rescale: Double = 0, interval: ClosedRange<Double>? = nil) {
    self.scale = scale
    self.rescale = rescale
    self.interval = interval
  }

  /// Whether a step needs the negative prompt.
  public func isActive(at step: SamplingPlan.Step) -> Bool {
    scale > 1 && (interval?.contains(step.sigma) ?? true)
  }

  /// The guided prediction of two, in single precision.
  public func combine(prompt: Tensor, negative: Tensor) throws(TorchError) -> Tensor {
    let (prompt, negative) = (try prompt.to(.f32), try negative.to(.f32))
    let guided = try negative + (prompt - negative) * scale
    if rescale <= 0 { return guided }
    let dimensions = Array(1..<max(guided.dimensions, 1))
    let wanted = try prompt.standardDeviation(dimensions, keep: true)
    let found = try guided.standardDeviation(dimensions, keep: true)
    return try guided * (wanted / found) * rescale + guided * (1 - rescale)
  }

  /// The prediction of a step, with as many looks as it needs.
  /// - Parameters:
  ///   - input: what the network is shown, `[pictures, …]`.
  ///   - together: whether both looks go in one batch; two batches need half the memory.
  ///   - network: the prediction for an input under a conditioning. For ``Conditioning/both`` the input is given twice.
  public func predict(
    _ input: Tensor, at step: SamplingPlan.Step, together: Bool = true,
    network: (Tensor, SamplingPlan.Step, Conditioning) throws -> Tensor
  ) throws -> Tensor {
    guard isActive(at: step) else { return try network(input, step, .prompt) }
    guard together else {
      let negative = try network(input, step, .negative)
      return try combine(prompt: network(input, step, .prompt), negative: negative)
    }
    let both = try network(Tensor.concatenated([input, input]), step, .both)
    let pictures = try input.size(0)
    guard try both.size(0) == 2 * pictures else {
      throw SamplingError("the network answered a batch of \(2 * pictures) with one of \(try both.size(0))")
    }
    return try combine(
      prompt: both.narrowed(0, from: pictures, length: pictures), negative: both.narrowed(0, from: 0, length: pictures))
  }
}
