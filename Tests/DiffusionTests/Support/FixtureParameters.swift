import Diffusion
import Foundation
import SafeTensors
import Torch

/// Parameters and golden tensors in a file that `scripts/oracles` made.
final class FixtureParameters: ParameterSource {
  struct Missing: Error { let name: String }
  struct WrongShape: Error {
    let name: String
    let found: [Int]
    let wanted: [Int]
  }

  let file: SafeTensorsFile
  private let prefixes: [NetworkPart: String]
  private let type: ScalarType
  private let rename: (String) -> String
  private var read: Set<String> = []

  /// - Parameters:
  ///   - name: the file's path within `Tests/Fixtures`.
  ///   - prefixes: what stands before the names of each network's parameters: `"kl."`.
  ///   - type: the format that parameters are given in.
  ///   - rename: a parameter's name in the model to its name in the file, without the prefix.
  init(
    _ name: String, prefixes: [NetworkPart: String] = [:], _ type: ScalarType = .f32,
    rename: @escaping (String) -> String = { $0 }
  ) throws {
    file = try SafeTensorsFile(path: Self.path(name))
    self.prefixes = prefixes
    self.type = type
    self.rename = rename
  }

  /// A file of `Tests/Fixtures`.
  static func path(_ name: String) -> String {
    URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
      .appending(path: "Fixtures/\(name)").path(percentEncoded: false)
  }

  func parameter(_ part: NetworkPart, _ name: String, shape: [Int]) throws -> Tensor {
    let name = (prefixes[part] ?? "") + rename(name)
    let tensor = try tensor(name)
    guard tensor.shape == shape else { throw WrongShape(name: name, found: tensor.shape, wanted: shape) }
    read.insert(name)
    return try tensor.to(type)
  }

  /// A tensor of the file, in F32.
  func tensor(_ name: String) throws -> Tensor {
    guard let info = file[name] else { throw Missing(name: name) }
    return try Tensor(file.floats(of: info), shape: info.shape)
  }

  /// The names under a prefix that no model has asked for: parameters that it left out.
  func unread(_ prefix: String) -> [String] {
    file.header.tensors.map(\.name).filter { $0.hasPrefix(prefix) && !read.contains($0) }
  }
}

/// The greatest absolute difference of two tensors' elements; infinite when shapes differ.
func largestDifference(_ a: Tensor, _ b: Tensor) throws -> Double {
  guard a.shape == b.shape else { return .infinity }
  return try (a.to(.f64) - b.to(.f64)).absolute().maximum().item()
}

/// The root mean square of the difference over that of `truth`.
func relativeDifference(_ a: Tensor, _ truth: Tensor) throws -> Double {
  guard a.shape == truth.shape else { return .infinity }
  return try (a.to(.f64) - truth.to(.f64)).norm().item() / truth.to(.f64).norm().item()
}
