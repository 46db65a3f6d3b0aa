import Adapters
import SafeTensors

/// What opening a base model found.
struct OpenedCheckpoint {
  var configuration: ModelConfiguration
  var notes: [String] = []
  var file: SafeTensorsFile?
  var folder: [NetworkPart: [String: ModelCheckpoint.FolderTensor]] = [:]
  var parts: Set<NetworkPart> = []

  /// A parameter that a network cannot be without.
  static let signs: [NetworkPart: String] = [
    .unet: "conv_in.weight", .textEncoder1: "text_model.embeddings.token_embedding.weight",
    .textEncoder2: "text_model.embeddings.token_embedding.weight", .vae: "decoder.conv_in.weight",
  ]

  // MARK: - Single files

  private static let adapterEndings = [
    "lora_up.weight", "lora_down.weight", "lora_A.weight", "lora_B.weight", "hada_w1_a", "lokr_w1", "lokr_w1_a",
    "lora.up.weight", "lora.down.weight", "lora_linear_layer.up.weight", "oft_blocks", "dora_scale",
  ]

  static func singleFile(_ path: String, configuration: ModelConfiguration?) throws -> OpenedCheckpoint {
    let file = try SafeTensorsFile(path: path)
    func failure(_ rule: CheckpointError.Rule, _ detail: String) -> CheckpointError {
      CheckpointError(path: path, rule: rule, detail: detail)
    }
    let keys = file.header.tensors.lazy.map(\.name)
    if keys.contains(where: { key in adapterEndings.contains(where: key.hasSuffix) }) {
      throw failure(
        .adapter, "is a LoRA or another adapter, not a base model; give the model here and the adapter beside it")
    }
    guard let summary = CheckpointSummary(file: file) else {
      throw failure(.notCheckpoint, "holds no network of a base model (\(file.header.tensors.count) tensors)")
    }
    guard [.sd1, .sd2, .sdxl, .unknown].contains(summary.architecture) else {
      throw failure(
        .family, "is a model of the family \(summary.architecture.label); this version has Stable Diffusion 1, 2 and XL"
      )
    }
    if let scaled = keys.first(where: { $0 == "scaled_fp8" || $0.hasSuffix(".scale_weight") }) {
      throw failure(
        .format,
        "has 8-bit weights with scales of their own (\(scaled)), which are not read; use a plain FP8, F16 or BF16 file")
    }
    let stored = try file.header.metadata[ModelConfiguration.metadataKey].map {
      try ModelConfiguration(metadata: $0, path: path)
    }
    var opened: OpenedCheckpoint
    if let known = configuration ?? stored {
      opened = OpenedCheckpoint(configuration: known, file: file)
      opened.findParts(OriginalNames(known))
    } else {
      opened = try inferred(file, summary: summary)
    }
    guard !opened.parts.isEmpty else {
      throw failure(
        .notCheckpoint, "has parts of a base model, but neither a UNet, a text encoder nor a VAE to begin with")
    }
    opened.noteMissingParts()
    return opened
  }

  private mutating func findParts(_ names: OriginalNames) {
    guard let file else { return }
    parts = Set(
      Self.signs.filter { part, name in ParameterPlace(names.places(part, name), in: file) != nil }.keys)
  }

  private mutating func noteMissingParts() {
    let wanted: [NetworkPart] = [.unet, .textEncoder1, .vae] + (configuration.family == .sdxl ? [.textEncoder2] : [])
    let missing = wanted.filter { !parts.contains($0) }
    guard !missing.isEmpty else { return }
    notes.append("There is no \(missing.map(\.label).joined(separator: ", no ")) here.")
  }

  private static func inferred(_ file: SafeTensorsFile, summary: CheckpointSummary) throws -> OpenedCheckpoint {
    let structure = FileStructure(file)
    var names = OriginalNames(
      family: summary.architecture, unetLayers: structure.unetLayers, vaeLevels: structure.vaeLevels)
    func shapes(_ names: OriginalNames) -> ShapeInference {
      ShapeInference(path: file.path) { ParameterPlace(names.places($0, $1), in: file)?.shape }
    }
    guard ParameterPlace(names.places(.unet, "conv_in.weight"), in: file) != nil else {
      throw CheckpointError(
        path: file.path, rule: .configuration,
        detail: "has no UNet, so its family cannot be told; give the model's configuration, or the whole model")
    }
    let (family, unet) = try shapes(names).unet()
    names.family = family
    guard var configuration = ModelConfiguration.standard(family) else {
      throw CheckpointError(path: file.path, rule: .family, detail: "is of no family that this version has")
    }
    configuration.unet = unet
    let inference = shapes(names)
    if let text = try inference.textEncoder(.textEncoder1, family: family) { configuration.textEncoder1 = text }
    if family == .sdxl, let text = try inference.textEncoder(.textEncoder2, family: family) {
      configuration.textEncoder2 = text
    }
    if let vae = try inference.vae(family: family) { configuration.vae = vae }
    var signs = try PredictionSigns(file: file, summary: summary)
    if family == .sd2, !signs.isKnown {
      // diffusers takes 2.1 for 768 pixels then.
      signs.schedule.prediction = .velocity
      signs.notes.append(
        "Nothing says whether this SD 2 model predicts noise or velocity: velocity is assumed, as for 768 pixels. A .yaml of the same name beside it decides with 'parameterization: eps' or 'v'."
      )
    }
    configuration.schedule = signs.schedule
    if family == .sd2, signs.schedule.prediction == .velocity {
      configuration.unet.sampleSize = 96
      configuration.unet.upcastsAttention = true
    }
    var opened = OpenedCheckpoint(configuration: configuration, notes: signs.notes, file: file)
    opened.findParts(OriginalNames(configuration))
    if family != .sdxl { opened.parts.remove(.textEncoder2) }
    return opened
  }
}

/// The numbers that a single file's keys are made with, found before anything else is known.
private struct FileStructure {
  var unetLayers = 2
  var vaeLevels = 0

  init(_ file: SafeTensorsFile) {
    var blocks: Set<Int> = []
    var downsamplers: Set<Int> = []
    for tensor in file.header.tensors {
      let pieces = tensor.name.split(separator: ".")
      if let at = pieces.firstIndex(of: "input_blocks"), pieces.count > at + 3, let block = Int(pieces[at + 1]) {
        blocks.insert(block)
        if pieces[at + 3] == "op" { downsamplers.insert(block) }
      }
      if let at = pieces.firstIndex(of: "encoder"), pieces.count > at + 2, pieces[at + 1] == "down",
        let level = Int(pieces[at + 2]), level < 16
      {
        vaeLevels = max(vaeLevels, level + 1)
      }
    }
    // The first downsampler ends the first level; a model of one level has none.
    if let first = downsamplers.min() {
      unetLayers = max(1, first - 1)
    } else if let last = blocks.max() {
      unetLayers = max(1, last)
    }
  }
}
