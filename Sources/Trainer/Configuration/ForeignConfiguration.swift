internal import TOML

/// Files of other programs, recognised so that the error can name them.
enum ForeignConfiguration {
  /// Refuses what is no TOML at all.
  static func refuse(_ text: String, path: String, subject: String) throws(TOMLError) {
    let start = text.unicodeScalars.drop { $0.properties.isWhitespace || $0 == "\u{FEFF}" }
    func has(_ key: String) -> Bool { text.contains("\"\(key)\"") }
    var found: String?
    if start.first == "{" {
      found =
        if has("LoRA_type") || has("train_data_dir") {
          "the saved settings of the kohya_ss window (bmaltais); its \"train_data_dir\" is a folder that --dataset-config takes"
        } else if has("concepts") || has("concept_file_name") || has("training_method") {
          "a configuration of OneTrainer"
        } else if has("model_type") && has("pretrained_model_name_or_path") {
          "a configuration of SimpleTuner"
        } else {
          "JSON, not TOML"
        }
    } else if start.first == "[", start.dropFirst().first(where: { !$0.properties.isWhitespace }) == "{" {
      found =
        has("instance_data_dir") || has("caption_strategy")
        ? "a list of data backends of SimpleTuner"
        : has("text") && has("path") ? "a list of concepts of OneTrainer" : "JSON, not TOML"
    } else {
      let lines = text.pieces(by: "\n").map(\.trimmed)
      if lines.contains("---") || lines.contains("config:") || lines.contains(where: { $0.hasPrefix("job: ") }) {
        found =
          lines.contains { $0.hasPrefix("job:") } ? "a configuration of ai-toolkit (YAML)" : "YAML, not TOML"
      }
    }
    if let found { throw refusal(found, path: path, subject: subject) }
  }

  /// Refuses TOML that is written for others.
  /// - Parameter alsoKohya: whether sd-scripts' dataset configuration is one of the others.
  static func refuse(
    _ table: TOMLTable, path: String, subject: String, alsoKohya: Bool
  ) throws(TOMLError) {
    let roots = Set(table.entries.map(\.key))
    func tables(_ key: String) -> [TOMLTable] {
      switch table[key]?.value {
      case .tables(let tables): tables
      case .table(let table): [table]
      default: []
      }
    }
    let nested = roots.union(table.entries.flatMap { tables($0.key).flatMap { $0.entries.map(\.key) } })
    let datasetKeys = Set(tables("datasets").flatMap { $0.entries.map(\.key) })
    var found: String?
    if !datasetKeys.isDisjoint(with: [
      "image_directory", "video_directory", "image_jsonl_file", "video_jsonl_file", "cache_directory",
    ]) {
      found = "a dataset of musubi-tuner; write [[datasets.subsets]] with image_dir instead of image_directory"
    } else if !roots.isDisjoint(with: ["directory", "ar_buckets", "enable_ar_bucket", "micro_batch_size_per_gpu"]) {
      found = "a configuration of diffusion-pipe; write [[datasets]] and [[datasets.subsets]] with image_dir instead"
    } else if !roots.isDisjoint(with: [
      "module_algo_map", "name_algo_map", "unet_target_module", "unet_target_name", "text_encoder_target_module",
    ]) {
      found = "a preset of LyCORIS, which says which layers are trained; a cast has [network] targets for that"
    } else if !nested.isDisjoint(with: ["pretrained_model_name_or_path", "network_module", "train_data_dir"]) {
      found =
        "the training options of sd-scripts (--config_file), without the pictures; give its dataset configuration, or write a cast"
    } else if alsoKohya, !roots.isDisjoint(with: ["datasets", "general"]) {
      found = "a dataset configuration of sd-scripts; give it as --dataset-config beside a cast"
    } else if !alsoKohya, !roots.isDisjoint(with: ["character", "regularization"]) {
      found = "a cast and no dataset configuration; give it as the cast itself"
    }
    if let found { throw refusal(found, path: path, subject: subject) }
  }

  private static func refusal(_ what: String, path: String, subject: String) -> TOMLError {
    TOMLError(path: path, line: nil, subject: subject, rule: .foreign, detail: "this is \(what)")
  }
}
