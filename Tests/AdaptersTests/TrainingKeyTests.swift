import Testing

@testable import Adapters

/// Every key of the trainers finds its field, and what has none is still there.
@Suite("Metadata keys") struct TrainingKeyTests {
  /// All that sd-scripts' `train_network.py` and its model-specific scripts write (revision 48d368fa), with values that
  /// are switched on.
  static let sdScripts: [String: String] = [
    "ss_session_id": "77", "ss_training_started_at": "1700000000.5", "ss_training_finished_at": "1700003600.5",
    "ss_output_name": "duo", "ss_learning_rate": "0.0002", "ss_text_encoder_lr": "[5e-05, 2e-05]",
    "ss_unet_lr": "0.0001", "ss_num_train_images": "480", "ss_num_validation_images": "12", "ss_num_reg_images": "50",
    "ss_num_batches_per_epoch": "120", "ss_num_epochs": "5", "ss_gradient_checkpointing": "True",
    "ss_gradient_accumulation_steps": "2", "ss_max_train_steps": "300", "ss_lr_warmup_steps": "30",
    "ss_lr_scheduler": "cosine", "ss_network_module": "networks.lora", "ss_network_dim": "32",
    "ss_network_alpha": "16.0", "ss_network_dropout": "0.1", "ss_mixed_precision": "bf16", "ss_full_fp16": "True",
    "ss_v2": "False", "ss_base_model_version": "sdxl_base_v1-0", "ss_clip_skip": "2", "ss_max_token_length": "225",
    "ss_cache_latents": "True", "ss_seed": "42", "ss_lowram": "True", "ss_noise_offset": "0.03",
    "ss_multires_noise_iterations": "6", "ss_multires_noise_discount": "0.3", "ss_adaptive_noise_scale": "0.01",
    "ss_zero_terminal_snr": "True", "ss_training_comment": "a comment", "ss_sd_scripts_commit_hash": "0123abcd",
    "ss_optimizer": "torch.optim.adamw.AdamW(weight_decay=0.01,betas=(0.9, 0.99))", "ss_max_grad_norm": "1.0",
    "ss_caption_dropout_rate": "0.1", "ss_caption_dropout_every_n_epochs": "3", "ss_caption_tag_dropout_rate": "0.2",
    "ss_face_crop_aug_range": "(2.0, 4.0)", "ss_prior_loss_weight": "0.5", "ss_min_snr_gamma": "5.0",
    "ss_scale_weight_norms": "1.5", "ss_ip_noise_gamma": "0.1", "ss_debiased_estimation": "True",
    "ss_noise_offset_random_strength": "True", "ss_ip_noise_gamma_random_strength": "True", "ss_loss_type": "huber",
    "ss_huber_schedule": "snr", "ss_huber_scale": "1.0", "ss_huber_c": "0.1", "ss_fp8_base": "True",
    "ss_fp8_base_unet": "True", "ss_validation_seed": "7", "ss_validation_split": "0.1",
    "ss_max_validation_steps": "9", "ss_validate_every_n_epochs": "2", "ss_validate_every_n_steps": "50",
    "ss_resize_interpolation": "lanczos", "ss_batch_size_per_device": "2", "ss_total_batch_size": "8",
    "ss_resolution": "(1024, 768)", "ss_color_aug": "True", "ss_flip_aug": "True", "ss_random_crop": "True",
    "ss_shuffle_caption": "True", "ss_enable_bucket": "True", "ss_bucket_no_upscale": "True",
    "ss_min_bucket_reso": "256", "ss_max_bucket_reso": "2048", "ss_keep_tokens": "1",
    "ss_dataset_dirs": #"{"10_aya girl": {"n_repeats": 10, "img_count": 48}}"#,
    "ss_reg_dataset_dirs": #"{"1_girl": {"n_repeats": 1, "img_count": 50}}"#,
    "ss_tag_frequency": #"{"10_aya girl": {"aya": 48}}"#,
    "ss_bucket_info": #"{"buckets": {"0": {"resolution": [1024, 768], "count": 480}}, "mean_img_ar_error": 0.1}"#,
    "ss_network_args": #"{"conv_dim": "8", "conv_alpha": "4", "rank_dropout": "0.1"}"#, "ss_sd_model_hash": "5386e8fb",
    "ss_new_sd_model_hash": "31e35c80fc4829d14f90153f4c74cd59c90b779f6afe05a74cd6120b893f7e5b",
    "ss_sd_model_name": "sd_xl_base_1.0.safetensors", "ss_vae_hash": "11111111", "ss_new_vae_hash": "2222",
    "ss_vae_name": "sdxl_vae.safetensors", "ss_steps": "250", "ss_epoch": "5",
    "ss_model_type": "flux", "ss_apply_t5_attn_mask": "True", "ss_apply_lg_attn_mask": "True",
    "ss_weighting_scheme": "sigma_sqrt", "ss_logit_mean": "0.0", "ss_logit_std": "1.0", "ss_mode_scale": "1.29",
    "ss_guidance_scale": "1.0", "ss_timestep_sampling": "sigmoid", "ss_sigmoid_scale": "1.0",
    "ss_model_prediction_type": "raw", "ss_discrete_flow_shift": "3.0", "sshs_model_hash": "00",
    "sshs_legacy_hash": "0",
    "modelspec.sai_model_spec": "1.0.1", "modelspec.architecture": "stable-diffusion-xl-v1-base/lora",
    "modelspec.implementation": "x", "modelspec.title": "Duo", "modelspec.resolution": "1024x1024",
    "modelspec.description": "Two of them", "modelspec.author": "Kei", "modelspec.date": "2024-01-01T00:00:00",
    "modelspec.license": "CC0", "modelspec.usage_hint": "at 0.8", "modelspec.thumbnail": "data:image/png;base64,AAAA",
    "modelspec.tags": "character", "modelspec.merged_from": "None", "modelspec.trigger_phrase": "aya",
    "modelspec.prediction_type": "epsilon", "modelspec.encoder_layer": "2",
  ]

  /// What musubi-tuner writes beyond them (revision 30c658c4), and this version has no field for.
  static let musubi: [String: String] = [
    "ss_fp8_llm": "True", "ss_gradient_checkpointing_cpu_offload": "True", "ss_has_control": "False",
    "ss_frozen_visual_params": "17", "ss_noise_scale_start": "1.0", "ss_noise_scale_end": "0.5",
    "ss_noise_clip_std": "3.0", "ss_self_flow": "True", "ss_self_flow_gamma": "0.5",
    "ss_self_flow_gamma_warmup_steps": "10", "ss_self_flow_mask_ratio": "0.25", "ss_self_flow_ema_decay": "0.99",
    "ss_self_flow_student_layer": "4", "ss_self_flow_teacher_layer": "8", "ss_self_flow_teacher_coupling_prob": "0.1",
    "ss_self_flow_teacher_coupling_decay": "0.2", "ss_self_flow_teacher_mismatch_ratio": "0.3",
    "ss_dino_loss_weight": "0.1", "ss_dino_loss_backend": "vit", "ss_dino_loss_model_type": "small",
    "ss_dino_loss_layer": "6", "ss_dino_loss_feature_mode": "patch", "ss_dino_loss_resize": "224",
    "ss_dino_loss_use_norm": "True", "ss_dino_loss_use_gram": "False", "ss_dino_loss_every_n_steps": "2",
  ]

  @Test func sdScriptsLeavesNothingOver() throws {
    let record = TrainingRecord(metadata: Self.sdScripts)
    #expect(record.unreadable.isEmpty && record.further.isEmpty, "\(record.further.map(\.key))")
    let o = record.optimisation
    // 8 in all are 2 on each of 2 devices, twice before a step.
    #expect(o.batchSize == 4 && o.batchSizePerDevice == 2 && o.gradientAccumulation == 2)
    #expect(o.optimizerPath == "torch.optim.adamw.AdamW" && o.fullFP16 == true && o.fullBF16 == nil)
    #expect(o.fp8BaseUNet == true && o.gradientCheckpointing == true && o.cacheLatents == true && o.lowRAM == true)
    #expect(o.maxValidationSteps == 9 && o.validateEveryNEpochs == 2 && o.validateEveryNSteps == 50)
    let data = record.data
    #expect(data.faceCropRange == [2, 4] && data.resizeInterpolation == "lanczos" && data.randomCrop == true)
    #expect(data.numValidationImages == 12 && data.validationSplit == 0.1 && data.validationSeed == 7)
    #expect(record.noise.modeScale == 1.29 && record.noise.appliesCLIPMask == true)
    #expect(record.base.vaeHash == "2222" && record.base.modelType == "flux")
    #expect(record.identity.usageHint == "at 0.8" && record.identity.tags == "character")
    // Every one of them is a field, and every field names its key.
    let fields = Dictionary(uniqueKeysWithValues: record.fields.map { ($0.id, $0) })
    for id in ["seed", "face_crop", "validation_steps", "clip_mask", "low_ram", "resize", "ip_noise_gamma_random"] {
      let field = try #require(fields[id], "\(id)")
      #expect(field.source.hasPrefix("ss_"), "\(id) comes from \(field.source)")
    }
    #expect(fields["rank"]?.source == "ss_network_dim" && fields["duration"]?.source == "derived")
    #expect(fields["samples"]?.value == "2000")
  }

  @Test func everyKeyIsShownSomewhere() {
    // Each key alone, beside one that says who wrote it: some field or list must change.
    let plain = TrainingRecord(metadata: ["ss_learning_rate": "1e-4"])
    // Packing of the file, and second names of what is shown under another.
    let silent: Set<String> = [
      "ss_v2", "sshs_legacy_hash", "modelspec.sai_model_spec", "modelspec.implementation", "modelspec.thumbnail",
      "modelspec.resolution", "modelspec.encoder_layer", "modelspec.merged_from", "ss_learning_rate",
    ]
    for (key, value) in Self.sdScripts.merging(Self.musubi, uniquingKeysWith: { $1 }) where !silent.contains(key) {
      let record = TrainingRecord(metadata: ["ss_learning_rate": "1e-4", key: value])
      #expect(record != plain, "\(key) is dropped")
    }
  }

  @Test func musubiKeysHaveNames() throws {
    let record = TrainingRecord(metadata: Self.musubi.merging(["ss_num_train_items": "30"]) { $1 })
    #expect(record.identity.trainer == "musubi-tuner")
    #expect(Set(record.further.map(\.key)) == Set(Self.musubi.keys))
    for field in record.furtherFields { #expect(field.label != field.id, "\(field.id) has no name") }
  }

  @Test func unknownKeysStay() {
    let long = String(repeating: "x", count: 500)
    let record = TrainingRecord(metadata: [
      "ss_brand_new": "7", "ss_long": long, "ss_none": "None", "other": "text", "unet": "[]", "unet:0:rank": "4",
      "<s1>": "<embed>", "format": "pt", "sshs_ratio": "0.5",
      "troupe.merge": "{}x",
    ])
    #expect(record.further.map(\.key) == ["other", "ss_brand_new", "ss_long", "sshs_ratio"])
    #expect(record.further.first { $0.key == "ss_long" }?.value == long)
    let field = record.fields.first { $0.id == "ss_long" }
    #expect(field?.label == "ss_long" && field?.group == "Further settings" && field?.value.count == 200)
    #expect(field?.source == "derived" || field?.source == "ss_long")
  }

  @Test func foreignDocumentsAreNamed() {
    let record = TrainingRecord(metadata: TrainingFixtures.oneTrainer)
    let fields = Dictionary(uniqueKeysWithValues: record.fields.map { ($0.id, $0.source) })
    #expect(fields["rank"] == "ot_config" && fields["trainer_revision"] == "ot_revision")
    #expect(record.further.contains { $0.key == "ot_config.loss_weight_fn" && $0.value == "MIN_SNR_GAMMA" })
    #expect(record.optimisation.optimizer == "ADAMW")
    #expect(record.optimisation.optimizerArgs == [.init(key: "weight_decay", value: "0.01")])
    let tool = TrainingRecord(metadata: TrainingFixtures.aiToolkit)
    #expect(tool.fields.first { $0.id == "steps" }?.source == "training_info" && tool.further.isEmpty)
  }

  @Test(
    arguments: [
      (8, 2, 2, 4), (4, 4, 2, 4), (4, 2, 1, 4), (5, 2, 1, 5), (8, nil, 2, 8), (nil, 3, 4, 3), (nil, nil, nil, nil),
      (2, 0, 1, 2),
    ] as [(Int?, Int?, Int?, Int?)])
  func batchSizes(total: Int?, perDevice: Int?, accumulation: Int?, expected: Int?) {
    var metadata: [String: String] = [:]
    metadata["ss_total_batch_size"] = total.map(String.init)
    metadata["ss_batch_size_per_device"] = perDevice.map(String.init)
    metadata["ss_gradient_accumulation_steps"] = accumulation.map(String.init)
    #expect(TrainingRecord(metadata: metadata).optimisation.batchSize == expected)
  }

  @Test func switchedOffIsSaid() {
    let record = TrainingRecord(metadata: ["ss_noise_offset": "None", "ss_flip_aug": "False", "ss_keep_tokens": "0"])
    #expect(record.switchedOff == ["noise_offset": "not set", "flip": "off", "keep_tokens": "off"])
    #expect(record.sources.isEmpty)
  }
}
