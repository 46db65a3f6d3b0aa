extension TrainingRecord {
  /// Noise, timesteps and loss.
  public struct Noise: Sendable, Codable, Equatable {
    /// How much brightness offset was added to the noise; 0 is none.
    public var noiseOffset: Double?
    /// Whether the offset was drawn anew for each image.
    public var noiseOffsetRandomStrength: Bool?
    /// How the offset grew with the image's mean.
    public var adaptiveNoiseScale: Double?
    /// How many coarser noise layers were added.
    public var multiresIterations: Int?
    /// How much each coarser layer counts, 0...1.
    public var multiresDiscount: Double?
    /// Min-SNR weighting; 5 is usual.
    public var minSNRGamma: Double?
    /// Whether the schedule was stretched so that its last step is pure noise.
    public var zeroTerminalSNR: Bool?
    /// Noise added to the network's input; 0.1 is usual.
    public var ipNoiseGamma: Double?
    /// Whether that noise was drawn anew for each image, up to its strength.
    public var ipNoiseGammaRandomStrength: Bool?
    /// The loss function, for example `l2` or `huber`.
    public var lossType: String?
    /// How the Huber threshold changes over the timesteps.
    public var huberSchedule: String?
    /// The Huber threshold.
    public var huberC: Double?
    /// The Huber loss's scale.
    public var huberScale: Double?
    /// Whether the debiased loss weighting was used.
    public var debiasedEstimation: Bool?
    /// How much regularisation images count; 1 is as much as the others.
    public var priorLossWeight: Double?
    /// How timesteps were drawn (flow models).
    public var timestepSampling: String?
    /// The shift of the timesteps (flow models).
    public var flowShift: Double?
    /// The guidance value that was fed in (distilled flow models).
    public var guidanceScale: Double?
    /// How timesteps were weighted (flow models).
    public var weightingScheme: String?
    /// The mean of the logit-normal distribution of timesteps (flow models).
    public var logitMean: Double?
    /// The spread of the logit-normal distribution of timesteps (flow models).
    public var logitStd: Double?
    /// The scale of the mode distribution of timesteps (flow models).
    public var modeScale: Double?
    /// The scale of the sigmoid that timesteps are drawn through (flow models).
    public var sigmoidScale: Double?
    /// Whether padding was masked in T5's attention.
    public var appliesT5Mask: Bool?
    /// Whether padding was masked in the CLIP encoders' attention (SD3).
    public var appliesCLIPMask: Bool?
    /// How the model's output was used (flow models): `raw`, `additive`, `sigma_scaled`.
    public var modelPredictionType: String?

    init(reading reader: inout MetadataReader) {
      noiseOffset = reader.number("ss_noise_offset")
      noiseOffsetRandomStrength = reader.flag("ss_noise_offset_random_strength")
      adaptiveNoiseScale = reader.number("ss_adaptive_noise_scale")
      multiresIterations = reader.count("ss_multires_noise_iterations")
      multiresDiscount = reader.number("ss_multires_noise_discount")
      minSNRGamma = reader.number("ss_min_snr_gamma")
      zeroTerminalSNR = reader.flag("ss_zero_terminal_snr")
      ipNoiseGamma = reader.number("ss_ip_noise_gamma")
      ipNoiseGammaRandomStrength = reader.flag("ss_ip_noise_gamma_random_strength")
      logitMean = reader.number("ss_logit_mean")
      logitStd = reader.number("ss_logit_std")
      modeScale = reader.number("ss_mode_scale")
      sigmoidScale = reader.number("ss_sigmoid_scale")
      appliesT5Mask = reader.flag("ss_apply_t5_attn_mask")
      appliesCLIPMask = reader.flag("ss_apply_lg_attn_mask")
      lossType = reader.text("ss_loss_type")
      huberSchedule = reader.text("ss_huber_schedule")
      huberC = reader.number("ss_huber_c")
      huberScale = reader.number("ss_huber_scale")
      debiasedEstimation = reader.flag("ss_debiased_estimation")
      priorLossWeight = reader.number("ss_prior_loss_weight")
      timestepSampling = reader.text("ss_timestep_sampling")
      flowShift = reader.number("ss_discrete_flow_shift")
      guidanceScale = reader.number("ss_guidance_scale")
      weightingScheme = reader.text("ss_weighting_scheme")
      modelPredictionType = reader.text("ss_model_prediction_type")
    }
  }
}
