import Testing

@testable import Adapters

/// Which values known keys may have.
@Suite struct MetadataCheckTests {
  @Test(arguments: [
    ("ss_steps", "3010"), ("ss_steps", "None"), ("ss_learning_rate", "0.0001"), ("ss_learning_rate", "1e-4"),
    ("ss_v2", "True"), ("ss_network_dim", "Dynamic"), ("ss_network_dim", "16"), ("ss_network_alpha", "8.0"),
    ("ss_resolution", "(512, 768)"), ("ss_resolution", "1024,1024"), ("ss_resolution", "512"),
    ("ss_text_encoder_lr", "[1e-05, 1e-05]"), ("ss_text_encoder_lr", "(5e-05,)"),
    ("ss_tag_frequency", #"{"10_konrad": {"smile": 3}}"#),
    ("ss_dataset_dirs", #"{"a": {"n_repeats": 1, "img_count": 2}}"#),
    ("ss_datasets", "[]"), ("ss_network_args", "{}"), ("ss_mixed_precision", "bf16"), ("ss_unknown_key", "anything"),
    ("my.own", ""), ("ss_session_id", "123"), ("ss_seed", "-1"), ("sshs_legacy_hash", "e3b0c442"),
    ("sshs_model_hash", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
    ("modelspec.hash_sha256", "0xe3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
    ("modelspec.sai_model_spec", "1.0.1"), ("modelspec.date", "2024-07-20"),
    ("modelspec.date", "2024-07-20T12:30:00.5+02:00"), ("modelspec.date", "2024-07-20T12:30:00Z"),
    ("modelspec.resolution", "1024x1024"), ("modelspec.timestep_range", "0,999"),
    ("modelspec.prediction_type", "v"), ("modelspec.is_negative_embedding", "false"),
    ("modelspec.thumbnail", "data:image/png;base64,iVBORw0KGgo="), ("modelspec.title", "Konrad"),
    ("modelspec.description", ""), ("format", "pt"),
    (
      "lora_adapter_metadata",
      #"{"unet.r": 4, "unet.lora_alpha": 8, "unet.rank_pattern": {"to_q": 2}, "unet.alpha_pattern": {}, "unet.target_modules": ["to_q"], "unet.use_rslora": false, "unet.lora_bias": false}"#
    ),
  ])
  func right(key: String, value: String) { #expect(MetadataCheck.problem(key, value) == nil) }

  @Test(arguments: [
    ("ss_steps", "-1"), ("ss_steps", "many"), ("ss_learning_rate", "fast"), ("ss_learning_rate", "inf"),
    ("ss_v2", "true"), ("ss_network_dim", "16.5"), ("ss_network_alpha", "dynamic"), ("ss_resolution", "(512, )x"),
    ("ss_resolution", ""), ("ss_tag_frequency", #"{"a": 1}"#), ("ss_tag_frequency", "[]"),
    ("ss_dataset_dirs", #"{"a": {"n_repeats": -1, "img_count": 2}}"#), ("ss_datasets", "{}"),
    ("ss_network_args", "not json"), ("ss_mixed_precision", "fp8"), ("ss_session_id", "a"),
    ("sshs_legacy_hash", "e3b0c4"),
    ("sshs_model_hash", "E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855"),
    ("modelspec.hash_sha256", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
    ("modelspec.sai_model_spec", "2"), ("modelspec.date", "yesterday"), ("modelspec.date", "2024-13-20"),
    ("modelspec.date", "2024-07-20T25:00"), ("modelspec.resolution", "1024"), ("modelspec.resolution", "-1x5"),
    ("modelspec.timestep_range", "0"), ("modelspec.prediction_type", "flow"),
    ("modelspec.is_negative_embedding", "True"), ("modelspec.thumbnail", "thumb.png"),
    ("modelspec.thumbnail", "data:image/png;base64,ab"), ("modelspec.title", " "), ("modelspec.colour", "red"),
    ("format", "gguf"), ("", "x"), ("lora_adapter_metadata", "[]"), ("lora_adapter_metadata", #"{"r": 4}"#),
    ("lora_adapter_metadata", #"{"unet.r": 0}"#), ("lora_adapter_metadata", #"{"unet.lora_alpha": "8"}"#),
    ("lora_adapter_metadata", #"{"unet.rank_pattern": {"to_q": 0.5}}"#),
    ("lora_adapter_metadata", #"{"unet.alpha_pattern": 1}"#), ("lora_adapter_metadata", #"{"unet.use_rslora": 1}"#),
    ("lora_adapter_metadata", #"{"unet.target_modules": [1]}"#),
  ])
  func wrong(key: String, value: String) throws {
    let problem = try #require(MetadataCheck.problem(key, value))
    #expect(!problem.isEmpty && !problem.hasSuffix("."))
  }
}

/// What stays when a file is given away.
@Suite struct MetadataKeepTests {
  private func fates(_ key: String, _ value: String) -> [MetadataKeep.Fate] {
    [.recipe, .credits, .nothing].map { (keep: MetadataKeep) in keep.fate(of: key, value) }
  }

  @Test(arguments: [
    "format", "lora_adapter_metadata", "troupe.configuration", "troupe.architecture", "_quantization_metadata",
    "unet:0:rank",
    "text_encoder:3:alpha",
    "unet",
  ])
  func whatLoadersNeedStays(key: String) { #expect(fates(key, "1") == [.kept, .kept, .kept]) }

  @Test(arguments: [
    "modelspec.author", "modelspec.license", "modelspec.trigger_phrase", "modelspec.thumbnail", "ss_base_model_version",
    "ss_new_sd_model_hash", "sshs_model_hash", "ss_output_name",
  ])
  func creditsStay(key: String) { #expect(fates(key, "x") == [.kept, .kept, .removed]) }

  @Test(arguments: [
    ("ss_learning_rate", "0.0001"), ("ss_network_dim", "16"), ("ss_training_comment", "for friends"), ("ss_seed", "7"),
    ("ss_bucket_info", #"{"buckets": {"0": {"resolution": [512, 512], "count": 3}}}"#),
    ("ss_network_args", #"{"conv_dim": "8"}"#),
    ("ss_optimizer", "bitsandbytes.optim.adamw.AdamW8bit(weight_decay=0.1)"),
  ])
  func recipesStay(key: String, value: String) { #expect(fates(key, value) == [.kept, .removed, .removed]) }

  @Test(arguments: ["ss_tag_frequency", "my_notes", "prompt", "sshs_cp0", "ss_output_nam"])
  func theRestGoes(key: String) {
    // A key that looks like sd-scripts' is a recipe's.
    #expect(fates(key, #"{"a": {"b": 1}}"#).first == (key == "ss_output_nam" ? .kept : .removed))
    #expect(fates(key, "x").suffix(2) == [.removed, .removed])
  }

  @Test func foldersLoseTheirNames() {
    let dirs = #"{"10_konrad httt": {"n_repeats": 10, "img_count": 24}, "1_reg": {"n_repeats": 1, "img_count": 100}}"#
    #expect(
      MetadataKeep.recipe.fate(of: "ss_dataset_dirs", dirs)
        == .changed(#"{"folder 1":{"n_repeats":10,"img_count":24},"folder 2":{"n_repeats":1,"img_count":100}}"#))
    let datasets =
      #"[{"resolution":[512,512],"tag_frequency":{"k":{"smile":1}},"subsets":[{"image_dir":"konrad","class_tokens":"konrad","num_repeats":3},{"image_dir":"lisar","num_repeats":1},{"image_dir":"konrad","metadata_file":"/home/me/m.json","num_repeats":2}]}]"#
    #expect(
      MetadataKeep.recipe.fate(of: "ss_datasets", datasets)
        == .changed(
          #"[{"resolution":[512,512],"subsets":[{"image_dir":"folder 1","num_repeats":3},{"image_dir":"folder 2","num_repeats":1},{"image_dir":"folder 1","num_repeats":2}]}]"#
        ))
    #expect(MetadataKeep.recipe.fate(of: "ss_dataset_dirs", "broken") == .removed)
  }

  @Test(arguments: [
    ("/home/me/models/base.safetensors", "base.safetensors"), (#"C:\Users\me\base.safetensors"#, "base.safetensors"),
    (#"\\server\share\base.safetensors"#, "base.safetensors"), ("~/base.safetensors", "base.safetensors"),
  ])
  func pathsLoseTheirFolders(path: String, name: String) {
    #expect(MetadataKeep.credits.fate(of: "ss_sd_model_name", path) == .changed(name))
    #expect(MetadataKeep.recipe.fate(of: "ss_vae_name", path) == .changed(name))
    #expect(MetadataKeep.recipe.fate(of: "ss_training_comment", path) == .changed(name))
    #expect(MetadataKeep.credits.fate(of: "ss_sd_model_name", name) == .kept)
  }

  @Test func nestedPathsLoseTheirFolders() {
    #expect(
      MetadataKeep.recipe.fate(
        of: "ot_config", #"{"base_model_name":"/home/me/sdxl.safetensors","concepts":[{"path":"/x/y"}],"lr":1.0}"#)
        == .changed(#"{"base_model_name":"sdxl.safetensors","lr":1.0}"#))
    // What names nothing keeps its spelling.
    #expect(MetadataKeep.recipe.fate(of: "ot_config", #"{ "lr" : 1.0 }"#) == .kept)
  }
}
