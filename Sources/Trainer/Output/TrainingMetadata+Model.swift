internal import Adapters
internal import Diffusion

extension TrainingMetadata {
  /// What it was trained on.
  var baseModel: [String: String] {
    let isSD2 = base.model.family == .sd2
    var version = "sdxl_base_v1-0"
    if base.model.family != .sdxl { version = (isSD2 ? "sd_v2" : "sd_v1") + (base.predictsVelocity ? "_v" : "") }
    var result = [
      "ss_v2": PythonText.flag(isSD2), "ss_base_model_version": version,
      "ss_sd_model_name": TrainedDataset.lastPart(of: base.path),
      "ss_vae_name": PythonText.text(base.vae.map(TrainedDataset.lastPart)),
      "ss_clip_skip": PythonText.whole(cast.model.clipSkip),
      // 75 is what sd-scripts calls none.
      "ss_max_token_length": cast.model.tokens > 75 ? "\(cast.model.tokens)" : PythonText.none,
    ]
    if let hash = base.sha256 { result["ss_new_sd_model_hash"] = hash.lowercased() }
    return result
  }

  /// What model sites and programs show: the specification's keys.
  var specification: [String: String] {
    let family = base.model.family
    let isXL = family == .sdxl
    let architecture =
      switch family {
      case .sdxl: "stable-diffusion-xl-v1-base"
      case .sd2: base.predictsVelocity ? "stable-diffusion-v2-768-v" : "stable-diffusion-v2-512"
      default: "stable-diffusion-v1"
      }
    let size = dataset.blocks.first?.rule.resolution
    var result = [
      "modelspec.sai_model_spec": "1.0.0", "modelspec.architecture": "\(architecture)/lora",
      "modelspec.implementation": isXL ? "https://github.com/Stability-AI/generative-models" : "diffusers",
      "modelspec.title": file.name, "modelspec.prediction_type": base.predictsVelocity ? "v" : "epsilon",
      "modelspec.encoder_layer": "\(cast.model.clipSkip ?? (family == .sd1 ? 1 : 2))",
    ]
    result["modelspec.date"] = PlainText.timestamp(progress.finishedAt)
    result["modelspec.resolution"] = size.map { "\($0.width)x\($0.height)" }
    let triggers = members.map(\.trigger).filter { !$0.isEmpty }
    if !triggers.isEmpty { result["modelspec.trigger_phrase"] = triggers.joined(separator: ", ") }
    let named = members.map { member in
      let words = [member.trigger, member.className].filter { !$0.isEmpty }.joined(separator: ", ")
      return words.isEmpty ? member.name : "\(member.name) (\(words))"
    }
    if let last = named.last {
      let all = named.count > 1 ? "\(named.dropLast().joined(separator: ", ")) and \(last)" : last
      let company = file.character != nil && cast.characters.count > 1
      result["modelspec.description"] =
        "\(all), trained with Troupe"
        + (company ? " to be used together with the others of a cast of \(cast.characters.count)" : "")
      var tags: [String] = []
      for tag in ["character"] + members.map(\.name) + members.map(\.className) where !tag.isEmpty {
        if !tags.contains(tag) { tags.append(tag) }
      }
      result["modelspec.tags"] = tags.joined(separator: ", ")
    }
    return result
  }
}
