/// How a layer's weight is stored in a checkpoint.
struct CheckpointKey: Hashable {
  /// The weight's key.
  var weight: String
  /// The bias's key.
  var bias: String
  /// Which third of the tensor's rows the layer is, where query, key and value are stored as one; nil for all of it.
  var third: Int?
  /// Whether the weight is stored as `[in, out]`.
  var isTransposed = false

  /// A layer with tensors of its own.
  init(stem: String) {
    weight = stem + ".weight"
    bias = stem + ".bias"
  }

  /// A layer whose keys do not end like others.
  init(weight: String, bias: String, third: Int? = nil, isTransposed: Bool = false) {
    self.weight = weight
    self.bias = bias
    self.third = third
    self.isTransposed = isTransposed
  }
}

/// Where the layers of the base model stand in checkpoints.
enum CheckpointKeys {
  /// The keys a layer may have in a checkpoint of one file, likeliest first; the first that is there counts.
  ///
  /// SD 1.x, SD 2.x and SDXL keep their UNet under one prefix in the original naming. CLIP-L is stored in transformers'
  /// naming, OpenCLIP (SD 2.x and SDXL's second encoder) in its own. Files of a UNet alone have no prefix.
  static func inFile(_ path: ModulePath) -> [CheckpointKey] {
    switch path.part {
    case .unet:
      var names: [String] = []
      if let place = UNetModules.order[path.name] { names.append(UNetModules.all[place].sgm) }
      names += UNetModules.alternativeSGM.filter { $0.diffusers == path.name }.map(\.sgm)
      return (names.map { "model.diffusion_model.\($0)" } + names + [path.name]).map(CheckpointKey.init(stem:))
    // Base models of these families are not read.
    case .transformer, .textEncoder3, .languageModel: return []
    case .textEncoder1:
      let short = path.name.hasPrefix("text_model.") ? String(path.name.dropFirst("text_model.".count)) : path.name
      return [
        "conditioner.embedders.0.transformer.\(path.name)", "cond_stage_model.transformer.\(path.name)",
        // Some early files leave the level out.
        "cond_stage_model.transformer.\(short)",
      ].map(CheckpointKey.init(stem:)) + openCLIP(path.name, prefix: "cond_stage_model.model.")
    case .textEncoder2:
      // SDXL's refiner has this encoder alone, so in the first place.
      return openCLIP(path.name, prefix: "conditioner.embedders.1.model.")
        + openCLIP(path.name, prefix: "conditioner.embedders.0.model.")
    }
  }

  /// The keys a layer has in its network's file of a diffusers folder.
  static func inFolder(_ path: ModulePath) -> [CheckpointKey] { [CheckpointKey(stem: path.name)] }

  /// A text encoder's layer in OpenCLIP's naming, where query, key and value are the thirds of one tensor.
  private static func openCLIP(_ name: String, prefix: String) -> [CheckpointKey] {
    switch name {
    case "text_model.final_layer_norm": return [CheckpointKey(stem: prefix + "ln_final")]
    case "text_projection":
      return [
        CheckpointKey(weight: prefix + "text_projection", bias: prefix + "text_projection.bias", isTransposed: true),
        CheckpointKey(stem: prefix + "text_projection"),
      ]
    default: break
    }
    let beginning = "text_model.encoder.layers."
    guard name.hasPrefix(beginning) else { return [] }
    let pieces = name.dropFirst(beginning.count).split(separator: ".", maxSplits: 1)
    guard pieces.count == 2 else { return [] }
    let block = "\(prefix)transformer.resblocks.\(pieces[0])."
    let leaves = [
      "self_attn.out_proj": "attn.out_proj", "mlp.fc1": "mlp.c_fc", "mlp.fc2": "mlp.c_proj", "layer_norm1": "ln_1",
      "layer_norm2": "ln_2",
    ]
    if let leaf = leaves[String(pieces[1])] { return [CheckpointKey(stem: block + leaf)] }
    let fused = ["self_attn.q_proj": 0, "self_attn.k_proj": 1, "self_attn.v_proj": 2]
    guard let third = fused[String(pieces[1])] else { return [] }
    return [CheckpointKey(weight: block + "attn.in_proj_weight", bias: block + "attn.in_proj_bias", third: third)]
  }
}
