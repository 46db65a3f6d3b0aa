import Adapters
import SafeTensors

extension VAEConfiguration {
  /// Reads diffusers' `vae/config.json`.
  ///
  /// - Parameter family: `force_upcast` speaks of SDXL alone: diffusers writes its default, true, for every VAE.
  init(_ json: ConfigurationObject, family: Architecture) throws {
    try json.only([
      "act_fn": "silu", "latents_mean": .null, "latents_std": .null, "shift_factor": .null,
      "mid_block_add_attention": .bool(true), "use_quant_conv": .bool(true), "use_post_quant_conv": .bool(true),
    ])
    let channels = try json.sizes("block_out_channels", [64])
    for (key, kind) in [("down_block_types", "DownEncoderBlock2D"), ("up_block_types", "UpDecoderBlock2D")] {
      let kinds = try json.texts(key, [kind])
      guard kinds == Array(repeating: kind, count: channels.count) else {
        throw json.failure("\(key) must be \(channels.count) times \(kind)", .unsupported)
      }
    }
    self.init(channels: channels, scalingFactor: try json.number("scaling_factor", 0.18215))
    pictureChannels = try json.size("in_channels", 3)
    latentChannels = try json.size("latent_channels", 4)
    layersPerLevel = try json.size("layers_per_block", 1)
    normGroups = try json.size("norm_num_groups", 32)
    needsRange = try family == .sdxl && json.flag("force_upcast", true)
  }

  /// diffusers' `vae/config.json`.
  var json: JSONValue {
    .object([
      "_class_name": "AutoencoderKL", "_diffusers_version": .string(CheckpointWriter.diffusersVersion),
      "act_fn": "silu",
      "block_out_channels": .sizes(channels),
      "down_block_types": .array(channels.map { _ in "DownEncoderBlock2D" }),
      "up_block_types": .array(channels.map { _ in "UpDecoderBlock2D" }), "force_upcast": .bool(needsRange),
      "in_channels": .size(pictureChannels), "out_channels": .size(pictureChannels),
      "latent_channels": .size(latentChannels), "layers_per_block": .size(layersPerLevel),
      "norm_num_groups": .size(normGroups), "sample_size": .size(64 * reduction),
      "scaling_factor": .double(scalingFactor),
    ])
  }
}
