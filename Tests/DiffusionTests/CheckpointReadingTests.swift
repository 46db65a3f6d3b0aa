import Adapters
import Foundation
import SafeTensors
import Testing
import Torch

@testable import Diffusion

@Suite struct CheckpointReadingTests {
  /// Each parameter of a single file, fused, transposed and reshaped ones too, is the folder's, bit for bit.
  @Test(arguments: CheckpointFixture.families) func singleFilesHoldTheFoldersNumbers(_ family: String) throws {
    let expected = try CheckpointFixture.tensors(family)
    for checkpoint in [try CheckpointFixture.single(family), try ModelCheckpoint(path: CheckpointFixture.path(family))]
    {
      let parameters = try checkpoint.load(expected.map(\.entry))
      for (entry, bytes) in expected {
        let tensor = try parameters.parameter(entry.part, entry.name, shape: entry.shape)
        #expect(tensor.shape == entry.shape)
        #expect(try tensor.scalarType == .f16)
        #expect(try tensor.bytes() == bytes, "\(entry.part) \(entry.name)")
      }
    }
    #expect(expected.count == ["sd1": 654, "sd2": 396, "sdxl": 831][family])
  }

  @Test func theConfigurationOfFoldersIsExact() throws {
    let sd1 = try ModelCheckpoint(path: CheckpointFixture.path("sd1"))
    var unet = UNetConfiguration(
      channels: [4, 8, 8], transformerLayers: [1, 1, 0], middleTransformerLayers: 1, heads: [2, 2, 2], contextWidth: 8,
      linearProjections: false, sampleSize: 16)
    unet.normGroups = 4
    #expect(sd1.configuration.unet == unet)
    #expect(sd1.configuration.family == .sd1)
    #expect(sd1.configuration.vae.channels == [4, 8])
    #expect(sd1.configuration.vae.layersPerLevel == 1)
    #expect(!sd1.configuration.vae.needsRange)
    #expect(sd1.configuration.schedule == ScheduleConfiguration())
    var clip = CLIPConfiguration(width: 8, layers: 2, heads: 2, intermediateWidth: 16, activation: .quickGelu)
    clip.vocabulary = 40
    clip.endToken = 39
    #expect(sd1.configuration.textEncoder1 == clip)
    #expect(sd1.notes.isEmpty)

    let sd2 = try ModelCheckpoint(path: CheckpointFixture.path("sd2")).configuration
    #expect(sd2.family == .sd2)
    #expect(sd2.unet.layersPerLevel == 1)
    #expect(sd2.unet.upcastsAttention)
    #expect(sd2.unet.heads == [1, 2])
    #expect(sd2.schedule.prediction == .velocity)
    #expect(!sd2.schedule.zeroTerminalSNR)

    let sdxl = try ModelCheckpoint(path: CheckpointFixture.path("sdxl")).configuration
    #expect(sdxl.family == .sdxl)
    #expect(sdxl.unet.transformerLayers == [0, 1, 2])
    #expect(sdxl.unet.middleTransformerLayers == 2)
    #expect(sdxl.unet.addition == .init(timeWidth: 4, inputWidth: 36))
    #expect(sdxl.textEncoder1.projection == nil)
    #expect(sdxl.textEncoder2?.projection == 12)
    #expect(sdxl.vae.needsRange)
    #expect(sdxl.schedule.prediction == .velocity)
    #expect(sdxl.schedule.zeroTerminalSNR)
  }

  /// Signs of velocity and of a zero terminal SNR in a single file, and what they outweigh.
  @Test(
    arguments: [
      ([], [:], "", "epsilon", false), (["v_pred"], [:], "", "v_prediction", false),
      (["v_pred", "ztsnr"], [:], "", "v_prediction", true),
      ([], ["modelspec.prediction_type": "v"], "", "v_prediction", false),
      ([], ["ss_v_parameterization": "True", "ss_zero_terminal_snr": "True"], "", "v_prediction", true),
      ([], [:], "model:\n  params:\n    parameterization: \"v\"  # 768\n", "v_prediction", false),
      (["v_pred"], ["ss_v_parameterization": "False"], "", "v_prediction", false),
    ] as [([String], [String: String], String, String, Bool)])
  func predictionsAreRecognised(
    _ markers: [String], _ metadata: [String: String], _ yaml: String, _ prediction: String, _ zero: Bool
  ) throws {
    let folder = try CheckpointFolder()
    var shapes = try CheckpointNames("sdxl").shapes
    for marker in markers { shapes[marker] = [0] }
    let path = folder.path("model.safetensors")
    try CheckpointFixture.writeHollow(path, shapes, metadata: metadata)
    if !yaml.isEmpty { try yaml.write(toFile: folder.path("model.yaml"), atomically: true, encoding: .utf8) }
    let checkpoint = try ModelCheckpoint(path: path)
    #expect(checkpoint.configuration.schedule.prediction.rawValue == prediction)
    #expect(checkpoint.configuration.schedule.zeroTerminalSNR == zero)
    #expect(checkpoint.notes.count == (metadata["ss_v_parameterization"] == "False" ? 1 : 0))
  }

  @Test func anSD2FileThatSaysNothingIsTakenForVelocityAndSaysSo() throws {
    let folder = try CheckpointFolder()
    let path = folder.path("model.safetensors")
    try CheckpointFixture.writeHollow(path, try CheckpointNames("sd2").shapes)
    let checkpoint = try ModelCheckpoint(path: path)
    #expect(checkpoint.configuration.schedule.prediction == .velocity)
    #expect(checkpoint.configuration.unet.sampleSize == 96)
    #expect(checkpoint.notes.count == 1)
    #expect(checkpoint.notes.first?.contains("velocity is assumed") == true)
    try "parameterization: eps".write(toFile: folder.path("model.yaml"), atomically: true, encoding: .utf8)
    let said = try ModelCheckpoint(path: path)
    #expect(said.configuration.schedule.prediction == .epsilon)
    #expect(said.notes.isEmpty)
  }

  /// A UNet alone, with the usual prefix, without it, and in diffusers' names.
  @Test(arguments: ["model.diffusion_model.", "", "diffusers"]) func unetsAlone(_ prefix: String) throws {
    let folder = try CheckpointFolder()
    let path = folder.path("unet.safetensors")
    let lines = try CheckpointNames("sdxl").lines.filter { $0.part == .unet }
    let usual = "model.diffusion_model."
    let shapes = lines.map { line in
      (prefix == "diffusers" ? line.name : prefix + line.stored.key.dropFirst(usual.count), line.shape)
    }
    try CheckpointFixture.writeHollow(path, Dictionary(uniqueKeysWithValues: shapes))
    let checkpoint = try ModelCheckpoint(path: path)
    #expect(checkpoint.configuration.unet == .sdxl)
    #expect(checkpoint.parts == [.unet])
    #expect(checkpoint.notes == ["There is no text encoder 1, no VAE, no text encoder 2 here."])
    try checkpoint.check(lines.map { .init(part: .unet, name: $0.name, shape: $0.shape) })
    let message = CheckpointFixture.message {
      try checkpoint.check([.init(part: .vae, name: "decoder.conv_in.weight", shape: [1])])
    }
    #expect(message == "\(path): there is no VAE (decoder.conv_in.weight): give a complete model [parameters]")
  }

  /// Weights in several files, and weights of a variant.
  @Test func shardsAndVariants() throws {
    let folder = try CheckpointFolder()
    let path = try folder.copy("sd1")
    let unet = try SafeTensorsFile(path: "\(path)/unet/diffusion_pytorch_model.safetensors")
    let tensors = unet.header.tensors
    var map: [String: String] = [:]
    for (index, part) in [tensors[..<300], tensors[300...]].enumerated() {
      let name = "diffusion_pytorch_model-0000\(index + 1)-of-00002.safetensors"
      var contents: [String: (DType, [Int], [UInt8]?)] = [:]
      for tensor in part {
        contents[tensor.name] = (tensor.dtype, tensor.shape, try unet.copy(tensor))
        map[tensor.name] = name
      }
      try CheckpointFixture.write("\(path)/unet/\(name)", contents)
    }
    try FileManager.default.removeItem(atPath: "\(path)/unet/diffusion_pytorch_model.safetensors")
    let index = try JSONSerialization.data(withJSONObject: ["weight_map": map])
    try index.write(to: URL(filePath: "\(path)/unet/diffusion_pytorch_model.safetensors.index.json"))
    try FileManager.default.moveItem(
      atPath: "\(path)/vae/diffusion_pytorch_model.safetensors",
      toPath: "\(path)/vae/diffusion_pytorch_model.fp16.safetensors")
    let checkpoint = try ModelCheckpoint(path: path)
    #expect(checkpoint.notes == ["The VAE is there as fp16 alone."])
    let expected = try CheckpointFixture.tensors("sd1")
    let parameters = try checkpoint.load(expected.map(\.entry))
    for (entry, bytes) in expected {
      #expect(try parameters.parameter(entry.part, entry.name, shape: entry.shape).bytes() == bytes)
    }
    try FileManager.default.removeItem(atPath: "\(path)/unet/diffusion_pytorch_model-00002-of-00002.safetensors")
    let message = CheckpointFixture.message { _ = try ModelCheckpoint(path: path) }
    #expect(message == "\(path)/unet: lacks the part 2 of 2 of its weights; download the folder again [missing-file]")
  }
}
