extension TrainingRecord {
  /// The metadata keys behind each field; the first that a file has tells where the value comes from.
  private static let keys: [String: [String]] = [
    "output_name": ["ss_output_name", "name"], "title": ["modelspec.title"], "author": ["modelspec.author"],
    "license": ["modelspec.license"], "trainer": ["software"],
    "trainer_revision": ["ss_sd_scripts_commit_hash", "ot_revision"], "session": ["ss_session_id"],
    "started": ["ss_training_started_at"], "finished": ["ss_training_finished_at"],
    "comment": ["ss_training_comment"], "description": ["modelspec.description"],
    "usage_hint": ["modelspec.usage_hint"], "tags": ["modelspec.tags"], "date": ["modelspec.date"],
    "version": ["version"], "merged_from": ["modelspec.merged_from"],
    "base_model": ["ss_sd_model_name"], "base_hash": ["ss_new_sd_model_hash", "ss_sd_model_hash"],
    "base_version": ["ss_base_model_version", "modelspec.architecture"], "vae": ["ss_vae_name"],
    "vae_hash": ["ss_new_vae_hash", "ss_vae_hash"], "model_type": ["ss_model_type"], "clip_skip": ["ss_clip_skip"],
    "max_tokens": ["ss_max_token_length"], "prediction_type": ["modelspec.prediction_type", "ss_v_parameterization"],
    "network_module": ["ss_network_module"], "algorithm": ["troupe_algo"], "rank": ["ss_network_dim"],
    "alpha": ["ss_network_alpha"], "conv_rank": ["ss_network_args"], "conv_alpha": ["ss_network_args"],
    "dora": ["troupe_dora", "ss_network_args"], "network_dropout": ["ss_network_dropout"],
    "scale_weight_norms": ["ss_scale_weight_norms"], "network_args": ["ss_network_args"],
    "steps": ["ss_steps"], "max_steps": ["ss_max_train_steps"], "epoch": ["ss_epoch"], "epochs": ["ss_num_epochs"],
    "batch_size": ["ss_total_batch_size", "ss_batch_size_per_device", "ss_datasets"],
    "batch_per_device": ["ss_batch_size_per_device", "ss_datasets"],
    "gradient_accumulation": ["ss_gradient_accumulation_steps"],
    "learning_rate": ["ss_learning_rate"], "unet_lr": ["ss_unet_lr"], "text_encoder_lr": ["ss_text_encoder_lr"],
    "optimizer": ["ss_optimizer"], "optimizer_args": ["ss_optimizer"], "scheduler": ["ss_lr_scheduler"],
    "warmup": ["ss_lr_warmup_steps"], "max_grad_norm": ["ss_max_grad_norm"],
    "mixed_precision": ["ss_mixed_precision"], "fp8_base": ["ss_fp8_base", "ss_fp8_base_unet"],
    "fp8_unet": ["ss_fp8_base_unet"], "full_16_bit": ["ss_full_fp16", "ss_full_bf16"],
    "gradient_checkpointing": ["ss_gradient_checkpointing"], "cache_latents": ["ss_cache_latents"],
    "low_ram": ["ss_lowram"], "seed": ["ss_seed"],
    "noise_offset": ["ss_noise_offset"], "noise_offset_random": ["ss_noise_offset_random_strength"],
    "adaptive_noise_scale": ["ss_adaptive_noise_scale"], "multires_noise": ["ss_multires_noise_iterations"],
    "min_snr_gamma": ["ss_min_snr_gamma"], "zero_terminal_snr": ["ss_zero_terminal_snr"],
    "ip_noise_gamma": ["ss_ip_noise_gamma"], "ip_noise_gamma_random": ["ss_ip_noise_gamma_random_strength"],
    "debiased": ["ss_debiased_estimation"], "loss_type": ["ss_loss_type"],
    "huber_schedule": ["ss_huber_schedule"], "huber_c": ["ss_huber_c"], "huber_scale": ["ss_huber_scale"],
    "prior_loss_weight": ["ss_prior_loss_weight"], "timestep_sampling": ["ss_timestep_sampling"],
    "flow_shift": ["ss_discrete_flow_shift"], "guidance": ["ss_guidance_scale"],
    "weighting": ["ss_weighting_scheme"], "logit_mean": ["ss_logit_mean"], "logit_std": ["ss_logit_std"],
    "mode_scale": ["ss_mode_scale"], "sigmoid_scale": ["ss_sigmoid_scale"], "t5_mask": ["ss_apply_t5_attn_mask"],
    "clip_mask": ["ss_apply_lg_attn_mask"], "model_prediction": ["ss_model_prediction_type"],
    "shuffle": ["ss_shuffle_caption", "ss_datasets"], "keep_tokens": ["ss_keep_tokens", "ss_datasets"],
    "keep_tokens_separator": ["ss_datasets"], "caption_dropout": ["ss_caption_dropout_rate"],
    "caption_dropout_epochs": ["ss_caption_dropout_every_n_epochs"], "tag_dropout": ["ss_caption_tag_dropout_rate"],
    "resolution": ["ss_resolution", "ss_datasets"], "buckets": ["ss_enable_bucket", "ss_datasets"],
    "bucket_range": ["ss_min_bucket_reso", "ss_datasets"], "flip": ["ss_flip_aug"], "colour": ["ss_color_aug"],
    "random_crop": ["ss_random_crop"], "face_crop": ["ss_face_crop_aug_range"],
    "bucket_no_upscale": ["ss_bucket_no_upscale", "ss_datasets"], "resize": ["ss_resize_interpolation"],
    "validation_images": ["ss_num_validation_images"], "validation_split": ["ss_validation_split"],
    "validation_seed": ["ss_validation_seed"], "validation_every_epochs": ["ss_validate_every_n_epochs"],
    "validation_every_steps": ["ss_validate_every_n_steps"], "validation_steps": ["ss_max_validation_steps"],
    "train_images": ["ss_num_train_images", "ss_num_train_items"],
    "reg_images": ["ss_num_reg_images"], "batches_per_epoch": ["ss_num_batches_per_epoch"],
    "folders": ["ss_datasets", "ss_dataset_dirs", "ot_config"],
    "reg_folders": ["ss_datasets", "ss_reg_dataset_dirs", "ot_config"],
    "cast_mode": [Cast.key], "cast_characters": [Cast.key], "cast_losses": [Cast.key],
    "cast_regularization": [Cast.key], "cast_matching": [Cast.key],
  ]

  /// Where each field comes from, and which settings are stated as off.
  static func sources(_ reader: MetadataReader, notes: Notes?) -> (sources: [String: String], off: [String: String]) {
    var off: [String: String] = [:]
    var result: [String: String] = [:]
    for (id, keys) in keys {
      guard let key = keys.first(where: reader.has) else { continue }
      result[id] = reader.source(of: key)
      switch reader.raw(key) {
      case "None", "none", "null", "": off[id] = "not set"
      case "False", "false", "0", "0.0": off[id] = "off"
      default: break
      }
    }
    guard let notes, let last = notes.files.last else { return (result, off) }
    let page = notes.files.last { $0.hasSuffix(".civitai.info") } ?? last
    let own = notes.files.first { !$0.hasSuffix(".civitai.info") } ?? last
    for id in ["activation_text", "preferred_weight", "negative_text", "notes"] { result[id] = own }
    for id in ["trained_words", "published_title", "published_version"] { result[id] = page }
    result["made_for"] = notes.isBaseModelFromPage ? page : own
    result["published_description"] = notes.isDescriptionFromPage ? page : own
    return (result, off)
  }
}
