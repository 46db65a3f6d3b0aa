import Adapters
import SafeTensors
import Testing

@testable import Diffusion

@Suite struct CheckpointNameTests {
  private static let models: [(family: String, configuration: ModelConfiguration)] = [
    ("sd1", .sd15), ("sd2", .sd2), ("sdxl", .sdxl),
  ]

  /// Every parameter of the full models has the key that diffusers reads it from, and no key is left over.
  @Test(arguments: 0..<3) func fullModelsAgreeWithDiffusers(_ index: Int) throws {
    let (family, configuration) = Self.models[index]
    let list = try CheckpointNames(family)
    let names = OriginalNames(configuration)
    var found: Set<StoredName> = []
    for line in list.lines {
      let place = try #require(names.written(line.part, line.name))
      #expect(place == line.stored, "\(line.name)")
      found.insert(place)
    }
    #expect(found.count == list.lines.count)
    // CLIP-L and the VAE hold the same numbers in every family, so the counts are those of the published models.
    let counts = ["sd1": 686 + 248 + 196, "sd2": 686 + 248 + 372, "sdxl": 1680 + 248 + 196 + 517]
    #expect(list.lines.count == counts[family])
    let unet = list.lines.filter { $0.part == .unet }.reduce(0) { $0 + $1.shape.reduce(1, *) }
    #expect(unet == ["sd1": 859_520_964, "sd2": 865_910_724, "sdxl": 2_567_463_684][family])
  }

  /// What single files of full models look like is told from their shapes alone.
  @Test(arguments: 0..<3) func fullModelsAreRecognised(_ index: Int) throws {
    let (family, expected) = Self.models[index]
    let folder = try CheckpointFolder()
    let list = try CheckpointNames(family)
    var shapes = list.shapes
    if family == "sd2" {
      // The layer that SD 2 does not use, and OpenCLIP's projection, are in real files.
      for (key, shape) in list.shapes where key.contains("resblocks.22.") {
        shapes[key.replacing("resblocks.22.", with: "resblocks.23.")] = shape
      }
      shapes["cond_stage_model.model.text_projection"] = [1024, 1024]
    } else if family == "sd1" {
      shapes["cond_stage_model.transformer.text_model.embeddings.position_ids"] = [1, 77]
    }
    let path = folder.path("\(family).safetensors")
    try CheckpointFixture.writeHollow(path, shapes, metadata: ["modelspec.prediction_type": "epsilon"])
    let checkpoint = try ModelCheckpoint(path: path)
    var wanted = expected
    if family == "sd2" { wanted.unet.sampleSize = 64 }  // models that predict noise are those of 512 pixels
    #expect(checkpoint.configuration == wanted)
    #expect(checkpoint.parts.count == (family == "sdxl" ? 4 : 3))
    #expect(checkpoint.notes.isEmpty)
    try checkpoint.check(list.lines.map { ParameterList.Entry(part: $0.part, name: $0.name, shape: $0.shape) })
  }

  /// Names of older diffusers and of transformers 5.
  @Test func oldAttentionNamesAreRead() {
    #expect(
      CanonicalName.of(.vae, "encoder.mid_block.attentions.0.query.weight")
        == "encoder.mid_block.attentions.0.to_q.weight")
    #expect(
      CanonicalName.of(.vae, "decoder.mid_block.attentions.0.proj_attn.bias")
        == "decoder.mid_block.attentions.0.to_out.0.bias")
    #expect(CanonicalName.of(.vae, "decoder.conv_in.weight") == "decoder.conv_in.weight")
    #expect(
      CanonicalName.of(.textEncoder1, "encoder.layers.0.mlp.fc1.bias") == "text_model.encoder.layers.0.mlp.fc1.bias")
    #expect(CanonicalName.of(.textEncoder2, "text_projection.weight") == "text_projection.weight")
  }
}
