import Foundation

@testable import Adapters

/// Metadata as trainers write it, shortened.
enum TrainingFixtures {
  /// One folder, one character, as kohya's scripts write it.
  static let kohya: [String: String] = [
    "ss_output_name": "mika_v1", "ss_network_module": "networks.lora", "ss_network_dim": "32",
    "ss_network_alpha": "16.0", "ss_network_args": #"{"conv_dim": "8", "conv_alpha": "4"}"#,
    "ss_sd_model_name": "sd_xl_base_1.0_0.9vae.safetensors", "ss_new_sd_model_hash": "AB12", "ss_v2": "False",
    "ss_base_model_version": "sdxl_base_v1-0", "modelspec.prediction_type": "epsilon",
    "ss_sd_scripts_commit_hash": "0123abcd", "ss_session_id": "77", "ss_training_started_at": "1700000000.5",
    "ss_training_finished_at": "1700003600.5",
    "ss_training_comment": "Trigger words: mika_oc, blue scarf. Enjoy",
    "ss_learning_rate": "0.0001", "ss_unet_lr": "0.0001", "ss_text_encoder_lr": "[5e-05, 2e-05]",
    "ss_optimizer": "torch.optim.adamw.AdamW(weight_decay=0.01,betas=(0.9, 0.99))",
    "ss_lr_scheduler": "cosine", "ss_lr_warmup_steps": "100", "ss_steps": "1500",
    "ss_max_train_steps": "1500",
    "ss_epoch": "10", "ss_num_epochs": "10", "ss_total_batch_size": "2",
    "ss_gradient_accumulation_steps": "1",
    "ss_mixed_precision": "bf16", "ss_seed": "42", "ss_noise_offset": "None", "ss_min_snr_gamma": "5",
    "ss_resolution": "(1024, 1024)", "ss_enable_bucket": "True", "ss_num_train_images": "300",
    "ss_num_reg_images": "0", "ss_prior_loss_weight": "1.0", "ss_shuffle_caption": "True",
    "ss_keep_tokens": "1",
    "ss_dataset_dirs": #"{"10_mika": {"n_repeats": 10, "img_count": 30}}"#,
    "ss_tag_frequency": #"{"10_mika": {"mika_oc": 30, "1girl": 30, " red hair": 29, "smile": 4}}"#,
    "ss_bucket_info":
      #"{"buckets": {"0": {"resolution": [832, 1216], "count": 200}, "1": {"resolution": [1024, 1024], "count": 100}}, "mean_img_ar_error": NaN}"#,
  ]

  /// Two characters and a regularisation folder, from a data-set configuration.
  static let multiple: [String: String] = [
    "ss_output_name": "duo", "ss_network_module": "lycoris.kohya", "ss_network_dim": "16",
    "ss_network_alpha": "8",
    "ss_network_args": #"{"algo": "loha", "dora_wd": "True"}"#,
    "ss_sd_model_name": "waiNSFWIllustrious_v140.safetensors",
    "ss_optimizer": "prodigyopt.prodigy.Prodigy(d_coef=1.0)", "ss_learning_rate": "1.0", "ss_unet_lr": "1.0",
    "ss_text_encoder_lr": "0", "ss_steps": "800", "ss_max_train_steps": "1000", "ss_epoch": "4",
    "ss_num_epochs": "5",
    "ss_num_reg_images": "50", "ss_prior_loss_weight": "0.5", "ss_training_started_at": "1700000000",
    "ss_dataset_dirs":
      #"{"aya": {"n_repeats": 10, "img_count": 40}, "rin": {"n_repeats": 2, "img_count": 40}}"#,
    "ss_tag_frequency":
      #"{"aya": {"aya": 40, "1girl": 40}, "rin": {"rin (game)": 40, "1girl": 39, "hat": 40}}"#,
    "ss_datasets": #"""
    [{"is_dreambooth": true, "batch_size_per_device": 4, "num_train_images": 480, "resolution": [1024, 1024],
      "enable_bucket": true, "min_bucket_reso": 256, "max_bucket_reso": 2048,
      "tag_frequency": {"aya": {"aya": 40, "1girl": 40}, "rin": {"rin (game)": 40, "1girl": 39, "hat": 40}},
      "bucket_info": {"buckets": {"0": {"resolution": [832, 1216], "count": 480}}},
      "subsets": [
        {"img_count": 40, "num_repeats": 10, "shuffle_caption": true, "keep_tokens": 1, "image_dir": "aya",
         "class_tokens": "aya girl", "is_reg": false},
        {"img_count": 40, "num_repeats": 2, "shuffle_caption": true, "keep_tokens": 1, "image_dir": "rin",
         "class_tokens": null, "is_reg": false, "caption_prefix": "rinrin, "},
        {"img_count": 50, "num_repeats": 1, "shuffle_caption": true, "keep_tokens": 1, "image_dir": "1_girl",
         "class_tokens": "girl", "is_reg": true}]}]
    """#,
  ]

  static let aiToolkit: [String: String] = [
    "format": "pt", "name": "sora", "ss_output_name": "sora", "version": "1.0",
    "ss_base_model_version": "sd_1.5",
    "software": #"{"name": "ai-toolkit", "repo": "https://example.org", "version": "0.1.0"}"#,
    "training_info": #"{"step": 2000, "epoch": 20}"#, "ss_tag_frequency": #"{"1_S0RA": {"S0RA": 1}}"#,
    "sshs_model_hash": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "sshs_legacy_hash": "e3b0c442",
  ]

  static let oneTrainer: [String: String] = [
    "ot_branch": "master", "ot_revision": "deadbeef", "ss_base_model_version": "sdxl_",
    "ot_config": #"""
    {"model_type": "STABLE_DIFFUSION_XL_10_BASE", "base_model_name": "C:\\models\\noobaiXLNAIXL_vPred10Version.safetensors",
     "output_model_destination": "out/hana.safetensors", "learning_rate": 0.0003, "epochs": 20, "batch_size": 4,
     "resolution": "1024", "lora_rank": 16, "lora_alpha": 8.0, "lora_decompose": true, "peft_type": "LORA",
     "loss_weight_fn": "MIN_SNR_GAMMA", "loss_weight_strength": 5.0, "force_v_prediction": true,
     "optimizer": {"optimizer": "ADAMW", "weight_decay": 0.01}, "learning_rate_scheduler": "COSINE",
     "unet": {"train": true, "learning_rate": null}, "text_encoder": {"train": true, "learning_rate": 1e-05},
     "text_encoder_2": {"train": false},
     "concepts": [{"name": "hana", "path": "C:\\img\\hana", "enabled": true, "balancing": 3.0,
                   "balancing_strategy": "REPEATS", "type": "STANDARD"}]}
    """#,
  ]

  static let diffusers: [String: String] = [
    "format": "pt",
    "lora_adapter_metadata":
      #"{"unet.r": 8, "unet.lora_alpha": 16, "unet.rank_pattern": {}, "unet.use_dora": false}"#,
  ]

  static let all = [kohya, multiple, aiToolkit, oneTrainer, diffusers]

  // MARK: - Real files, outside the package

  /// The folder of real files: named by the environment, else beside the package.
  static let shared: URL = {
    if let path = ProcessInfo.processInfo.environment["TROUPE_SHARED"] { return URL(fileURLWithPath: path) }
    let package = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    return package.deletingLastPathComponent().appendingPathComponent("shared")
  }()

  static let hasRealMetadata = FileManager.default.fileExists(
    atPath: shared.appendingPathComponent("metadata").path)

  static let realMetadataIsAbsent = "The folder of real metadata is not here; TROUPE_SHARED can name it."

  /// The metadata of a real file; nested documents are turned back into text, as files hold them.
  static func real(_ name: String) throws -> [String: String] {
    let data = try Data(contentsOf: shared.appendingPathComponent("metadata/\(name).json"))
    let object = try JSONSerialization.jsonObject(with: data) as? [String: Any] ?? [:]
    return try object.mapValues { value in
      if let text = value as? String { return text }
      let encoded = try JSONSerialization.data(withJSONObject: value, options: [.fragmentsAllowed])
      return String(decoding: encoded, as: UTF8.self)
    }
  }

  static func allReal() throws -> [(name: String, metadata: [String: String])] {
    let folder = shared.appendingPathComponent("metadata")
    let names = try FileManager.default.contentsOfDirectory(atPath: folder.path).filter {
      $0.hasSuffix(".json")
    }
    return try names.sorted().map { ($0, try real(String($0.dropLast(5)))) }
  }
}
