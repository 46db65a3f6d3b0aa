internal import TOML

extension CastConfiguration {
  /// What is minimised.
  ///
  /// Weights of 0 switch a term off.
  public struct Losses: Sendable, Hashable {
    /// How a difference is measured.
    public enum Kind: String, Sendable, CaseIterable {
      /// Its square.
      case mse
      /// Its square where it is small, its size where it is large.
      case huber
      /// Huber's, divided by its threshold.
      case smoothL1 = "smooth_l1"
    }

    /// How Huber's threshold depends on the noise.
    public enum HuberSchedule: String, Sendable, CaseIterable {
      /// Not at all.
      case constant
      /// It falls exponentially with the timestep.
      case exponential
      /// With the ratio of signal to noise.
      case snr
    }

    /// How differences are measured; squares by default.
    public var kind = Kind.mse
    /// Huber's threshold; 0.1 by default.
    public var huberC = 0.1
    /// How the threshold depends on the noise; `snr` by default.
    public var huberSchedule = HuberSchedule.snr
    /// The γ of min-SNR weights; none by default.
    public var minSNRGamma: Double?
    /// Whether the estimate is debiased; false by default.
    public var debiased = false
    /// Whether v losses are scaled like noise losses; false by default.
    public var scalesVPrediction = false
    /// How much of what v losses would weigh is added to noise losses; 0 by default.
    public var vPredictionLike = 0.0
    /// The offset of the noise's mean; 0 by default.
    public var noiseOffset = 0.0
    /// How many scales of noise are added; 0 by default.
    public var multiresIterations = 0
    /// How each scale of noise is weaker than the last; 0.3 by default.
    public var multiresDiscount = 0.3
    /// Noise on the input that the target does not have; 0 by default.
    public var inputPerturbation = 0.0
    /// What regularisation weighs where its set does not say; 1 by default.
    public var priorWeight = 1.0
    /// Class captions stay at the base prediction on the character's own pictures; 0 by default.
    public var outputPreservation = 0.0
    /// Other characters' captions stay at the base prediction; 0 by default in `shared`, 1 in `separate`.
    public var crossPrior: Double?
    /// What a mask hides stays at the base prediction; 0 by default.
    public var maskedPrior = 0.0
    /// Two triggers do different things to one picture, an experiment for one shared LoRA; 0 by default.
    public var swapContrast = 0.0
    /// How many steps lie between preservation terms; 1 by default.
    public var preservationEvery = 1
    /// Keys and values of tokens other than the trigger stay; 0 by default.
    public var tokenFocus = 0.0
    /// The trigger's attention stays in the character's mask; 0 by default.
    public var attention = 0.0
    /// Characters' directions are kept apart; 0 by default.
    public var orthogonality = 0.0

    init() {}

    init(_ fields: inout TOMLFields) throws(TOMLError) {
      kind = try fields.choice("kind", Kind.self) ?? kind
      huberC = try fields.number("huber_c", in: 1e-6...1e3) ?? huberC
      huberSchedule = try fields.choice("huber_schedule", HuberSchedule.self) ?? huberSchedule
      minSNRGamma = try fields.number("min_snr_gamma", in: 1e-3...1e4)
      debiased = try fields.bool("debiased") ?? debiased
      scalesVPrediction = try fields.bool("scale_v_prediction") ?? scalesVPrediction
      vPredictionLike = try fields.number("v_prediction_like", in: 0...1e3) ?? vPredictionLike
      noiseOffset = try fields.number("noise_offset", in: 0...1) ?? noiseOffset
      multiresIterations = try fields.integer("multires_iterations", in: 0...16) ?? multiresIterations
      multiresDiscount = try fields.number("multires_discount", in: 0...1) ?? multiresDiscount
      inputPerturbation = try fields.number("input_perturbation", in: 0...1) ?? inputPerturbation
      priorWeight = try fields.number("prior_weight", in: 0...1e4) ?? priorWeight
      outputPreservation = try fields.number("output_preservation", in: 0...1e4) ?? outputPreservation
      crossPrior = try fields.number("cross_prior", in: 0...1e4)
      maskedPrior = try fields.number("masked_prior", in: 0...1e4) ?? maskedPrior
      swapContrast = try fields.number("swap_contrast", in: 0...1e4) ?? swapContrast
      preservationEvery = try fields.integer("preservation_every", in: 1...10_000) ?? preservationEvery
      tokenFocus = try fields.number("token_focus", in: 0...1e4) ?? tokenFocus
      attention = try fields.number("attention", in: 0...1e4) ?? attention
      orthogonality = try fields.number("orthogonality", in: 0...1e4) ?? orthogonality
      try fields.finish()
    }
  }
}
