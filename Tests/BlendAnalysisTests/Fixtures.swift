import Adapters
import Foundation
import LinearAlgebra
import SafeTensors
import Testing

@testable import BlendAnalysis

/// Where test data are.
enum Fixtures {
  static func path(_ name: String) -> String {
    URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .appending(path: "Fixtures/\(name)").path(percentEncoded: false)
  }

  /// The four LoRAs of the overlap fixture, in this order.
  static let names = ["a", "b", "c", "d"]

  static func overlap(_ name: String) throws -> Adapter {
    try Adapter(path: path("overlap/\(name).safetensors"))
  }

  static func subjects(_ names: [String] = names) throws -> [Subject] {
    try names.map { Subject(adapter: try overlap($0), name: $0) }
  }
}

/// A folder that is removed with its owner.
final class TemporaryFolder {
  let path: String

  init() throws {
    path = FileManager.default.temporaryDirectory.appending(path: "troupe-\(UUID().uuidString)").path(
      percentEncoded: false)
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }
}

/// SplitMix64: the same numbers from the same seed, everywhere.
struct SeededGenerator: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  /// A matrix of independent numbers between -1 and 1.
  mutating func matrix(_ rows: Int, _ columns: Int) -> Matrix {
    Matrix(
      rows: rows, columns: columns,
      elements: (0..<rows * columns).map { _ in Double.random(in: -1...1, using: &self) })
  }
}

/// One layer of a made-up LoRA.
struct MadeLayer {
  var stem: String
  var up: Matrix
  var down: Matrix
  var alpha: Double?
  /// Further tensors of one element each, by their ending.
  var extras: [String] = []
}

/// Layers that exist in every Stable Diffusion model.
enum Layer {
  static let selfQ = "lora_unet_down_blocks_1_attentions_0_transformer_blocks_0_attn1_to_q"
  static let crossK = "lora_unet_down_blocks_1_attentions_0_transformer_blocks_0_attn2_to_k"
  static let crossV = "lora_unet_mid_block_attentions_0_transformer_blocks_0_attn2_to_v"
  static let text = "lora_te_text_model_encoder_layers_0_self_attn_q_proj"
}

/// Writes a LoRA in kohya's names and opens it.
func made(
  _ layers: [MadeLayer], in folder: TemporaryFolder, _ name: String, metadata: [String: String] = [:],
  extra: [String] = [], dtype: DType = .f32
) throws -> Adapter {
  var tensors: [String: (shape: [Int], values: [Float])] = [:]
  for layer in layers {
    tensors["\(layer.stem).lora_up.weight"] = (
      [layer.up.rows, layer.up.columns], layer.up.elements.map { Float($0) }
    )
    tensors["\(layer.stem).lora_down.weight"] = (
      [layer.down.rows, layer.down.columns], layer.down.elements.map { Float($0) }
    )
    if let alpha = layer.alpha { tensors["\(layer.stem).alpha"] = ([], [Float(alpha)]) }
    for ending in layer.extras { tensors["\(layer.stem).\(ending)"] = ([1], [1]) }
  }
  for key in extra { tensors[key] = ([1], [1]) }
  let path = "\(folder.path)/\(name).safetensors"
  var writer = try SafeTensorsWriter(
    path: path, declarations: tensors.map { .init(name: $0.key, dtype: dtype, shape: $0.value.shape) },
    metadata: metadata)
  while let next = writer.expected {
    try writer.append(dtype.narrowed(tensors[next.name]?.values ?? []).bytes)
  }
  try writer.finish()
  return try Adapter(path: path)
}

/// Whether two numbers agree to a part of the greater, or to an absolute floor.
func agree(_ a: Double?, _ b: Double?, relative: Double, floor: Double = 0) -> Bool {
  guard let a, let b else { return a == nil && b == nil }
  return abs(a - b) <= max(relative * max(abs(a), abs(b)), floor)
}
