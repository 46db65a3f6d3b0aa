import Foundation
import SafeTensors
import Testing
import Torch

@testable import Diffusion

@Suite struct CheckpointErrorTests {
  private func message(_ path: String, _ configuration: ModelConfiguration? = nil) -> String {
    CheckpointFixture.message { _ = try ModelCheckpoint(path: path, configuration: configuration) }
  }

  @Test func missingAndMisshapenParametersGiveOneSentence() throws {
    let folder = try CheckpointFolder()
    let path = folder.path("model.safetensors")
    let stem = "model.diffusion_model."
    try CheckpointFixture.write(
      path,
      [
        "\(stem)input_blocks.0.0.weight": (.f16, [4, 4, 3, 3], nil), "\(stem)input_blocks.0.0.bias": (.f16, [4], nil),
        "\(stem)out.2.bias": (.f16, [5], nil),
      ])
    let checkpoint = try ModelCheckpoint(path: path, configuration: .sd15)
    let needs: [ParameterList.Entry] = [
      .init(part: .unet, name: "conv_in.weight", shape: [4, 4, 3, 3]),
      .init(part: .unet, name: "conv_in.bias", shape: [3]),
      .init(part: .unet, name: "conv_out.bias", shape: [4]),
      .init(part: .unet, name: "conv_out.weight", shape: [4, 4, 3, 3]),
      .init(part: .vae, name: "quant_conv.weight", shape: [8, 8, 1, 1]),
      .init(part: .vae, name: "quant_conv.bias", shape: [8]),
    ]
    let expected =
      "\(path): the UNet lacks 1 of 4 parameters (conv_out.weight); 2 of 4 parameters of the UNet have another shape "
      + "(conv_in.bias is [4], not [3], conv_out.bias is [5], not [4]); there is no VAE (2 parameters): "
      + "the file is a Stable Diffusion 1.x model of other sizes than the one it was to be read into [parameters]"
    #expect(CheckpointFixture.message { _ = try checkpoint.load(needs) } == expected)
    // A source without a list says the same when it is asked.
    let source = try checkpoint.load([])
    #expect(
      CheckpointFixture.message { _ = try source.parameter(.unet, "conv_out.weight", shape: [4, 4, 3, 3]) }
        == "\(path): the UNet lacks 1 of 1 parameters (conv_out.weight): give a complete model [parameters]")
  }

  @Test func aLongListIsCutShort() throws {
    let checkpoint = try CheckpointFixture.single("sd1")
    let needs =
      (0..<5).map { ParameterList.Entry(part: .unet, name: "x\($0).weight", shape: [1]) }
      + [ParameterList.Entry(part: .unet, name: "conv_in.bias", shape: [4])]
    #expect(
      CheckpointFixture.message { try checkpoint.check(needs) }.contains(
        "the UNet lacks 5 of 6 parameters (x0.weight, x1.weight, x2.weight, …)"))
  }

  @Test func otherFilesAreNamedForWhatTheyAre() throws {
    let folder = try CheckpointFolder()
    let lora = folder.path("lora.safetensors")
    try CheckpointFixture.write(
      lora, ["lora_unet_mid_block_attentions_0_proj_in.lora_down.weight": (.f16, [1, 1], nil)])
    #expect(message(lora).hasSuffix("give the model here and the adapter beside it [adapter]"))
    let peft = folder.path("peft.safetensors")
    try CheckpointFixture.write(peft, ["unet.mid_block.attentions.0.proj_in.lora_A.weight": (.f16, [1, 1], nil)])
    #expect(message(peft).hasSuffix("[adapter]"))
    let other = folder.path("other.safetensors")
    try CheckpointFixture.write(other, ["blocks.0.weight": (.f16, [1], nil)])
    #expect(message(other) == "\(other): holds no network of a base model (1 tensors) [not-checkpoint]")
    let flux = folder.path("flux.safetensors")
    try CheckpointFixture.write(flux, ["double_blocks.0.img_attn.proj.weight": (.f16, [1], nil)])
    #expect(message(flux).contains("is a model of the family Flux.1; this version has"))
    let scaled = folder.path("scaled.safetensors")
    try CheckpointFixture.write(
      scaled,
      ["model.diffusion_model.out.2.weight": (.f8E4M3, [1], nil), "scaled_fp8": (.f8E4M3, [0], nil)])
    #expect(message(scaled).hasSuffix("use a plain FP8, F16 or BF16 file [format]"))
    let edm = folder.path("edm.safetensors")
    var shapes = try CheckpointNames("sdxl").shapes
    shapes["edm_vpred.sigma_max"] = []
    try CheckpointFixture.writeHollow(edm, shapes)
    #expect(message(edm).contains("EDM's noise schedule (edm_vpred.sigma_max)"))
    let vae = folder.path("vae.safetensors")
    try CheckpointFixture.write(vae, ["first_stage_model.decoder.conv_in.weight": (.f16, [1], nil)])
    #expect(message(vae).contains("has no UNet, so its family cannot be told"))
    let empty = folder.path("empty")
    try FileManager.default.createDirectory(atPath: empty, withIntermediateDirectories: true)
    #expect(message(empty).hasSuffix("unet/, text_encoder/ and vae/ hold no safetensors weights [not-checkpoint]"))
    #expect(message(folder.path("nothing.safetensors")).hasSuffix("[cannot-open]"))
  }

  @Test func truncatedFilesSaySo() throws {
    let folder = try CheckpointFolder()
    let path = folder.path("cut.safetensors")
    let whole = try Data(contentsOf: URL(filePath: CheckpointFixture.path("sd1.safetensors")))
    try whole.dropLast(1000).write(to: URL(filePath: path))
    #expect(message(path).contains("the file is truncated"))
    // Cut off after it was opened: an error, and no signal.
    try whole.write(to: URL(filePath: path))
    let checkpoint = try ModelCheckpoint(path: path, configuration: try CheckpointFixture.single("sd1").configuration)
    let handle = try #require(FileHandle(forWritingAtPath: path))
    try handle.truncate(atOffset: UInt64(whole.count / 2))
    try handle.close()
    let entries = try CheckpointFixture.entries("sd1")
    let text = CheckpointFixture.message {
      let source = try checkpoint.load(entries)
      for entry in entries { _ = try source.parameter(entry.part, entry.name, shape: entry.shape) }
    }
    #expect(text.contains("cannot be read to its end; the file was cut off"))
  }

  @Test func smallModelsWithoutAConfigurationAreRefused() {
    for family in CheckpointFixture.families {
      let text = message(CheckpointFixture.path("\(family).safetensors"))
      #expect(text.contains("give the model's configuration") && text.hasSuffix("[configuration]"), "\(text)")
    }
  }

  @Test func weightsOfOtherFormatsAreRefused() throws {
    let folder = try CheckpointFolder()
    let path = folder.path("model.safetensors")
    try CheckpointFixture.write(path, ["model.diffusion_model.input_blocks.0.0.weight": (.i8, [2], nil)])
    let source = try ModelCheckpoint(path: path, configuration: .sd15).load([])
    #expect(
      CheckpointFixture.message { _ = try source.parameter(.unet, "conv_in.weight", shape: [2]) }
        == "\(path): model.diffusion_model.input_blocks.0.0.weight is stored as I8, which is no format of weights [format]"
    )
  }

  /// Settings of a folder's configuration that are damaged or change what is computed.
  @Test(arguments: [
    (
      "unet", "\"norm_num_groups\": 4", "\"norm_num_groups\": 0",
      "norm_num_groups is 0, not a whole number from 1 [configuration]"
    ),
    ("unet", "\"norm_num_groups\": 4", "\"norm_num_groups\": [", "is not JSON"),
    ("unet", "\"act_fn\": \"silu\"", "\"act_fn\": \"gelu\"", "act_fn is \"gelu\", which Stable Diffusion"),
    ("unet", "\"time_cond_proj_dim\": null", "\"time_cond_proj_dim\": 256", "time_cond_proj_dim is 256"),
    ("unet", "\"CrossAttnUpBlock2D\"", "\"AttnUpBlock2D\"", "must mirror each other"),
    ("unet", "\"class_embed_type\": null", "\"class_embed_type\": \"timestep\"", "class_embed_type is \"timestep\""),
    ("vae", "\"shift_factor\": null", "\"shift_factor\": 0.1", "shift_factor is 0.1"),
    ("vae", "\"act_fn\": \"silu\"", "\"scaling_factor\": \"x\", \"a\": 1", "[configuration]"),
    ("text_encoder", "\"hidden_act\": \"quick_gelu\"", "\"hidden_act\": \"relu\"", "hidden_act is relu"),
    ("scheduler", "\"prediction_type\": \"epsilon\"", "\"prediction_type\": \"sample\"", "prediction_type sample"),
    ("scheduler", "\"trained_betas\": null", "\"trained_betas\": [0.1]", "trained_betas is [0.1]"),
  ]) func badConfigurationsAreRefused(_ part: String, _ old: String, _ new: String, _ expected: String) throws {
    let folder = try CheckpointFolder()
    let path = try folder.copy("sd1")
    let file = "\(path)/\(part)/\(part == "scheduler" ? "scheduler_config" : "config").json"
    let text = try String(contentsOfFile: file, encoding: .utf8)
    #expect(text.contains(old))
    let changed =
      part == "vae" && new.contains("scaling_factor")
      ? text.replacing("0.18215", with: "\"x\"") : text.replacing(old, with: new)
    try changed.write(toFile: file, atomically: true, encoding: .utf8)
    let found = message(path)
    #expect(found.hasPrefix(file) && found.contains(expected), "\(found)")
  }

  @Test func picklesAndUnknownVariantsAreRefused() throws {
    let folder = try CheckpointFolder()
    let path = try folder.copy("sd1")
    #expect(
      CheckpointFixture.message { _ = try ModelCheckpoint(path: path, variant: "bf16") }
        == "\(path)/unet: has no weights of the variant bf16, only plain ones [missing-file]")
    let weights = "\(path)/vae/diffusion_pytorch_model"
    try FileManager.default.moveItem(atPath: "\(weights).safetensors", toPath: "\(weights).bin")
    #expect(
      message(path)
        == "\(weights).bin: is a pickle, which can run code and is not read; save the model as safetensors [format]")
  }

  @Test func damagedMetadataIsNamed() throws {
    let folder = try CheckpointFolder()
    let path = folder.path("model.safetensors")
    let tensors = ["model.diffusion_model.input_blocks.0.0.weight": (DType.f16, [1], nil as [UInt8]?)]
    try CheckpointFixture.write(path, tensors, metadata: [ModelConfiguration.metadataKey: "{\"family\":\"flux\"}"])
    #expect(message(path).hasSuffix("family is flux, none of sd1, sd2 and sdxl [configuration]"))
    try CheckpointFixture.write(path, tensors, metadata: [ModelConfiguration.metadataKey: "{\"family\":\"sd1\"}"])
    #expect(message(path).hasSuffix("unet is missing [configuration]"))
  }
}
