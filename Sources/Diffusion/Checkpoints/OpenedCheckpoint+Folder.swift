import Adapters
import SafeTensors

extension OpenedCheckpoint {
  static func folder(
    _ path: String, configuration: ModelConfiguration?, variant: String?
  ) throws -> OpenedCheckpoint {
    var tensors: [NetworkPart: [String: ModelCheckpoint.FolderTensor]] = [:]
    var notes: [String] = []
    for part in NetworkPart.allCases {
      guard let weights = try FolderWeights(folder: "\(path)/\(part.rawValue)", variant: variant) else { continue }
      var table: [String: ModelCheckpoint.FolderTensor] = [:]
      for file in weights.files {
        for tensor in file.header.tensors {
          table[CanonicalName.of(part, tensor.name)] = .init(file: file, tensor: tensor)
        }
      }
      tensors[part] = table
      if !weights.variant.isEmpty, variant == nil {
        notes.append("The \(part.label) is there as \(weights.variant) alone.")
      }
    }
    guard !tensors.isEmpty else {
      throw CheckpointError(
        path: path, rule: .notCheckpoint,
        detail: "is no diffusers model: unet/, text_encoder/ and vae/ hold no safetensors weights")
    }
    let reader = FolderConfiguration(path: path, tensors: tensors)
    var known: ModelConfiguration
    if let configuration { known = configuration } else { known = try reader.read(&notes) }
    if configuration == nil {
      if let json = try ConfigurationObject.read("\(path)/scheduler/scheduler_config.json") {
        known.schedule = try ScheduleConfiguration(json)
      } else {
        notes.append("There is no scheduler/scheduler_config.json: Stable Diffusion's own schedule is assumed.")
      }
    }
    var opened = OpenedCheckpoint(configuration: known, notes: notes, folder: tensors)
    opened.parts = Set(tensors.filter { part, table in signs[part].map { table[$0] != nil } ?? false }.keys)
    return opened
  }
}

/// Reads the configurations of a diffusers folder.
private struct FolderConfiguration {
  let path: String
  let tensors: [NetworkPart: [String: ModelCheckpoint.FolderTensor]]

  private func json(_ part: NetworkPart) throws -> ConfigurationObject? {
    try ConfigurationObject.read("\(path)/\(part.rawValue)/config.json")
  }

  func read(_ notes: inout [String]) throws -> ModelConfiguration {
    let shapes = ShapeInference(path: path) { tensors[$0]?[$1]?.tensor.shape }
    let family: Architecture
    let unet: UNetConfiguration
    if let json = try json(.unet) {
      unet = try UNetConfiguration(json)
      family = unet.addition != nil ? .sdxl : unet.linearProjections ? .sd2 : .sd1
    } else if tensors[.unet] != nil {
      notes.append("unet/config.json is missing; what the UNet looks like was told from its shapes.")
      (family, unet) = try shapes.unet()
    } else {
      throw CheckpointError(
        path: path, rule: .notCheckpoint, detail: "has no unet/, so it is no Stable Diffusion model")
    }
    guard var result = ModelConfiguration.standard(family) else {
      throw CheckpointError(path: path, rule: .family, detail: "is of no family that this version has")
    }
    result.unet = unet
    func text(_ part: NetworkPart) throws -> CLIPConfiguration? {
      guard let table = tensors[part] else { return nil }
      guard let json = try json(part) else {
        notes.append("\(part.rawValue)/config.json is missing; what \(part.label) looks like was told from its shapes.")
        return try shapes.textEncoder(part, family: family)
      }
      return try CLIPConfiguration(json, projects: table["text_projection.weight"] != nil && part == .textEncoder2)
    }
    if let encoder = try text(.textEncoder1) { result.textEncoder1 = encoder }
    if family == .sdxl, let encoder = try text(.textEncoder2) { result.textEncoder2 = encoder }
    if let json = try json(.vae) {
      result.vae = try VAEConfiguration(json, family: family)
    } else if tensors[.vae] != nil, let vae = try shapes.vae(family: family) {
      notes.append("vae/config.json is missing; what the VAE looks like was told from its shapes.")
      result.vae = vae
    }
    let missing =
      [NetworkPart.textEncoder1, .vae].filter { tensors[$0] == nil }
      + (family == .sdxl && tensors[.textEncoder2] == nil ? [.textEncoder2] : [])
    if !missing.isEmpty { notes.append("There is no \(missing.map(\.label).joined(separator: ", no ")) here.") }
    return result
  }
}
