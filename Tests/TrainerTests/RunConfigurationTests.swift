import TOML
import Testing

@testable import Adapters
@testable import Trainer

/// What a record writes is what this trainer's own readers read.
@Suite("Configurations from records") struct RunConfigurationTests {
  static let sets = #"""
    [{"is_dreambooth": true, "batch_size_per_device": 4, "num_train_images": 480, "num_reg_images": 50,
      "resolution": [1024, 768], "enable_bucket": true, "min_bucket_reso": 320, "max_bucket_reso": 2048,
      "resize_interpolation": "area",
      "subsets": [
        {"img_count": 40, "num_repeats": 10, "color_aug": false, "flip_aug": true, "random_crop": false,
         "shuffle_caption": true, "keep_tokens": 1, "keep_tokens_separator": "|||", "secondary_separator": ";;;",
         "enable_wildcard": true, "caption_prefix": "aya, ", "caption_suffix": null, "image_dir": "aya \"x\" y",
         "class_tokens": "aya girl", "is_reg": false},
        {"img_count": 50, "num_repeats": 1, "shuffle_caption": false, "keep_tokens": 0, "image_dir": "1_girl",
         "class_tokens": "girl", "is_reg": true}]},
     {"is_dreambooth": false, "batch_size_per_device": 2, "resolution": [512, 512], "enable_bucket": false,
      "min_bucket_reso": null, "max_bucket_reso": null,
      "subsets": [{"img_count": 7, "num_repeats": 3, "image_dir": "p", "metadata_file": "meta.json",
                   "shuffle_caption": true, "keep_tokens": 2}]}]
    """#

  static let metadata: [String: String] = [
    "ss_datasets": sets, "ss_caption_dropout_rate": "0.1", "ss_caption_dropout_every_n_epochs": "3",
    "ss_caption_tag_dropout_rate": "0.2", "ss_validation_split": "0.1", "ss_validation_seed": "7",
    "ss_resize_interpolation": "lanczos", "ss_face_crop_aug_range": "(1.0, 2.5)", "ss_learning_rate": "0.0001",
  ]

  private func written(
    _ kind: RunConfiguration.Kind, _ metadata: [String: String], _ architecture: Architecture = .sdxl
  ) throws -> RunConfiguration {
    try RunConfiguration(
      kind, of: TrainingRecord(metadata: metadata), path: "loras/duo.safetensors", architecture: architecture)
  }

  @Test func datasetsReadBack() throws {
    let text = try written(.dataset, Self.metadata).text
    let file = try DatasetConfiguration(toml: text, path: "d.toml")
    #expect(file.datasets.map(\.batch) == [4, 2] && file.datasets.map(\.buckets) == [true, false])
    #expect(file.datasets.map(\.resolution) == [PixelSize(1024, 768), PixelSize(512)])
    #expect(file.datasets[0].shortestBucket == 320 && file.datasets[0].longestBucket == 2048)
    #expect(file.datasets.map(\.validationSplit) == [0.1, 0.1] && file.datasets[0].validationSeed == 7)
    #expect(file.datasets.map(\.kind) == [.captions, .metadata])
    let aya = file.datasets[0].subsets[0]
    #expect(
      aya.images == "aya \"x\" y" && aya.repeats == 10 && aya.classTokens == "aya girl" && !aya.isRegularization)
    #expect(aya.captions.shuffles && aya.captions.keptTags == 1 && aya.captions.keptTagsSeparator == "|||")
    #expect(aya.captions.secondarySeparator == ";;;" && aya.captions.expandsWildcards && aya.captions.prefix == "aya, ")
    #expect(aya.captions.suffix == nil && aya.flips && !aya.cropsAtRandom && aya.interpolation == "area")
    #expect(aya.captions.dropout == 0.1 && aya.captions.dropoutEpochs == 3 && aya.captions.tagDropout == 0.2)
    #expect(aya.faceCrop == 1...2.5)
    let girl = file.datasets[0].subsets[1]
    #expect(girl.isRegularization && girl.images == "1_girl" && !girl.captions.shuffles && girl.repeats == 1)
    let last = file.datasets[1].subsets[0]
    #expect(last.metadata == "meta.json" && last.images == "p" && last.repeats == 3 && last.captions.keptTags == 2)
    #expect(last.interpolation == "lanczos")
  }

  @Test func foldersOfRunsWithoutConfigurations() throws {
    let text = try written(.dataset, TrainingKeys.sdScripts).text
    let file = try DatasetConfiguration(toml: text, path: "d.toml")
    #expect(file.datasets.count == 1 && file.datasets[0].resolution == PixelSize(1024, 768))
    #expect(file.datasets[0].batch == 2 && !file.datasets[0].enlarges)
    let subsets = file.subsets
    #expect(subsets.map(\.images) == ["10_aya girl", "1_girl"] && subsets.map(\.repeats) == [10, 1])
    // sd-scripts takes class tokens from the folder's name.
    #expect(subsets.map(\.classTokens) == ["aya girl", "girl"] && subsets.map(\.isRegularization) == [false, true])
    #expect(subsets[0].flips && subsets[0].changesColours && subsets[0].cropsAtRandom)
  }

  @Test func whatIsNotRecordedIsSaidInSentences() throws {
    let configuration = try written(.dataset, ["ss_dataset_dirs": #"{"aya": {"n_repeats": 2, "img_count": 3}}"#])
    #expect(
      configuration.open.contains { $0.contains("resolution") } && configuration.open.contains { $0.contains("paths") })
    for sentence in configuration.open { #expect(sentence.hasSuffix(".") && !sentence.contains("\n")) }
    let error = try #require(throws: TOMLError.self) {
      try DatasetConfiguration(toml: configuration.text, path: "d.toml")
    }
    #expect(error.rule == .missing && error.detail.contains("resolution"))
    var defaults = DatasetConfiguration.Defaults()
    defaults.resolution = PixelSize(512)
    #expect(
      try DatasetConfiguration(toml: configuration.text, path: "d.toml", defaults: defaults).subsets[0].repeats == 2)
  }

  /// Keys and values of a TOML text, at its root.
  private func root(_ text: String) throws -> [String: TOMLValue] {
    let table = try TOMLReader.read(text, path: "t.toml", subject: "training")
    return Dictionary(uniqueKeysWithValues: table.entries.map { ($0.key, $0.value) })
  }

  @Test func trainingOptionsAreExact() throws {
    let values = try root(try written(.training, TrainingKeys.sdScripts).text)
    let expected: [String: TOMLValue] = [
      "pretrained_model_name_or_path": .string("sd_xl_base_1.0.safetensors"), "vae": .string("sdxl_vae.safetensors"),
      "clip_skip": .integer(2), "max_token_length": .integer(225), "output_name": .string("duo"),
      "training_comment": .string("a comment"), "network_module": .string("networks.lora"),
      "network_dim": .integer(32), "network_alpha": .number(16), "network_dropout": .number(0.1),
      "scale_weight_norms": .number(1.5),
      "network_args": .array([.string("conv_dim=8"), .string("conv_alpha=4"), .string("rank_dropout=0.1")]),
      "max_train_steps": .integer(300), "train_batch_size": .integer(2), "gradient_accumulation_steps": .integer(2),
      "seed": .integer(42), "max_validation_steps": .integer(9), "validate_every_n_epochs": .integer(2),
      "validate_every_n_steps": .integer(50), "learning_rate": .number(0.0002), "unet_lr": .number(0.0001),
      "text_encoder_lr": .array([.number(5e-05), .number(2e-05)]), "optimizer_type": .string("AdamW"),
      "optimizer_args": .array([.string("weight_decay=0.01"), .string("betas=(0.9, 0.99)")]),
      "lr_scheduler": .string("cosine"), "lr_warmup_steps": .integer(30), "max_grad_norm": .number(1),
      "mixed_precision": .string("bf16"), "full_fp16": .bool(true), "fp8_base": .bool(true),
      "fp8_base_unet": .bool(true), "gradient_checkpointing": .bool(true), "cache_latents": .bool(true),
      "lowram": .bool(true), "loss_type": .string("huber"), "huber_schedule": .string("snr"), "huber_c": .number(0.1),
      "huber_scale": .number(1), "prior_loss_weight": .number(0.5), "min_snr_gamma": .number(5),
      "debiased_estimation_loss": .bool(true), "zero_terminal_snr": .bool(true), "noise_offset": .number(0.03),
      "noise_offset_random_strength": .bool(true), "adaptive_noise_scale": .number(0.01),
      "multires_noise_iterations": .integer(6), "multires_noise_discount": .number(0.3), "ip_noise_gamma": .number(0.1),
      "ip_noise_gamma_random_strength": .bool(true), "weighting_scheme": .string("sigma_sqrt"),
      "timestep_sampling": .string("sigmoid"), "discrete_flow_shift": .number(3), "sigmoid_scale": .number(1),
      "logit_mean": .number(0), "logit_std": .number(1), "mode_scale": .number(1.29), "guidance_scale": .number(1),
      "model_prediction_type": .string("raw"), "model_type": .string("flux"), "apply_t5_attn_mask": .bool(true),
      "apply_lg_attn_mask": .bool(true), "caption_dropout_rate": .number(0.1),
      "caption_dropout_every_n_epochs": .integer(3), "caption_tag_dropout_rate": .number(0.2),
      "resize_interpolation": .string("lanczos"), "validation_split": .number(0.1), "validation_seed": .integer(7),
      "resolution": .string("1024,768"), "enable_bucket": .bool(true), "min_bucket_reso": .integer(256),
      "max_bucket_reso": .integer(2048), "bucket_no_upscale": .bool(true), "shuffle_caption": .bool(true),
      "keep_tokens": .integer(1), "flip_aug": .bool(true), "color_aug": .bool(true), "random_crop": .bool(true),
      "face_crop_aug_range": .string("2.0,4.0"),
    ]
    #expect(values == expected)
  }

  @Test(
    arguments: [
      ("bitsandbytes.optim.adamw.AdamW8bit(weight_decay=0.1)", "AdamW8bit"),
      ("torch.optim.adamw.AdamW", "AdamW"), ("prodigyopt.prodigy.Prodigy(d_coef=1.0)", "Prodigy"),
      ("pytorch_optimizer.optimizer.came.CAME(betas=(0.9, 0.999, 0.9999))", "pytorch_optimizer.optimizer.came.CAME"),
    ])
  func optimisersAreNamedSoThatTheyAreFound(stored: String, expected: String) throws {
    let values = try root(try written(.training, ["ss_optimizer": stored, "ss_learning_rate": "1"]).text)
    #expect(values["optimizer_type"] == .string(expected))
  }

  @Test func trainingOptionsOfOthers() throws {
    let musubi = [
      "ss_num_train_items": "30", "ss_sd_model_name": "wan.safetensors", "ss_learning_rate": "1e-4",
      "ss_fp8_llm": "True", "ss_self_flow_gamma": "0.5", "ss odd\"key": "3", "ss_lr_warmup_steps": "0.05",
    ]
    let configuration = try written(.training, musubi, .wan)
    let values = try root(configuration.text)
    #expect(values["dit"] == .string("wan.safetensors") && values["pretrained_model_name_or_path"] == nil)
    #expect(values["fp8_llm"] == .bool(true) && values["self_flow_gamma"] == .number(0.5))
    #expect(values["lr_warmup_steps"] == .number(0.05) && configuration.text.contains("musubi-tuner"))
    // v-prediction and SD 2 are flags of their own.
    let second = try root(
      try written(.training, ["ss_v2": "True", "modelspec.prediction_type": "v", "ss_network_dim": "4"], .sd2).text)
    #expect(second["v2"] == .bool(true) && second["v_parameterization"] == .bool(true))
    // A comment may hold anything without ending the line.
    let evil = try written(
      .training,
      [
        "ss_seed": "1", "ss_network_dim": "Dynamic", "ss_learning_rate": "1", "ss_sd_model_name": "a\nb = 1",
        "ss_new_sd_model_hash": "x\n[evil]",
      ])
    #expect(try root(evil.text).keys.contains("b") == false && !evil.text.contains("\n[evil]"))
  }

  @Test func recordsWithoutAnythingAreErrors() throws {
    for kind in RunConfiguration.Kind.allCases {
      let error = try #require(throws: AdapterError.self) { try written(kind, ["format": "pt"]) }
      #expect(error.rule == .noRecord && error.description.hasPrefix("loras/duo.safetensors: its record"))
    }
    // Near misses: one fact is enough.
    _ = try written(.training, ["ss_network_dim": "4"])
    for kind in [RunConfiguration.Kind.dataset, .cast] {
      _ = try written(kind, ["ss_dataset_dirs": #"{"aya": {"n_repeats": 1, "img_count": 1}}"#])
    }
  }

  // MARK: - Casts

  @Test func castOfFoldersReadsBack() throws {
    let text = try written(.cast, TrainingKeys.sdScripts).text
    let cast = try CastConfiguration(toml: text, path: "cast.toml")
    #expect(cast.characters.map(\.name) == ["aya girl"] && cast.characters.map(\.trigger) == ["aya"])
    #expect(cast.characters[0].subsets.map(\.images) == ["10_aya girl"])
    #expect(cast.network.kind == .locon && cast.network.rank == 32 && cast.network.alpha == 16)
    #expect(cast.network.convRank == 8 && cast.network.rankDropout == 0.1 && cast.network.maxNorm == 1.5)
    let training = cast.training
    #expect(training.steps == 300 && training.batch == 4 && training.accumulation == 2 && training.seed == 42)
    #expect(training.unetRate == 0.0001 && training.te1Rate == 5e-05 && training.te2Rate == 2e-05)
    #expect(training.optimizer == .adamw && training.betas == [0.9, 0.99] && training.weightDecay == 0.01)
    #expect(training.schedule == .cosine && training.warmup == 30 && !training.enlarges && training.validation == 0.1)
    #expect(cast.losses.kind == .huber && cast.losses.minSNRGamma == 5 && cast.losses.multiresIterations == 6)
    #expect(cast.losses.inputPerturbation == 0.1 && cast.losses.noiseOffset == 0.03 && cast.losses.priorWeight == 0.5)
    #expect(cast.regularization.map(\.className) == ["girl"] && cast.model.clipSkip == 2)
    #expect(cast.model.checkpoint == "sd_xl_base_1.0.safetensors" && cast.output.name == "duo")
  }

  @Test func castOfATroupeRunReadsBack() throws {
    let record = #"""
      {"schema":1,"troupe":"0.1.0","mode":"separate","file":"Konrad","matching":"cast","seed":9,"format":"bf16",
       "characters":[
        {"name":"Konrad","trigger":"konrad_httt","class":"1boy","weight":2,"images":15,"samples":1050,"share":0.5},
        {"name":"Aya","trigger":"aya_oc","class":"1girl","images":10,"samples":900,"share":0.5}],
       "groups":[{"characters":["Konrad","Aya"],"weight":0.5,"images":2,"samples":50}],
       "regularization":[
        {"class":"1boy","target":"image","pairs_with":["Konrad"],"weight":0.5,"ratio":0.25,"images":20,"generated":20,
         "samples":250},
        {"class":"1girl","target":"base","pairs_with":[],"weight":1,"images":0,"samples":1200}],
       "losses":{"target":1,"cross_prior":0.25}}
      """#
    let metadata = TrainingKeys.sdScripts.merging([TrainingRecord.Cast.key: record]) { $1 }
    let cast = try CastConfiguration(toml: try written(.cast, metadata).text, path: "cast.toml")
    #expect(cast.characters.map(\.name) == ["Konrad", "Aya"] && cast.characters.map(\.weight) == [2, 1])
    #expect(cast.characters.map(\.trigger) == ["konrad_httt", "aya_oc"] && cast.characters[0].className == "1boy")
    #expect(cast.groups.map(\.characters) == [["Konrad", "Aya"]] && cast.groups[0].weight == 0.5)
    #expect(cast.regularization.map(\.className) == ["1boy", "1girl"])
    #expect(cast.regularization[0].generated == 20 && cast.regularization[0].ratio == 0.25)
    #expect(cast.regularization[0].pairsWith == ["Konrad"] && cast.regularization[1].target == .base)
    #expect(cast.network.mode == .separate && cast.training.seed == 9 && cast.output.format == .bf16)
    #expect(cast.losses.crossPrior == 0.25 && cast.training.matching == .cast)
  }

  @Test func whatACastDoesNotHaveIsSaid() throws {
    let odd = [
      "ss_dataset_dirs": #"{"5_aya": {"n_repeats": 5, "img_count": 3}}"#, "ss_network_module": "lycoris.kohya",
      "ss_network_args": #"{"algo": "lokr", "dora_wd": "True"}"#, "ss_optimizer": "a.b.CAME(eps=1e-30,x=2)",
      "ss_lr_scheduler": "rex", "ss_loss_type": "wavelet", "ss_noise_offset": "7", "ss_adaptive_noise_scale": "0.1",
      "ss_mixed_precision": "fp8", "ss_max_token_length": "300", "ss_color_aug": "True", "ss_clip_skip": "40",
    ]
    let configuration = try written(.cast, odd)
    for part in [
      "lokr", "DoRA", "CAME", "x=2", "rex", "wavelet", "noise_offset was 7", "grew", "fp8", "300", "Colours",
      "clip_skip was 40",
    ] {
      #expect(configuration.open.contains { $0.contains(part) }, "nothing is said of \(part)")
    }
    let cast = try CastConfiguration(toml: configuration.text, path: "cast.toml")
    #expect(cast.characters.map(\.name) == ["aya"] && cast.losses.noiseOffset == 0 && cast.model.clipSkip == nil)
    #expect(cast.training.epsilon == 1e-30)
  }
}

/// The record that the tests of `Adapters` use, shortened to what a configuration takes.
private enum TrainingKeys {
  static let sdScripts: [String: String] = [
    "ss_output_name": "duo", "ss_learning_rate": "0.0002", "ss_text_encoder_lr": "[5e-05, 2e-05]",
    "ss_unet_lr": "0.0001", "ss_num_reg_images": "50", "ss_gradient_checkpointing": "True",
    "ss_gradient_accumulation_steps": "2", "ss_max_train_steps": "300", "ss_lr_warmup_steps": "30",
    "ss_lr_scheduler": "cosine", "ss_network_module": "networks.lora", "ss_network_dim": "32",
    "ss_network_alpha": "16.0", "ss_network_dropout": "0.1", "ss_mixed_precision": "bf16", "ss_full_fp16": "True",
    "ss_v2": "False", "ss_base_model_version": "sdxl_base_v1-0", "ss_clip_skip": "2", "ss_max_token_length": "225",
    "ss_cache_latents": "True", "ss_seed": "42", "ss_lowram": "True", "ss_noise_offset": "0.03",
    "ss_multires_noise_iterations": "6", "ss_multires_noise_discount": "0.3", "ss_adaptive_noise_scale": "0.01",
    "ss_zero_terminal_snr": "True", "ss_training_comment": "a comment",
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
    "ss_tag_frequency": #"{"10_aya girl": {"aya": 48, "1girl": 48}}"#,
    "ss_network_args": #"{"conv_dim": "8", "conv_alpha": "4", "rank_dropout": "0.1"}"#,
    "ss_sd_model_name": "sd_xl_base_1.0.safetensors", "ss_vae_name": "sdxl_vae.safetensors", "ss_model_type": "flux",
    "ss_apply_t5_attn_mask": "True", "ss_apply_lg_attn_mask": "True", "ss_weighting_scheme": "sigma_sqrt",
    "ss_logit_mean": "0.0", "ss_logit_std": "1.0", "ss_mode_scale": "1.29", "ss_guidance_scale": "1.0",
    "ss_timestep_sampling": "sigmoid", "ss_sigmoid_scale": "1.0", "ss_model_prediction_type": "raw",
    "ss_discrete_flow_shift": "3.0",
  ]
}
