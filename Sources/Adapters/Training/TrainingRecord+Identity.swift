import SafeTensors

extension TrainingRecord {
  /// Who and what made the file, and when.
  public struct Identity: Sendable, Codable, Equatable {
    /// The name the trainer saved it under.
    public var outputName: String?
    /// The published title.
    public var title: String?
    /// The author, as published.
    public var author: String?
    /// The licence, as published.
    public var license: String?
    /// The program that wrote it, with its version where known; `"unknown"` otherwise.
    public var trainer: String
    /// The program's revision (a commit hash).
    public var trainerRevision: String?
    /// The random number kohya's scripts give each run; files of one run share it.
    public var sessionID: String?
    /// When training began, in seconds since 1970 (UTC).
    public var startedAt: Double?
    /// When the file was saved, in seconds since 1970 (UTC).
    public var finishedAt: Double?
    /// Seconds from the beginning to the save; nil when the two make no sense together.
    public var durationSeconds: Double?
    /// The maker's remark.
    public var comment: String?
    /// What the file is, as published.
    public var description: String?
    /// How it is to be used, as published.
    public var usageHint: String?
    /// The tags it was published under.
    public var tags: String?
    /// When it was published, as it says itself.
    public var date: String?
    /// The version that the maker gave it.
    public var version: String?

    init(reading reader: inout MetadataReader) {
      outputName = reader.text("ss_output_name") ?? reader.text("name")
      title = reader.text("modelspec.title")
      author = reader.text("modelspec.author")
      license = reader.text("modelspec.license")
      trainer = Self.trainer(&reader)
      trainerRevision = reader.text("ss_sd_scripts_commit_hash") ?? reader.text("ot_revision")
      sessionID = reader.text("ss_session_id")
      startedAt = reader.number("ss_training_started_at")
      finishedAt = reader.number("ss_training_finished_at")
      if let startedAt, let finishedAt, finishedAt >= startedAt { durationSeconds = finishedAt - startedAt }
      comment = reader.text("ss_training_comment")
      description = reader.text("modelspec.description")
      usageHint = reader.text("modelspec.usage_hint")
      tags = reader.text("modelspec.tags")
      date = reader.text("modelspec.date")
      version = reader.text("version")
      // What says nothing of the training: formats, the name's other place, and a picture.
      reader.take(
        "format", "name", "modelspec.sai_model_spec", "modelspec.implementation", "modelspec.thumbnail",
        "modelspec.resolution", "modelspec.encoder_layer", "sshs_legacy_hash", "ot_branch", "ot_config",
        "ot_revision", "training_info", "lora_adapter_metadata")
    }

    /// Tells the trainer by the keys that only it writes, the most specific first.
    private static func trainer(_ reader: inout MetadataReader) -> String {
      if let cast = reader.json(Cast.key), cast.members != nil {
        return cast["troupe"]?.filledText.map { "Troupe \($0)" } ?? "Troupe"
      }
      if let software = reader.json("software"), let name = software["name"]?.filledText {
        return software["version"]?.filledText.map { "\(name) \($0)" } ?? name
      }
      if reader.has("ot_branch") || reader.has("ot_revision") || reader.has("ot_config") {
        return "OneTrainer"
      }
      if reader.has("sshs_ratio") || reader.keys.contains(where: { $0.hasPrefix("sshs_cp") }) {
        return "supermerger merge"
      }
      let module = reader.text("ss_network_module") ?? ""
      if ["ss_num_train_items", "ss_fp8_llm", "ss_full_bf16"].contains(where: reader.has) {
        return "musubi-tuner"
      }
      if reader.has("modelspec.merged_from"), !reader.has("ss_training_started_at") {
        return "kohya sd-scripts merge"
      }
      if module.hasPrefix("lycoris") { return "LyCORIS via sd-scripts" }
      if reader.has("ss_lr_step_rules") { return "TrainTrain" }
      if reader.has("ss_sd_scripts_commit_hash") || module.hasPrefix("networks.") {
        return "kohya sd-scripts"
      }
      if reader.keys.contains(where: {
        $0.hasPrefix("ss_") && $0 != "ss_network_dim" && $0 != "ss_network_alpha"
      }),
        reader.has("ss_training_started_at") || reader.has("ss_learning_rate")
      {
        return "a kohya-style trainer"
      }
      if reader.has("lora_adapter_metadata") { return "diffusers" }
      if reader.has("unet:0:rank") { return "cloneofsimo/lora" }
      if reader.text("format") == "pt" { return "diffusers or PEFT" }
      return "unknown"
    }
  }
}
