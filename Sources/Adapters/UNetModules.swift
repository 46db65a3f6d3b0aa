/// Every layer that a LoRA of a Stable Diffusion UNet can name, in diffusers' and in the original (`sgm`, `ldm`)
/// naming.
///
/// One table serves SD 1.x, SD 2.x and SDXL: it is their union, and the two namings relate by the same rule in all of
/// them.
enum UNetModules {
  struct Names {
    var diffusers: String
    var sgm: String
  }

  /// The whole table.
  static let all: [Names] = {
    var table: [Names] = top
    for i in 0..<4 {
      for j in 0..<2 {
        table += resnet("down_blocks.\(i).resnets.\(j)", "input_blocks.\(3 * i + j + 1).0")
        table += attention("down_blocks.\(i).attentions.\(j)", "input_blocks.\(3 * i + j + 1).1")
      }
      table.append(Names(diffusers: "down_blocks.\(i).downsamplers.0.conv", sgm: "input_blocks.\(3 * (i + 1)).0.op"))
    }
    table += resnet("mid_block.resnets.0", "middle_block.0")
    table += attention("mid_block.attentions.0", "middle_block.1")
    table += resnet("mid_block.resnets.1", "middle_block.2")
    for i in 0..<4 {
      for j in 0..<3 {
        table += resnet("up_blocks.\(i).resnets.\(j)", "output_blocks.\(3 * i + j).0")
        table += attention("up_blocks.\(i).attentions.\(j)", "output_blocks.\(3 * i + j).1")
      }
      table.append(Names(diffusers: "up_blocks.\(i).upsamplers.0.conv", sgm: "output_blocks.\(3 * i + 2).2.conv"))
    }
    return table
  }()

  /// SD 1.x and 2.x have no attention before their first upsampler, which moves it up by one place.
  ///
  /// Read, and never written: the table's own form is what loaders of SDXL expect, and SD 1.x is written in
  /// diffusers' names.
  static let alternativeSGM: [Names] = [
    Names(diffusers: "up_blocks.0.upsamplers.0.conv", sgm: "output_blocks.2.1.conv")
  ]

  private static let top = [
    Names(diffusers: "conv_in", sgm: "input_blocks.0.0"),
    Names(diffusers: "time_embedding.linear_1", sgm: "time_embed.0"),
    Names(diffusers: "time_embedding.linear_2", sgm: "time_embed.2"),
    Names(diffusers: "add_embedding.linear_1", sgm: "label_emb.0.0"),
    Names(diffusers: "add_embedding.linear_2", sgm: "label_emb.0.2"),
    Names(diffusers: "conv_norm_out", sgm: "out.0"),
    Names(diffusers: "conv_out", sgm: "out.2"),
  ]

  private static func resnet(_ diffusers: String, _ sgm: String) -> [Names] {
    [
      ("norm1", "in_layers.0"), ("conv1", "in_layers.2"), ("time_emb_proj", "emb_layers.1"), ("norm2", "out_layers.0"),
      ("conv2", "out_layers.3"), ("conv_shortcut", "skip_connection"),
    ].map { Names(diffusers: "\(diffusers).\($0.0)", sgm: "\(sgm).\($0.1)") }
  }

  private static func attention(_ diffusers: String, _ sgm: String) -> [Names] {
    var leaves = ["norm", "proj_in", "proj_out"]
    for block in 0..<10 {
      let stem = "transformer_blocks.\(block)"
      for attention in ["attn1", "attn2"] {
        leaves += ["to_q", "to_k", "to_v", "to_out.0"].map { "\(stem).\(attention).\($0)" }
      }
      leaves += ["ff.net.0.proj", "ff.net.2", "norm1", "norm2", "norm3"].map { "\(stem).\($0)" }
    }
    return leaves.map { Names(diffusers: "\(diffusers).\($0)", sgm: "\(sgm).\($0)") }
  }

  /// The layer at a place in the table.
  static func path(_ place: Int) -> ModulePath { ModulePath(part: .unet, name: all[place].diffusers, order: place) }

  /// Whether diffusers' naming has a layer of this name.
  static func contains(_ diffusers: String) -> Bool { order[diffusers] != nil }

  /// The original name of a layer; nil where no UNet has it.
  static func sgmName(of diffusers: String) -> String? { order[diffusers].map { all[$0].sgm } }

  /// diffusers' name of a layer in the original naming.
  static func diffusersName(sgm: String) -> String? { sgmNames[sgm] }

  private static let sgmNames = Dictionary(
    (all + alternativeSGM).map { ($0.sgm, $0.diffusers) }, uniquingKeysWith: { first, _ in first })

  /// Each layer's place in the table, by its name in diffusers.
  static let order = Dictionary(uniqueKeysWithValues: all.enumerated().map { ($0.element.diffusers, $0.offset) })
}

/// Every layer of a CLIP text encoder that a LoRA can name; 12 layers in CLIP-L, 23 in OpenCLIP-H, 32 in bigG.
enum TextEncoderModules {
  static let all: [String] =
    (0..<32).flatMap { layer in
      [
        "self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj", "self_attn.out_proj", "mlp.fc1", "mlp.fc2",
        "layer_norm1", "layer_norm2",
      ].map { "text_model.encoder.layers.\(layer).\($0)" }
    } + ["text_model.final_layer_norm", "text_projection"]

  /// Whether a text encoder has a layer of this name.
  static func contains(_ name: String) -> Bool { order[name] != nil }

  /// Each layer's place in the table.
  static let order = Dictionary(uniqueKeysWithValues: all.enumerated().map { ($0.element, $0.offset) })
}
