import SafeTensors

extension UNetConfiguration {
  /// Reads diffusers' `unet/config.json`; what it leaves out is what diffusers takes then.
  init(_ json: ConfigurationObject) throws {
    try json.only([
      "act_fn": "silu", "class_embed_type": .null, "num_class_embeds": .null, "encoder_hid_dim": .null,
      "encoder_hid_dim_type": .null, "time_cond_proj_dim": .null, "time_embedding_type": "positional",
      "time_embedding_dim": .null, "time_embedding_act_fn": .null, "timestep_post_act": .null,
      "resnet_time_scale_shift": "default", "resnet_skip_time_act": .bool(false),
      "resnet_out_scale_factor": .unsigned(1),
      "only_cross_attention": .bool(false), "mid_block_only_cross_attention": .bool(false),
      "dual_cross_attention": .bool(false), "cross_attention_norm": .null, "attention_type": "default",
      "center_input_sample": .bool(false), "flip_sin_to_cos": .bool(true), "freq_shift": .unsigned(0),
      "downsample_padding": .unsigned(1), "mid_block_scale_factor": .unsigned(1), "conv_in_kernel": .unsigned(3),
      "conv_out_kernel": .unsigned(3), "reverse_transformer_layers_per_block": .null,
      "class_embeddings_concat": .bool(false),
    ])
    let channels = try json.sizes("block_out_channels", [320, 640, 1280, 1280])
    let levels = channels.count
    let down = try json.texts(
      "down_block_types", Array(repeating: "CrossAttnDownBlock2D", count: 3) + ["DownBlock2D"])
    let attends = down.map { $0 == "CrossAttnDownBlock2D" }
    let up = attends.reversed().map { $0 ? "CrossAttnUpBlock2D" : "UpBlock2D" }
    guard down.count == levels, down.allSatisfy({ ["CrossAttnDownBlock2D", "DownBlock2D"].contains($0) }),
      try json.texts("up_block_types", up) == up
    else {
      throw json.failure(
        "down_block_types and up_block_types must mirror each other, \(levels) each, of the kinds CrossAttnDownBlock2D and DownBlock2D",
        .unsupported)
    }
    if json["transformer_layers_per_block"]?.elements?.contains(where: { $0.elements != nil }) == true {
      throw json.failure(
        "transformer_layers_per_block differs within a level (a distilled SDXL), which this version does not compute",
        .unsupported)
    }
    let depths = try json.sizes("transformer_layers_per_block", count: levels, Array(repeating: 1, count: levels))
    let middle =
      try json["mid_block_type"] == nil && json.value["mid_block_type"] != nil
      ? "none" : json.text("mid_block_type", "UNetMidBlock2DCrossAttn")
    guard ["UNetMidBlock2DCrossAttn", "UNetMidBlock2D"].contains(middle) else {
      throw json.failure("mid_block_type is \(middle), which this version does not compute", .unsupported)
    }
    let layers = Set(try json.sizes("layers_per_block", count: levels, Array(repeating: 2, count: levels)))
    let contexts = Set(try json.sizes("cross_attention_dim", count: levels, Array(repeating: 1280, count: levels)))
    guard let perLevel = layers.first, let context = contexts.first, layers.count == 1, contexts.count == 1 else {
      throw json.failure("layers_per_block or cross_attention_dim differ between levels", .unsupported)
    }
    // diffusers' own misnomer: the number of heads stands under `attention_head_dim`.
    let headsKey = json["num_attention_heads"] == nil ? "attention_head_dim" : "num_attention_heads"
    self.init(
      channels: channels, transformerLayers: zip(attends, depths).map { $0 ? $1 : 0 },
      middleTransformerLayers: middle == "UNetMidBlock2DCrossAttn" ? depths.last ?? 1 : 0,
      heads: try json.sizes(headsKey, count: levels, Array(repeating: 8, count: levels)), contextWidth: context,
      linearProjections: try json.flag("use_linear_projection", false), sampleSize: try json.size("sample_size", 64))
    layersPerLevel = perLevel
    inputChannels = try json.size("in_channels", 4)
    outputChannels = try json.size("out_channels", 4)
    normGroups = try json.size("norm_num_groups", 32)
    normEpsilon = try json.number("norm_eps", 1e-5)
    upcastsAttention = try json.flag("upcast_attention", false)
    if let kind = json["addition_embed_type"] {
      guard kind == "text_time" else {
        throw json.failure("addition_embed_type is \(kind.text), which this version does not compute", .unsupported)
      }
      addition = Addition(
        timeWidth: try json.size("addition_time_embed_dim"),
        inputWidth: try json.size("projection_class_embeddings_input_dim"))
    }
  }

  /// diffusers' `unet/config.json`.
  var json: JSONValue {
    let attends = transformerLayers.map { $0 > 0 }
    // diffusers takes the middle's depth from the last level, also where that level has no attention.
    let depths = transformerLayers.enumerated().map { level, depth in
      level == channels.count - 1 && depth == 0 ? max(middleTransformerLayers, 1) : max(depth, 1)
    }
    return .object([
      "_class_name": "UNet2DConditionModel", "_diffusers_version": .string(CheckpointWriter.diffusersVersion),
      "act_fn": "silu", "addition_embed_type": addition == nil ? .null : "text_time",
      "addition_time_embed_dim": addition.map { .size($0.timeWidth) } ?? .null,
      "projection_class_embeddings_input_dim": addition.map { .size($0.inputWidth) } ?? .null,
      "attention_head_dim": .sizes(heads), "block_out_channels": .sizes(channels), "center_input_sample": .bool(false),
      "cross_attention_dim": .size(contextWidth),
      "down_block_types": .array(attends.map { $0 ? "CrossAttnDownBlock2D" : "DownBlock2D" }),
      "up_block_types": .array(attends.reversed().map { $0 ? "CrossAttnUpBlock2D" : "UpBlock2D" }),
      "mid_block_type": middleTransformerLayers > 0 ? "UNetMidBlock2DCrossAttn" : "UNetMidBlock2D",
      "downsample_padding": .unsigned(1), "flip_sin_to_cos": .bool(true), "freq_shift": .unsigned(0),
      "in_channels": .size(inputChannels), "out_channels": .size(outputChannels),
      "layers_per_block": .size(layersPerLevel), "mid_block_scale_factor": .unsigned(1),
      "norm_eps": .double(normEpsilon), "norm_num_groups": .size(normGroups), "sample_size": .size(sampleSize),
      "transformer_layers_per_block": .sizes(depths), "upcast_attention": .bool(upcastsAttention),
      "use_linear_projection": .bool(linearProjections),
    ])
  }
}

extension JSONValue: ExpressibleByStringLiteral {
  package init(stringLiteral text: String) { self = .string(text) }

  static func size(_ number: Int) -> JSONValue { .unsigned(UInt64(max(0, number))) }
  static func sizes(_ numbers: [Int]) -> JSONValue { .array(numbers.map { .size($0) }) }
}
