import Foundation
import SafeTensors

@testable import Adapters

/// Small files written for one test.
enum InspectionFixtures {
  /// A tensor of 32-bit floats.
  struct Tensor {
    var name: String
    var shape: [Int]
    var values: [Float]

    init(_ name: String, _ shape: [Int], _ values: [Float]) {
      (self.name, self.shape, self.values) = (name, shape, values)
    }

    /// Every value is the same.
    init(_ name: String, _ shape: [Int], filled value: Float) {
      self.init(name, shape, Array(repeating: value, count: shape.reduce(1, *)))
    }

    /// Values from a fixed sequence without pattern.
    init(_ name: String, _ shape: [Int], seed: UInt64, size: Float = 0.1) {
      var state = seed &* 2_862_933_555_777_941_757 &+ 3_037_000_493
      self.init(
        name, shape,
        (0..<shape.reduce(1, *)).map { _ in
          state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
          return (Float(state >> 40) / Float(1 << 24) - 0.5) * 2 * size
        })
    }
  }

  /// Whether the folder of real files is beside the package.
  static let hasRealFiles = FileManager.default.fileExists(
    atPath: TrainingFixtures.shared.appending(path: "loras").path)

  static let attention = "lora_unet_down_blocks_1_attentions_0_transformer_blocks_0_attn2_"

  /// One layer of an SD 1.x LoRA; its text width of 768 tells the family.
  static func layer(
    _ end: String = "to_k", rank: Int = 4, alpha: Float? = 4, seed: UInt64 = 1, size: Float = 0.1,
    up: Float? = nil
  ) -> [Tensor] {
    let stem = attention + end
    let inputs = ["to_k", "to_v"].contains(end) ? 768 : 32
    var tensors = [
      Tensor("\(stem).lora_down.weight", [rank, inputs], seed: seed, size: size),
      up.map { Tensor("\(stem).lora_up.weight", [32, rank], filled: $0) }
        ?? Tensor("\(stem).lora_up.weight", [32, rank], seed: seed + 100, size: size),
    ]
    if let alpha { tensors.append(Tensor("\(stem).alpha", [], [alpha])) }
    return tensors
  }

  /// Four equal layers.
  static func lora(rank: Int = 4, alpha: Float? = 4) -> [Tensor] {
    ["to_q", "to_k", "to_v", "to_out_0"].enumerated().flatMap {
      layer($1, rank: rank, alpha: alpha, seed: UInt64($0 + 1))
    }
  }

  /// The metadata of a run whose hash the writer fills in.
  static let metadata = [
    "sshs_model_hash": "", "ss_network_module": "networks.lora", "ss_network_dim": "4",
    "ss_network_alpha": "4.0",
    "ss_base_model_version": "sd_v1",
  ]

  /// Writes a file into a fresh folder and hands its path to `body`.
  static func withFile<R>(
    _ tensors: [Tensor], metadata: [String: String] = metadata, name: String = "test.safetensors",
    _ body: (String) async throws -> R
  ) async throws -> R {
    let folder = FileManager.default.temporaryDirectory.appending(path: "inspection-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let path = folder.appending(path: name).path
    try write(tensors, metadata: metadata, to: path)
    return try await body(path)
  }

  static func write(_ tensors: [Tensor], metadata: [String: String], to path: String) throws {
    var writer = try SafeTensorsWriter(
      path: path,
      declarations: tensors.map { TensorDeclaration(name: $0.name, dtype: .f32, shape: $0.shape) },
      metadata: metadata)
    let values = Dictionary(uniqueKeysWithValues: tensors.map { ($0.name, $0.values) })
    while let tensor = writer.expected {
      let numbers = values[tensor.name] ?? []
      try writer.append(
        numbers.flatMap { number in [0, 8, 16, 24].map { UInt8(truncatingIfNeeded: number.bitPattern >> $0) }
        })
    }
    try writer.finish()
  }

  static func inspect(
    _ tensors: [Tensor], metadata: [String: String] = metadata, options: InspectionOptions = .init()
  ) async throws -> Inspection {
    try await withFile(tensors, metadata: metadata) { try await Inspection.make(path: $0, options: options) }
  }

  static func warnings(_ tensors: [Tensor], metadata: [String: String] = metadata) async throws -> Set<String> {
    Set(try await inspect(tensors, metadata: metadata).warnings.map(\.id))
  }
}
