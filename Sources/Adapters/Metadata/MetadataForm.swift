import SafeTensors

/// The form that a known metadata key's value has: for `ss_*` as sd-scripts writes it with Python's `str()`, for
/// `modelspec.*` after the specification 1.0.1.
///
/// After `train_network.py` and `sai_model_spec.py` of kohya-ss/sd-scripts, and Stability-AI/ModelSpec.
enum MetadataForm: Sendable, Equatable {
  /// A whole number, also a negative one.
  case integer
  /// A whole number from 0 on.
  case count
  /// A finite number.
  case number
  /// A number, or several in brackets.
  case numbers
  /// A count, or the word `Dynamic` for several.
  case countOrDynamic
  /// A number, or the word `Dynamic` for several.
  case numberOrDynamic
  /// `True` or `False`.
  case flag
  /// JSON: an object.
  case object
  /// JSON: an array.
  case array
  /// JSON: tags with their counts, by folder.
  case tags
  /// JSON: repeats and picture counts, by folder.
  case folders
  /// JSON: a configuration of PEFT for each network.
  case adapterConfiguration
  /// So many hexadecimal digits behind a prefix.
  case hex(Int, prefix: String)
  /// One of a few words.
  case word([String])
  /// Any text that is not empty.
  case filled
  /// A width and a height: `1024x1024`.
  case size
  /// A day, or a moment, as ISO 8601 writes it.
  case date
  /// Two numbers of time steps: `0,999`.
  case range
  /// A picture as a data URL.
  case picture

  /// The form of a key's value; nil for keys whose values may be anything.
  static func of(_ key: String) -> MetadataForm? { forms[key] }

  private static let forms: [String: MetadataForm] = {
    var forms: [String: MetadataForm] = [:]
    func add(_ form: MetadataForm, prefix: String = "ss_", _ names: String) {
      for name in names.split(separator: " ") { forms[prefix + name] = form }
    }
    add(.integer, "seed session_id validation_seed clip_skip")
    add(
      .count,
      """
      steps max_train_steps epoch num_epochs num_batches_per_epoch num_train_images num_reg_images num_validation_images \
      num_train_items gradient_accumulation_steps max_token_length multires_noise_iterations \
      caption_dropout_every_n_epochs min_bucket_reso max_bucket_reso keep_tokens batch_size_per_device \
      total_batch_size max_validation_steps validate_every_n_epochs validate_every_n_steps
      """)
    add(
      .number,
      """
      learning_rate unet_lr network_dropout scale_weight_norms noise_offset adaptive_noise_scale \
      multires_noise_discount min_snr_gamma ip_noise_gamma huber_c huber_scale prior_loss_weight caption_dropout_rate \
      caption_tag_dropout_rate max_grad_norm training_started_at training_finished_at guidance_scale \
      discrete_flow_shift sigmoid_scale logit_mean logit_std mode_scale validation_split lr_warmup_steps
      """)
    add(.numbers, "text_encoder_lr resolution face_crop_aug_range")
    add(.countOrDynamic, "network_dim")
    add(.numberOrDynamic, "network_alpha")
    add(
      .flag,
      """
      v2 v_parameterization gradient_checkpointing full_fp16 full_bf16 fp8_base fp8_base_unet lowram cache_latents \
      noise_offset_random_strength ip_noise_gamma_random_strength zero_terminal_snr debiased_estimation \
      shuffle_caption color_aug flip_aug random_crop enable_bucket bucket_no_upscale apply_t5_attn_mask
      """)
    add(.tags, "tag_frequency")
    add(.folders, "dataset_dirs reg_dataset_dirs")
    add(.object, "bucket_info network_args")
    add(.array, "datasets")
    add(.word(["no", "fp16", "bf16"]), "mixed_precision")
    add(.hex(64, prefix: ""), "new_sd_model_hash new_vae_hash")
    add(.hex(64, prefix: ""), prefix: "sshs_", "model_hash")
    add(.hex(8, prefix: ""), prefix: "sshs_", "legacy_hash")
    let modelspec = "modelspec."
    add(.word(["1.0.0", "1.0.1"]), prefix: modelspec, "sai_model_spec")
    add(.filled, prefix: modelspec, "architecture implementation title")
    add(.size, prefix: modelspec, "resolution")
    add(.date, prefix: modelspec, "date")
    add(.hex(64, prefix: "0x"), prefix: modelspec, "hash_sha256")
    add(.picture, prefix: modelspec, "thumbnail")
    add(.word(["epsilon", "v"]), prefix: modelspec, "prediction_type")
    add(.range, prefix: modelspec, "timestep_range")
    add(.integer, prefix: modelspec, "encoder_layer")
    add(.word(["true", "false"]), prefix: modelspec, "is_negative_embedding")
    forms["lora_adapter_metadata"] = .adapterConfiguration
    forms["format"] = .word(["pt", "np", "tf", "flax", "jax", "mlx", "paddle"])
    return forms
  }()

  /// The keys that the specification has; `modelspec.` goes before them.
  static let modelspecKeys: Set<String> = [
    "sai_model_spec", "architecture", "implementation", "title", "resolution", "description", "author", "date",
    "hash_sha256", "implementation_version", "license", "usage_hint", "thumbnail", "tags", "merged_from",
    "trigger_phrase", "prediction_type", "timestep_range", "encoder_layer", "preprocessor", "is_negative_embedding",
    "unet_dtype", "vae_dtype",
  ]
}
