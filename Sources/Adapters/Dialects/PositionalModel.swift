/// The layers of Stable Diffusion 1 and 2 in the order in which modules of some classes are met (``PositionalLayers``).
enum PositionalModel {
  typealias Layer = PositionalLayers.Layer

  /// The classes whose layers can be placed.
  static func classes(_ part: ModelPart) -> Set<String> {
    part == .unet ? ["CrossAttention", "Attention", "GEGLU", "ResnetBlock2D"] : ["CLIPAttention", "CLIPMLP"]
  }

  /// The orders and widths that a network may have, likeliest first.
  static func candidates(_ part: ModelPart, classes: Set<String>) -> [[Layer]] {
    guard !classes.isEmpty else { return [] }
    if part != .unet {
      return [(768, 12), (1024, 23), (1024, 24)].map { width, count in
        textEncoder(width: width, layers: count, classes: classes)
      }
    }
    return [768, 1024].flatMap { context in
      [true, false].map { unet(context: context, feedForwardSecond: $0, classes: classes) }
    }
  }

  /// transformers creates an attention's keys, values and queries in this order.
  private static func textEncoder(width: Int, layers: Int, classes: Set<String>) -> [Layer] {
    (0..<layers).flatMap { layer -> [Layer] in
      func make(_ name: String, _ outputs: Int, _ inputs: Int) -> Layer {
        Layer(
          path: ModulePath(part: .textEncoder1, name: "text_model.encoder.layers.\(layer).\(name)"), outputs: outputs,
          channels: inputs)
      }
      let attention = ["k_proj", "v_proj", "q_proj", "out_proj"].map { make("self_attn.\($0)", width, width) }
      let mlp = [make("mlp.fc1", 4 * width, width), make("mlp.fc2", width, 4 * width)]
      return (classes.contains("CLIPAttention") ? attention : []) + (classes.contains("CLIPMLP") ? mlp : [])
    }
  }

  private static let widths = [320, 640, 1280, 1280]
  private static let timeWidth = 1280

  private static func unet(context: Int, feedForwardSecond: Bool, classes: Set<String>) -> [Layer] {
    var layers: [Layer] = []
    func add(_ name: String, _ outputs: Int, _ channels: Int, kernel: [Int] = []) {
      layers.append(
        Layer(path: ModulePath(part: .unet, name: name), outputs: outputs, channels: channels, kernel: kernel))
    }
    func transformer(_ stem: String, _ width: Int) {
      let block = "\(stem).transformer_blocks.0"
      func attention(_ name: String, _ context: Int) {
        guard !classes.isDisjoint(with: ["CrossAttention", "Attention"]) else { return }
        add("\(block).\(name).to_q", width, width)
        for leaf in ["to_k", "to_v"] { add("\(block).\(name).\(leaf)", width, context) }
        add("\(block).\(name).to_out.0", width, width)
      }
      func feedForward() {
        if classes.contains("GEGLU") { add("\(block).ff.net.0.proj", 8 * width, width) }
      }
      attention("attn1", width)
      if feedForwardSecond { feedForward() }
      attention("attn2", context)
      if !feedForwardSecond { feedForward() }
    }
    func residual(_ stem: String, from input: Int, to output: Int) {
      guard classes.contains("ResnetBlock2D") else { return }
      add("\(stem).conv1", output, input, kernel: [3, 3])
      add("\(stem).time_emb_proj", output, timeWidth)
      add("\(stem).conv2", output, output, kernel: [3, 3])
      if input != output { add("\(stem).conv_shortcut", output, input, kernel: [1, 1]) }
    }
    // What each down block hands to the up blocks, last first out: the output of every layer and downsampler.
    var skips = [widths[0]]
    var width = widths[0]
    for (i, output) in widths.enumerated() {
      if i < 3 { for j in 0..<2 { transformer("down_blocks.\(i).attentions.\(j)", output) } }
      for j in 0..<2 {
        residual("down_blocks.\(i).resnets.\(j)", from: width, to: output)
        width = output
        skips.append(width)
      }
      if i < 3 { skips.append(width) }
    }
    for (i, output) in widths.reversed().enumerated() {
      if i > 0 { for j in 0..<3 { transformer("up_blocks.\(i).attentions.\(j)", output) } }
      for j in 0..<3 {
        residual("up_blocks.\(i).resnets.\(j)", from: width + (skips.popLast() ?? 0), to: output)
        width = output
      }
    }
    let middle = widths[3]
    transformer("mid_block.attentions.0", middle)
    for j in 0..<2 { residual("mid_block.resnets.\(j)", from: middle, to: middle) }
    return layers
  }
}
