import Foundation
import SafeTensors
import Testing

@testable import Adapters

/// Folders and indices as models.
@Suite struct ModelFilesTests {
  private func makeFolder(_ folder: TemporaryFolder, _ names: String...) throws {
    for name in names {
      try FileManager.default.createDirectory(atPath: folder.path(name), withIntermediateDirectories: true)
    }
  }

  /// A pipeline: a UNet in two files, two text encoders, an autoencoder, a scheduler.
  private func pipeline() throws -> TemporaryFolder {
    let folder = try TemporaryFolder()
    try makeFolder(folder, "unet", "vae", "text_encoder", "text_encoder_2", "scheduler")
    try folder.write("{}", to: "model_index.json")
    try folder.write(
      #"{"prediction_type": "v_prediction", "rescale_betas_zero_snr": true}"#, to: "scheduler/scheduler_config.json")
    try makeFile(["conv_in.weight": MadeTensor(4, 3)], in: folder, "unet/m-00001-of-00002.safetensors")
    try makeFile(
      ["down_blocks.1.attentions.0.transformer_blocks.0.attn2.to_k.weight": MadeTensor(2, 2048)], in: folder,
      "unet/m-00002-of-00002.safetensors")
    try folder.write(
      #"{"metadata": {}, "weight_map": {"conv_in.weight": "m-00001-of-00002.safetensors", "down_blocks.1.attentions.0.transformer_blocks.0.attn2.to_k.weight": "m-00002-of-00002.safetensors"}}"#,
      to: "unet/m.safetensors.index.json")
    try makeFile(["decoder.conv_in.weight": MadeTensor(2, 2)], in: folder, "vae/model.safetensors")
    try makeFile(["decoder.conv_in.weight": MadeTensor(2, 2)], in: folder, "vae/model.fp16.safetensors")
    for name in ["text_encoder", "text_encoder_2"] {
      try makeFile(["text_model.final_layer_norm.weight": MadeTensor(5)], in: folder, "\(name)/model.safetensors")
    }
    return folder
  }

  @Test func aFolderIsOneModel() async throws {
    let folder = try pipeline()
    let inspection = try await Inspection.make(path: folder.path, options: .headerOnly)
    #expect(inspection.kind == .checkpoint && inspection.architecture == .sdxl)
    let summary = try #require(inspection.checkpoint)
    #expect(summary.components.map(\.name) == ["text encoder 1", "text encoder 2", "UNet", "VAE"])
    #expect(summary.components.map(\.tensors) == [1, 1, 2, 1])
    #expect(summary.prediction == .velocity && summary.hasZeroTerminalSNR)
    #expect(summary.files == 5)
    let file = try ModelFiles.open(path: folder.path + "/")
    let key = "text_encoder_2.text_model.final_layer_norm.weight"
    #expect(try file.floats(of: #require(file[key])).count == 5)
    #expect(inspection.hashes.sha256 == nil)
  }

  @Test func anIndexIsOneModel() async throws {
    let folder = try pipeline()
    let inspection = try await Inspection.make(path: folder.path("unet/m.safetensors.index.json"))
    #expect(inspection.kind == .checkpoint && inspection.checkpoint?.files == 2 && inspection.tensors == 2)
    #expect(inspection.architecture == .sdxl)
    // The folder of one network, too.
    #expect(try ModelFiles.open(path: folder.path("unet")).header.tensors.count == 2)
  }

  @Test func aNumberIsMissing() throws {
    let folder = try TemporaryFolder()
    try makeFolder(folder, "transformer")
    for number in [1, 3] {
      try makeFile(["w\(number)": MadeTensor(2)], in: folder, "transformer/m-0000\(number)-of-00003.safetensors")
    }
    let error = try #require(throws: SafeTensorsError.self) { try ModelFiles.open(path: folder.path) }
    #expect(error.rule == .shards && error.detail.contains("2 of the 3 files") && error.detail.contains("number 2"))
    try makeFile(["w2": MadeTensor(2)], in: folder, "transformer/m-00002-of-00003.safetensors")
    #expect(
      try ModelFiles.open(path: folder.path).header.tensors.map(\.name) == [
        "transformer.w1", "transformer.w2", "transformer.w3",
      ])
  }

  @Test func foldersWithoutAModel() throws {
    let folder = try TemporaryFolder()
    func failure() -> AdapterError? {
      do {
        _ = try ModelFiles.open(path: folder.path)
        return nil
      } catch { return error as? AdapterError }
    }
    #expect(failure()?.rule == .notCheckpoint)
    try makeFile(["w": MadeTensor(2)], in: folder, "a.safetensors")
    #expect(failure() == nil, "one file is the model")
    try makeFile(["w": MadeTensor(2)], in: folder, "b.safetensors")
    #expect(failure()?.detail.contains("2 .safetensors files") == true)
  }

  @Test func aCheckpointInSeveralFiles() throws {
    let folder = try TemporaryFolder()
    let block = "model.diffusion_model.input_blocks.1.1.transformer_blocks.0"
    try makeFile(["\(block).attn2.to_k.weight": MadeTensor(6, 768)], in: folder, "m-00001-of-00002.safetensors")
    try makeFile(["\(block).attn1.to_q.weight": MadeTensor(6, 6)], in: folder, "m-00002-of-00002.safetensors")
    let flat = try Checkpoint(path: folder.path)
    #expect(flat.isFolder && flat.files.count == 2 && flat.architecture == .sd1)
    #expect(flat.layers.count == 2)
    try folder.write(
      #"{"weight_map": {"\#(block).attn2.to_k.weight": "m-00001-of-00002.safetensors", "\#(block).attn1.to_q.weight": "m-00002-of-00002.safetensors"}}"#,
      to: "m.safetensors.index.json")
    let index = try Checkpoint(path: folder.path("m.safetensors.index.json"))
    #expect(!index.isFolder && index.files.count == 1 && index.layers.count == 2)
    // A tensor that the index expects elsewhere.
    try folder.write(
      #"{"weight_map": {"\#(block).attn2.to_k.weight": "m-00002-of-00002.safetensors"}}"#,
      to: "m.safetensors.index.json")
    #expect(throws: SafeTensorsError.self) { try Checkpoint(path: folder.path) }
  }

  @Test func aNetworkOfAFolderLacksAFile() throws {
    let folder = try pipeline()
    try FileManager.default.removeItem(atPath: folder.path("unet/m-00001-of-00002.safetensors"))
    let error = try #require(throws: SafeTensorsError.self) { try Checkpoint(path: folder.path) }
    #expect(error.rule == .shards && error.detail.contains("m-00001-of-00002.safetensors"))
  }
}
