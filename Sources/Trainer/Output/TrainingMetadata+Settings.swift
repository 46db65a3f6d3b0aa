internal import Diffusion
internal import SafeTensors

extension TrainingMetadata {
  /// Which run it was, and how far.
  ///
  /// As in sd-scripts, an epoch ends with a step of its own, however few batches are left for it.
  var identity: [String: String] {
    let epoch = dataset.stepsPerEpoch(accumulation: cast.training.accumulation)
    var result = [
      "ss_session_id": progress.session, "ss_training_started_at": "\(progress.startedAt)",
      "ss_training_finished_at": "\(progress.finishedAt)", "ss_output_name": file.name,
      "ss_training_comment": PythonText.text(cast.output.comment), "ss_steps": "\(progress.steps)",
      "ss_max_train_steps": "\(cast.training.steps)", "ss_epoch": "\((progress.steps + epoch - 1) / epoch)",
      "ss_num_epochs": "\((cast.training.steps + epoch - 1) / epoch)", "ss_seed": "\(cast.training.seed)",
      "ss_lowram": "False",
      "ss_validation_split": "\(cast.training.validation)", "ss_resize_interpolation": "lanczos",
    ]
    if let caches = file.cachesLatents { result["ss_cache_latents"] = PythonText.flag(caches) }
    return result
  }

  /// What was trained of which layers.
  var network: [String: String] {
    let network = cast.network
    var arguments: [JSONValue.Member] = []
    // sd-scripts keeps these as texts, because they come from its command line.
    func add(_ name: String, _ value: String) { arguments.append(.init(name: name, value: .string(value))) }
    if network.kind == .locon {
      add("conv_dim", "\(network.convRank)")
      add("conv_alpha", "\(network.convAlpha)")
    }
    if network.rankDropout > 0 { add("rank_dropout", "\(network.rankDropout)") }
    if network.moduleDropout > 0 { add("module_dropout", "\(network.moduleDropout)") }
    var result = [
      "ss_network_module": "networks.lora", "ss_network_dim": "\(network.rank)",
      "ss_network_alpha": "\(network.alpha)", "ss_network_dropout": PythonText.positive(network.dropout),
      "ss_scale_weight_norms": PythonText.number(network.maxNorm),
    ]
    if !arguments.isEmpty { result["ss_network_args"] = JSONValue.object(arguments).text }
    return result
  }

  /// Optimiser, rates and numbers.
  var optimisation: [String: String] {
    let training = cast.training
    let (first, second) = (training.te1Rate ?? training.learningRate, training.te2Rate ?? training.learningRate)
    let warmup = training.warmup < 1 ? Int(training.warmup * Double(training.steps)) : Int(training.warmup)
    return [
      "ss_learning_rate": "\(training.learningRate)", "ss_unet_lr": "\(training.unetRate ?? training.learningRate)",
      "ss_text_encoder_lr": base.model.textEncoder2 == nil ? "\(first)" : "[\(first), \(second)]",
      "ss_optimizer": optimizer, "ss_lr_scheduler": schedule(isWarmedUp: warmup > 0),
      "ss_lr_warmup_steps": "\(warmup)", "ss_max_grad_norm": "\(training.gradientClip)",
      "ss_gradient_accumulation_steps": "\(training.accumulation)",
      "ss_gradient_checkpointing": PythonText.flag(training.checkpointing),
      "ss_mixed_precision": training.precision.kohya, "ss_full_fp16": "False",
      "ss_fp8_base": "False", "ss_fp8_base_unet": "False",
    ]
  }

  /// The reference that the optimiser follows, with the arguments that were given.
  private var optimizer: String {
    let training = cast.training
    let name =
      switch training.optimizer {
      case .adamw: "torch.optim.adamw.AdamW"
      case .lion: "lion_pytorch.lion_pytorch.Lion"
      case .prodigy: "prodigyopt.prodigy.Prodigy"
      case .adafactor: "transformers.optimization.Adafactor"
      case .scheduleFree: "schedulefree.adamw_schedulefree.AdamWScheduleFree"
      }
    var arguments = ["weight_decay=\(training.weightDecay)"]
    if let betas = training.betas {
      arguments.append("betas=(\(betas.prefix(2).map { "\($0)" }.joined(separator: ", ")))")
      if betas.count > 2 { arguments.append("beta3=\(betas[2])") }
    }
    if let epsilon = training.epsilon { arguments.append("eps=\(epsilon)") }
    return "\(name)(\(arguments.joined(separator: ",")))"
  }

  private func schedule(isWarmedUp: Bool) -> String {
    switch cast.training.schedule {
    case .constant: isWarmedUp ? "constant_with_warmup" : "constant"
    case .linear: "linear"
    case .cosine: "cosine"
    case .cosineRestarts: "cosine_with_restarts"
    case .polynomial: "polynomial"
    }
  }

  /// Noise and loss.
  var losses: [String: String] {
    let losses = cast.losses
    let kind =
      switch losses.kind {
      case .mse: "l2"
      case .huber: "huber"
      case .smoothL1: "smooth_l1"
      }
    return [
      "ss_noise_offset": PythonText.positive(losses.noiseOffset), "ss_noise_offset_random_strength": "False",
      "ss_adaptive_noise_scale": PythonText.none,
      "ss_multires_noise_iterations": losses.multiresIterations > 0 ? "\(losses.multiresIterations)" : PythonText.none,
      "ss_multires_noise_discount": "\(losses.multiresDiscount)",
      "ss_ip_noise_gamma": PythonText.positive(losses.inputPerturbation),
      "ss_ip_noise_gamma_random_strength": "False",
      "ss_zero_terminal_snr": PythonText.flag(base.model.schedule.zeroTerminalSNR),
      "ss_min_snr_gamma": PythonText.number(losses.minSNRGamma),
      "ss_debiased_estimation": PythonText.flag(losses.debiased), "ss_loss_type": kind,
      "ss_huber_schedule": losses.huberSchedule.rawValue, "ss_huber_c": "\(losses.huberC)",
      "ss_prior_loss_weight": "\(losses.priorWeight)",
    ]
  }
}

extension CastConfiguration.Training.Precision {
  /// The name in sd-scripts.
  fileprivate var kohya: String {
    switch self {
    case .f32: "no"
    case .bf16: "bf16"
    case .f16: "fp16"
    }
  }
}
