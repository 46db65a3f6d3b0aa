import Adapters

/// Tells what a model looks like from the shapes of its parameters, for files without a configuration.
///
/// Shapes do not show attention heads and the groups of norms. Stable Diffusion's own are taken: 8 heads for SD 1, heads
/// of width 64 for the others and for text encoders, 32 groups. Models that these cannot fit are refused.
struct ShapeInference {
  /// The file, for messages.
  let path: String
  /// The shape of a parameter by its name in diffusers; `nil` where the file lacks it.
  let shape: (NetworkPart, String) -> [Int]?

  private func count(_ part: NetworkPart, _ name: (Int) -> String) -> Int {
    var count = 0
    while shape(part, name(count)) != nil { count += 1 }
    return count
  }

  private func size(_ part: NetworkPart, _ name: String, _ dimension: Int) throws -> Int {
    guard let shape = shape(part, name) else {
      throw failure("the \(part.label) has no \(name), so what it looks like cannot be told; the file is not complete")
    }
    guard shape.indices.contains(dimension), shape[dimension] > 0 else {
      throw failure("\(name) of the \(part.label) has the shape \(shape), which it has in no Stable Diffusion")
    }
    return shape[dimension]
  }

  private func failure(_ detail: String, _ rule: CheckpointError.Rule = .configuration) -> CheckpointError {
    CheckpointError(path: path, rule: rule, detail: detail)
  }

  private func unknown(_ what: String) -> CheckpointError {
    failure(
      "\(what), so heads and groups cannot be told from the shapes; give the model's configuration, or use its folder with config.json files"
    )
  }

  /// The family and the denoising network.
  func unet() throws -> (family: Architecture, unet: UNetConfiguration) {
    let part = NetworkPart.unet
    let levels = count(part) { "down_blocks.\($0).resnets.0.conv1.weight" }
    guard levels > 0 else { throw failure("the UNet has no down blocks; the file is not complete") }
    let channels = try (0..<levels).map { try size(part, "down_blocks.\($0).resnets.0.conv1.weight", 0) }
    func depth(_ stem: String) -> Int { count(part) { "\(stem).transformer_blocks.\($0).attn2.to_k.weight" } }
    let depths = (0..<levels).map { depth("down_blocks.\($0).attentions.0") }
    let middle = depth("mid_block.attentions.0")
    let stems =
      (middle > 0 ? ["mid_block.attentions.0"] : [])
      + (0..<levels).filter { depths[$0] > 0 }.map { "down_blocks.\($0).attentions.0" }
    guard let stem = stems.first else { throw failure("the UNet has no attention to text; it is no Stable Diffusion") }
    let context = try size(part, "\(stem).transformer_blocks.0.attn2.to_k.weight", 1)
    let sizes = shape(part, "add_embedding.linear_1.weight")
    let family: Architecture
    switch (context, sizes != nil) {
    case (768, false): family = .sd1
    case (1024, false): family = .sd2
    case (2048, true): family = .sdxl
    case (1280, true):
      throw failure("is an SDXL refiner, which no character LoRA is made for; use the base model", .family)
    default:
      throw unknown("the UNet reads text of width \(context), as none of SD 1 (768), SD 2 (1024) and SDXL (2048)")
    }
    let width = family == .sd1 ? 8 : 64
    guard channels.allSatisfy({ $0 % 32 == 0 }), zip(channels, depths).allSatisfy({ $1 == 0 || $0 % width == 0 }) else {
      throw unknown("the UNet's channels are \(channels)")
    }
    var unet = UNetConfiguration(
      channels: channels, transformerLayers: depths, middleTransformerLayers: middle,
      heads: channels.map { family == .sd1 ? 8 : max(1, $0 / 64) }, contextWidth: context,
      linearProjections: shape(part, "\(stem).proj_in.weight")?.count == 2, sampleSize: family == .sdxl ? 128 : 64)
    unet.layersPerLevel = count(part) { "down_blocks.0.resnets.\($0).conv1.weight" }
    unet.inputChannels = try size(part, "conv_in.weight", 1)
    unet.outputChannels = try size(part, "conv_out.weight", 0)
    if sizes != nil {
      let input = try size(part, "add_embedding.linear_1.weight", 1)
      let pooled = shape(.textEncoder2, "text_projection.weight")?.first ?? 1280
      guard input > pooled, (input - pooled) % 6 == 0 else {
        throw failure(
          "the second embedding reads \(input) numbers, which \(pooled) of text and six sizes do not make", .unsupported
        )
      }
      unet.addition = .init(timeWidth: (input - pooled) / 6, inputWidth: input)
    }
    return (family, unet)
  }

  /// A text encoder; `nil` where the file has none.
  func textEncoder(_ part: NetworkPart, family: Architecture) throws -> CLIPConfiguration? {
    let token = "text_model.embeddings.token_embedding.weight"
    guard shape(part, token) != nil else { return nil }
    let width = try size(part, token, 1)
    guard width % 64 == 0 else { throw unknown("\(part.label) has the width \(width)") }
    let block = "text_model.encoder.layers."
    var layers = count(part) { "\(block)\($0).layer_norm1.weight" }
    // Single files of SD 2 keep the last of OpenCLIP-H's layers, whose output the model was not trained on.
    if family == .sd2, width == 1024, layers == 24 { layers = 23 }
    guard layers > 0 else { throw failure("\(part.label) has no layers; the file is not complete") }
    var clip = CLIPConfiguration(
      width: width, layers: layers, heads: width / 64, intermediateWidth: try size(part, "\(block)0.mlp.fc1.weight", 0),
      activation: part == .textEncoder1 && family != .sd2 ? .quickGelu : .gelu)
    if part == .textEncoder2 { clip.projection = try size(part, "text_projection.weight", 0) }
    clip.vocabulary = try size(part, token, 0)
    clip.positions = try size(part, "text_model.embeddings.position_embedding.weight", 0)
    clip.endToken = clip.vocabulary - 1
    return clip
  }

  /// The VAE; `nil` where the file has none.
  func vae(family: Architecture) throws -> VAEConfiguration? {
    let part = NetworkPart.vae
    let levels = count(part) { "encoder.down_blocks.\($0).resnets.0.conv1.weight" }
    guard levels > 0, let standard = ModelConfiguration.standard(family)?.vae else { return nil }
    let channels = try (0..<levels).map { try size(part, "encoder.down_blocks.\($0).resnets.0.conv1.weight", 0) }
    guard channels.allSatisfy({ $0 % 32 == 0 }) else { throw unknown("the VAE's channels are \(channels)") }
    var vae = standard
    vae.channels = channels
    vae.pictureChannels = try size(part, "encoder.conv_in.weight", 1)
    vae.latentChannels = try size(part, "decoder.conv_in.weight", 1)
    vae.layersPerLevel = count(part) { "encoder.down_blocks.0.resnets.\($0).conv1.weight" }
    return vae
  }
}
