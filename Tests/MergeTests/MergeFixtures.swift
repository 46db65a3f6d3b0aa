import Adapters
import Foundation
import LinearAlgebra
import Merge
import SafeTensors
import Testing

/// Files that merge tests read and write.
enum MergeFixtures {
  static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .appending(path: "Fixtures/merge")

  static func path(_ name: String) -> String { folder.appending(path: "\(name).safetensors").path }

  /// Runs a test in a folder of its own, which is gone afterwards.
  static func scratch<R>(_ body: (String) async throws -> R) async throws -> R {
    let folder = FileManager.default.temporaryDirectory.appending(path: "troupe-merge-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    return try await body(folder.path)
  }

  static func sources(_ files: [(String, Double)]) throws -> [MergeSource] {
    try files.map { MergeSource(adapter: try Adapter(path: $0.0), strength: $0.1) }
  }

  /// Every layer's dense ΔW in a file, by the layer's name.
  static func dense(_ path: String) throws -> [String: Matrix] {
    let adapter = try Adapter(path: path)
    return Dictionary(
      uniqueKeysWithValues: try adapter.modules.map { ($0.path.name, try adapter.factors(of: $0).dense) })
  }

  /// `‖a - b‖ / ‖b‖`.
  static func relative(_ a: Matrix, _ b: Matrix) -> Double { ((a - b).squaredNorm / b.squaredNorm).squareRoot() }

  /// Writes a LoRA file of one or more layers.
  static func write(
    _ path: String, layers: [(stem: String, up: Matrix, down: Matrix, alpha: Float?)], dtype: DType = .f32,
    metadata: [String: String] = [:], extra: [(TensorDeclaration, [UInt8])] = []
  ) throws {
    var bytes: [String: [UInt8]] = [:]
    var declarations: [TensorDeclaration] = []
    for layer in layers {
      for (suffix, matrix) in [("lora_up.weight", layer.up), ("lora_down.weight", layer.down)] {
        declarations.append(.init(name: "\(layer.stem).\(suffix)", dtype: dtype, shape: [matrix.rows, matrix.columns]))
        bytes["\(layer.stem).\(suffix)"] = dtype.narrowed(matrix.elements.map(Float.init)).bytes
      }
      if let alpha = layer.alpha {
        declarations.append(.init(name: "\(layer.stem).alpha", dtype: .f32, shape: []))
        bytes["\(layer.stem).alpha"] = DType.f32.narrowed([alpha]).bytes
      }
    }
    for (declaration, data) in extra {
      declarations.append(declaration)
      bytes[declaration.name] = data
    }
    var writer = try SafeTensorsWriter(path: path, declarations: declarations, metadata: metadata, existing: .replace)
    while let next = writer.expected { try writer.append(try #require(bytes[next.name])) }
    try writer.finish()
  }

  /// A seeded matrix of numbers around zero.
  static func matrix(_ rows: Int, _ columns: Int, seed: UInt64) -> Matrix {
    var state = seed &* 0x9E37_79B9_7F4A_7C15 | 1
    return Matrix(
      rows: rows, columns: columns,
      elements: (0..<rows * columns).map { _ in
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        return Double(state >> 11) / Double(UInt64(1) << 53) - 0.5
      })
  }

  static let stem = "lora_unet_down_blocks_0_attentions_0_transformer_blocks_0_attn1_to_q"
}
