import Adapters
import SafeTensors

extension CheckpointWriter {
  func writeFolder(_ job: WritingJob, _ entries: [ParameterList.Entry], _ report: inout Report) throws {
    let parts = NetworkPart.allCases.filter { part in entries.contains { $0.part == part } }
    var folder = try FolderWriter(path: job.path)
    var tokenizers: [String] = []
    for part in parts {
      guard let json = configuration.json(of: part) else {
        throw failure(job.path, "there are parameters of \(part.label), which the configuration does not describe")
      }
      try folder.makeFolder(part.rawValue)
      try folder.write(Array("\(json.indented)\n".utf8), to: "\(part.rawValue)/config.json")
      var slots: [String: [WritingJob.Piece]] = [:]
      for entry in entries where entry.part == part {
        slots[CanonicalName.of(part, entry.name), default: []].append(WritingJob.Piece(entry: entry, form: .plain))
      }
      let name = part == .unet || part == .vae ? "diffusion_pytorch_model" : "model"
      let place = folder.place("\(part.rawValue)/\(name).safetensors")
      try job.write(slots, to: place, metadata: ["format": "pt"], markers: [], existing: .refuse)
      report.tensors += slots.count
    }
    try folder.makeFolder("scheduler")
    try folder.write(
      Array("\(configuration.schedule.json(family: configuration.family).indented)\n".utf8),
      to: "scheduler/scheduler_config.json")
    for name in ["tokenizer", "tokenizer_2"] {
      guard let source = self.tokenizers?.tokenizerFolder(name) else { continue }
      try folder.makeFolder(name)
      for file in try FolderContents.all(below: source) where !file.isFolder && !file.relative.contains("/") {
        try folder.copy("\(source)/\(file.relative)", to: "\(name)/\(file.relative)")
      }
      tokenizers.append(name)
    }
    let wanted = ["tokenizer"] + (configuration.family == .sdxl ? ["tokenizer_2"] : [])
    let missing = wanted.filter { !tokenizers.contains($0) }
    if !missing.isEmpty {
      report.notes.append(
        "The folder has no \(missing.joined(separator: " and ")), because the source had none; other programs need CLIP's copied into it."
      )
    }
    let index = index(parts: parts, tokenizers: tokenizers)
    try folder.write(Array("\(index.indented)\n".utf8), to: "model_index.json")
    try folder.finish()
  }

  private func index(parts: [NetworkPart], tokenizers: [String]) -> JSONValue {
    let isXL = configuration.family == .sdxl
    func entry(_ library: JSONValue, _ name: JSONValue) -> JSONValue { .array([library, name]) }
    func text(_ part: NetworkPart, _ clip: CLIPConfiguration?) -> JSONValue {
      guard parts.contains(part), let clip else { return entry(.null, .null) }
      return entry("transformers", clip.projection == nil ? "CLIPTextModel" : "CLIPTextModelWithProjection")
    }
    func tokenizer(_ name: String) -> JSONValue {
      tokenizers.contains(name) ? entry("transformers", "CLIPTokenizer") : entry(.null, .null)
    }
    let scheduler = configuration.schedule.json(family: configuration.family)["_class_name"] ?? .null
    var members: [(String, JSONValue)] = [
      ("_class_name", isXL ? "StableDiffusionXLPipeline" : "StableDiffusionPipeline"),
      ("_diffusers_version", .string(Self.diffusersVersion)),
      ("unet", parts.contains(.unet) ? entry("diffusers", "UNet2DConditionModel") : entry(.null, .null)),
      ("vae", parts.contains(.vae) ? entry("diffusers", "AutoencoderKL") : entry(.null, .null)),
      ("text_encoder", text(.textEncoder1, configuration.textEncoder1)), ("tokenizer", tokenizer("tokenizer")),
      ("scheduler", entry("diffusers", scheduler)), ("feature_extractor", entry(.null, .null)),
      ("image_encoder", entry(.null, .null)),
    ]
    if isXL {
      members += [
        ("text_encoder_2", text(.textEncoder2, configuration.textEncoder2)), ("tokenizer_2", tokenizer("tokenizer_2")),
        ("force_zeros_for_empty_prompt", .bool(true)),
      ]
    } else {
      members += [("safety_checker", entry(.null, .null)), ("requires_safety_checker", .bool(false))]
    }
    return .object(members.map { JSONValue.Member(name: $0.0, value: $0.1) })
  }
}

extension ModelConfiguration {
  fileprivate func json(of part: NetworkPart) -> JSONValue? {
    switch part {
    case .unet: unet.json
    case .textEncoder1: textEncoder1.json
    case .textEncoder2: textEncoder2?.json
    case .vae: vae.json
    }
  }
}

extension JSONValue {
  /// JSON with one member of the outermost object on a line, for files that people read.
  var indented: String {
    guard let members, !members.isEmpty else { return text }
    return "{\n" + members.map { "  \(JSONValue.string($0.name).text): \($0.value.text)" }.joined(separator: ",\n")
      + "\n}"
  }
}
