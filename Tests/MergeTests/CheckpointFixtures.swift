import Adapters
import Foundation
import LinearAlgebra
import Merge
import SafeTensors
import Testing

/// A tensor that a test writes.
struct TestTensor {
  var name: String
  var shape: [Int]
  var values: [Double]
  var dtype: DType = .f16

  /// Random numbers of this shape.
  init(_ name: String, _ shape: [Int], seed: UInt64, scale: Double = 1, dtype: DType = .f16) {
    self.name = name
    self.shape = shape
    self.dtype = dtype
    values = MergeFixtures.matrix(1, shape.reduce(1, *), seed: seed).elements.map { $0 * scale }
  }

  init(_ name: String, _ shape: [Int], values: [Double], dtype: DType = .f32) {
    self.name = name
    self.shape = shape
    self.values = values
    self.dtype = dtype
  }
}

/// Small base models and LoRAs for the tests of bake and extract.
enum CheckpointFixtures {
  static func write(_ path: String, _ tensors: [TestTensor], metadata: [String: String] = [:]) throws {
    var bytes: [String: [UInt8]] = [:]
    for tensor in tensors { bytes[tensor.name] = tensor.dtype.narrowed(tensor.values.map(Float.init)).bytes }
    var writer = try SafeTensorsWriter(
      path: path, declarations: tensors.map { .init(name: $0.name, dtype: $0.dtype, shape: $0.shape) },
      metadata: metadata, existing: .replace)
    while let next = writer.expected { try writer.append(try #require(bytes[next.name])) }
    try writer.finish()
  }

  /// The values of every tensor of a file.
  static func values(_ path: String) throws -> [String: [Double]] {
    let file = try SafeTensorsFile(path: path)
    return Dictionary(uniqueKeysWithValues: try file.header.tensors.map { ($0.name, try file.doubles(of: $0)) })
  }

  static let block = "model.diffusion_model.input_blocks.1.1.transformer_blocks.0"
  static let query = "\(block).attn1.to_q.weight"
  static let queryStem = "lora_unet_down_blocks_0_attentions_0_transformer_blocks_0_attn1_to_q"
  static let convolution = "model.diffusion_model.input_blocks.1.0.in_layers.2.weight"
  static let convolutionStem = "lora_unet_down_blocks_0_resnets_0_conv1"
  static let projection = "model.diffusion_model.input_blocks.1.1.proj_in.weight"
  static let projectionStem = "lora_unet_down_blocks_0_attentions_0_proj_in"
  static let text = "cond_stage_model.transformer.text_model.encoder.layers.0.mlp.fc1.weight"
  static let textStem = "lora_te_text_model_encoder_layers_0_mlp_fc1"

  /// A few layers of an SD 1.x checkpoint: linear, 3×3, 1×1, text encoder, norm, and tensors that no LoRA names.
  static func sd1(dtype: DType = .f16, scale: Double = 1) -> [TestTensor] {
    [
      TestTensor(query, [6, 6], seed: 1, scale: scale, dtype: dtype),
      TestTensor("\(block).attn2.to_k.weight", [6, 768], seed: 2, scale: scale, dtype: dtype),
      TestTensor(convolution, [6, 4, 3, 3], seed: 3, scale: scale, dtype: dtype),
      TestTensor(projection, [6, 6, 1, 1], seed: 4, scale: scale, dtype: dtype),
      TestTensor("\(block).norm1.weight", [6], seed: 5, scale: scale, dtype: dtype),
      TestTensor("\(block).norm1.bias", [6], seed: 6, scale: scale, dtype: dtype),
      TestTensor(text, [8, 4], seed: 7, scale: scale, dtype: dtype),
      // Large enough to be copied from file to file.
      TestTensor("first_stage_model.decoder.conv_in.weight", [64, 64, 3, 3], seed: 8, dtype: .f32),
      TestTensor("alphas_cumprod", [10], seed: 9, dtype: .f32),
    ]
  }

  static func lora(_ stem: String, up: Matrix, down: Matrix, downShape: [Int]? = nil, alpha: Double? = nil)
    -> [TestTensor]
  {
    [
      TestTensor("\(stem).lora_up.weight", [up.rows, up.columns], values: up.elements),
      TestTensor("\(stem).lora_down.weight", downShape ?? [down.rows, down.columns], values: down.elements),
    ] + (alpha.map { [TestTensor("\(stem).alpha", [], values: [$0])] } ?? [])
  }

  @discardableResult
  static func bake(
    _ base: String, _ sources: [(String, Double)], to output: String, dtype: DType? = nil, skipsMissing: Bool = false,
    overflow: OverflowPolicy = .refuse
  ) async throws -> BakeReport {
    try await BakeEngine.run(
      BakeRecipe(
        base: try Checkpoint(path: base), sources: try MergeFixtures.sources(sources), dtype: dtype,
        skipsMissing: skipsMissing, overflow: overflow, verifies: true),
      to: output)
  }

  /// The greatest difference of two lists, relative to the greatest of the second.
  static func difference(_ a: [Double]?, _ b: [Double]) -> Double {
    guard let a, a.count == b.count else { return .infinity }
    let largest = b.map(abs).max() ?? 0
    return (zip(a, b).map { abs($0 - $1) }.max() ?? 0) / max(largest, .leastNormalMagnitude)
  }
}
