import Adapters

/// The keys of a single file in the original naming (`ldm`, `sgm`, OpenCLIP), for models of any number of levels.
///
/// `Adapters` has the table of the layers that LoRAs name in full-size models; this is the rule behind it, with the
/// parameters that no LoRA names.
struct OriginalNames: Sendable {
  /// The family, which decides the text encoders' places.
  var family: Architecture
  /// The UNet's residual blocks of a level.
  var unetLayers: Int
  /// Which levels of the UNet have attention, from the finest; may be empty where that is not known yet.
  var unetAttends: [Bool]
  /// The VAE's levels.
  var vaeLevels: Int

  /// The names of a model.
  init(_ configuration: ModelConfiguration) {
    family = configuration.family
    unetLayers = configuration.unet.layersPerLevel
    unetAttends = configuration.unet.transformerLayers.map { $0 > 0 }
    vaeLevels = configuration.vae.channels.count
  }

  /// The names of a model of which only the number of blocks is known.
  init(family: Architecture, unetLayers: Int, vaeLevels: Int) {
    self.family = family
    self.unetLayers = unetLayers
    self.vaeLevels = vaeLevels
    unetAttends = []
  }

  /// Where a parameter may stand, likeliest first.
  func places(_ part: NetworkPart, _ name: String) -> [StoredName] {
    let name = CanonicalName.of(part, name)
    switch part {
    case .unet:
      let keys = unet(name)
      return (keys.map { "model.diffusion_model.\($0)" } + keys + [name]).map { StoredName(key: $0) }
    case .vae:
      guard let place = vae(name) else { return [] }
      return ["first_stage_model.", "vae.", ""].map { StoredName(key: $0 + place.key, form: place.form) }
        + [StoredName(key: name)]
    case .textEncoder1:
      let short = name.hasPrefix("text_model.") ? String(name.dropFirst("text_model.".count)) : name
      let own = ["cond_stage_model.transformer.\(name)", "cond_stage_model.transformer.\(short)"].map {
        StoredName(key: $0)
      }
      let sdxl = StoredName(key: "conditioner.embedders.0.transformer.\(name)")
      let open = OpenCLIPNames.place(name, prefix: "cond_stage_model.model.").map { [$0] } ?? []
      return switch family {
      case .sdxl: [sdxl] + own + open
      case .sd2: open + own + [sdxl]
      default: own + open + [sdxl]
      }
    case .textEncoder2:
      return OpenCLIPNames.place(name, prefix: "conditioner.embedders.1.model.").map { [$0] } ?? []
    }
  }

  /// Where a parameter is written; `nil` for names that the original naming does not have.
  func written(_ part: NetworkPart, _ name: String) -> StoredName? {
    let known =
      switch part {
      case .unet: !unet(name).isEmpty
      case .textEncoder1: family != .sd2 || OpenCLIPNames.place(CanonicalName.of(part, name), prefix: "") != nil
      case .textEncoder2, .vae: true
      }
    return known ? places(part, name).first : nil
  }

  // MARK: - UNet

  private static let unetTop = [
    "conv_in": "input_blocks.0.0", "conv_norm_out": "out.0", "conv_out": "out.2",
    "time_embedding.linear_1": "time_embed.0", "time_embedding.linear_2": "time_embed.2",
    "add_embedding.linear_1": "label_emb.0.0", "add_embedding.linear_2": "label_emb.0.2",
  ]
  private static let residual = [
    "norm1": "in_layers.0", "conv1": "in_layers.2", "time_emb_proj": "emb_layers.1", "norm2": "out_layers.0",
    "conv2": "out_layers.3", "conv_shortcut": "skip_connection",
  ]

  private func unet(_ name: String) -> [String] {
    let pieces = name.split(separator: ".").map(String.init)
    guard let leaf = pieces.last else { return [] }
    if let top = Self.unetTop[pieces.dropLast().joined(separator: ".")] { return ["\(top).\(leaf)"] }
    if pieces[0] == "mid_block", pieces.count > 3, let index = Int(pieces[2]) {
      let rest = Array(pieces[3...])
      switch pieces[1] {
      case "attentions": return ["middle_block.\(2 * index + 1).\(rest.joined(separator: "."))"]
      case "resnets": return Self.residualBlock("middle_block.\(2 * index)", rest)
      default: return []
      }
    }
    guard pieces.count > 4, let level = Int(pieces[1]), let index = Int(pieces[3]),
      pieces[0] == "down_blocks" || pieces[0] == "up_blocks"
    else { return [] }
    let isDown = pieces[0] == "down_blocks"
    let rest = Array(pieces[4...])
    let place = level * (unetLayers + 1) + index
    let block = isDown ? "input_blocks.\(place + 1)" : "output_blocks.\(place)"
    switch pieces[2] {
    case "resnets": return Self.residualBlock("\(block).0", rest)
    case "attentions": return ["\(block).1.\(rest.joined(separator: "."))"]
    case "downsamplers": return ["input_blocks.\((level + 1) * (unetLayers + 1)).0.op.\(leaf)"]
    case "upsamplers":
      // The upsampler follows the attention, where there is one.
      let last = "output_blocks.\(level * (unetLayers + 1) + unetLayers)"
      let (with, without) = ("\(last).2.conv.\(leaf)", "\(last).1.conv.\(leaf)")
      let mirrored = unetAttends.count - 1 - level
      guard unetAttends.indices.contains(mirrored) else { return [with, without] }
      return unetAttends[mirrored] ? [with] : [without]
    default: return []
    }
  }

  private static func residualBlock(_ block: String, _ rest: [String]) -> [String] {
    guard rest.count == 2, let place = residual[rest[0]] else { return [] }
    return ["\(block).\(place).\(rest[1])"]
  }

  // MARK: - VAE

  private static let vaeAttention = [
    "group_norm": "norm", "to_q": "q", "to_k": "k", "to_v": "v", "to_out.0": "proj_out",
  ]

  private func vae(_ name: String) -> StoredName? {
    var pieces = name.split(separator: ".").map(String.init)
    guard pieces.count > 2, pieces[0] == "encoder" || pieces[0] == "decoder" else {
      return pieces.count == 2 ? StoredName(key: name) : nil
    }
    if pieces[1] == "conv_norm_out" { pieces[1] = "norm_out" }
    guard pieces.count > 4, let index = Int(pieces[pieces[1] == "mid_block" ? 3 : 2]) else {
      return pieces.count == 3 ? StoredName(key: pieces.joined(separator: ".")) : nil
    }
    var rest = pieces[4...].map { $0 == "conv_shortcut" ? "nin_shortcut" : $0 }
    switch (pieces[1], pieces[2]) {
    case ("mid_block", "resnets"):
      rest = ["mid.block_\(index + 1)"] + rest
    case ("mid_block", "attentions"):
      guard let leaf = rest.last, let layer = Self.vaeAttention[rest.dropLast().joined(separator: ".")] else {
        return nil
      }
      return StoredName(
        key: "\(pieces[0]).mid.attn_1.\(layer).\(leaf)", form: layer != "norm" && leaf == "weight" ? .pointwise : .plain
      )
    default:
      let place = pieces[1] == "up_blocks" ? "up.\(vaeLevels - 1 - index)" : "down.\(index)"
      switch pieces[3] {
      case "resnets": rest = ["\(place).block"] + rest
      case "downsamplers": rest = ["\(place).downsample"] + rest.dropFirst()
      case "upsamplers": rest = ["\(place).upsample"] + rest.dropFirst()
      default: return nil
      }
    }
    return StoredName(key: ([pieces[0]] + rest).joined(separator: "."))
  }
}
