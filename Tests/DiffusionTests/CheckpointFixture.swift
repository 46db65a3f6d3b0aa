import Foundation
import SafeTensors
import Testing
import Torch

@testable import Diffusion

/// The tiny pipelines that `scripts/oracles/make_checkpoint_fixture.py` makes.
enum CheckpointFixture {
  static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .appending(path: "Fixtures/checkpoints").path(percentEncoded: false)

  static let families = ["sd1", "sd2", "sdxl"]

  static func path(_ name: String) -> String { "\(folder)/\(name)" }

  /// The files of a pipeline's networks, opened without the code under test.
  static func files(_ family: String) throws -> [NetworkPart: SafeTensorsFile] {
    var files: [NetworkPart: SafeTensorsFile] = [:]
    for part in NetworkPart.allCases where part != .textEncoder2 || family == "sdxl" {
      let name = part == .unet || part == .vae ? "diffusion_pytorch_model" : "model"
      files[part] = try SafeTensorsFile(path: path("\(family)/\(part.rawValue)/\(name).safetensors"))
    }
    return files
  }

  /// Every parameter of a pipeline with its bytes, read without the code under test.
  static func tensors(_ family: String) throws -> [(entry: ParameterList.Entry, bytes: [UInt8])] {
    try files(family).sorted { $0.key.rawValue < $1.key.rawValue }.flatMap { part, file in
      try file.header.tensors.map { tensor in
        (
          ParameterList.Entry(part: part, name: tensor.name, shape: tensor.shape),
          try file.withBytes(of: tensor) { span in span.withUnsafeBytes { Array($0) } }
        )
      }
    }
  }

  static func entries(_ family: String) throws -> [ParameterList.Entry] { try tensors(family).map(\.entry) }

  /// A tiny model's single file, which does not say what its heads are.
  static func single(_ family: String) throws -> ModelCheckpoint {
    try ModelCheckpoint(
      path: path("\(family).safetensors"), configuration: ModelCheckpoint(path: path(family)).configuration)
  }

  /// Writes a file of zeros, or of these bytes, under these keys.
  static func write(
    _ path: String, _ tensors: [String: (DType, [Int], [UInt8]?)], metadata: [String: String] = [:]
  ) throws {
    var writer = try SafeTensorsWriter(
      path: path,
      declarations: tensors.map { TensorDeclaration(name: $0.key, dtype: $0.value.0, shape: $0.value.1) },
      metadata: metadata, existing: .replace)
    while let next = writer.expected {
      try writer.append(tensors[next.name]?.2 ?? [UInt8](repeating: 0, count: next.range.count))
    }
    try writer.finish()
  }

  /// A file that has the header of a whole model and no data but a hole.
  static func writeHollow(_ path: String, _ shapes: [String: [Int]], metadata: [String: String] = [:]) throws {
    let tensors = Header.written(shapes.map { TensorDeclaration(name: $0.key, dtype: .f16, shape: $0.value) })
    let header = Header.encoded(tensors: tensors, metadata: metadata)
    try Data(header).write(to: URL(filePath: path))
    let handle = try #require(FileHandle(forWritingAtPath: path))
    try handle.truncate(atOffset: UInt64(header.count + (tensors.last?.range.upperBound ?? 0)))
    try handle.close()
  }

  /// What an operation throws, as text.
  static func message(_ body: () throws -> Void) -> String {
    do {
      try body()
      return "nothing was thrown"
    } catch { return "\(error)" }
  }
}

/// A folder that is removed with its owner.
final class CheckpointFolder {
  let path: String

  init() throws {
    path = FileManager.default.temporaryDirectory.appending(path: "troupe-\(UUID().uuidString)").path(
      percentEncoded: false)
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  func path(_ name: String) -> String { "\(path)/\(name)" }

  /// A copy of a fixture's folder.
  func copy(_ family: String) throws -> String {
    try FileManager.default.copyItem(atPath: CheckpointFixture.path(family), toPath: path(family))
    return path(family)
  }
}

/// The names of a full-size model, as diffusers reads a single file's keys.
struct CheckpointNames {
  struct Line {
    var part: NetworkPart
    var name: String
    var stored: StoredName
    var shape: [Int]
  }

  var lines: [Line] = []

  init(_ family: String) throws {
    for part in NetworkPart.allCases where part != .textEncoder2 || family == "sdxl" {
      let file = part == .vae ? "sd1-vae" : "\(family)-\(part.rawValue)"
      let text = try String(contentsOfFile: CheckpointFixture.path("names/\(file).txt"), encoding: .utf8)
      var before = ["", ""]
      for line in text.split(separator: "\n") {
        let fields = line.split(separator: "\t")
        for place in 0..<2 {
          let pair = fields[place].split(separator: " ", maxSplits: 1, omittingEmptySubsequences: false)
          before[place] = String(before[place].prefix(try #require(Int(pair[0])))) + String(pair[1])
        }
        lines.append(
          Line(
            part: part, name: before[0], stored: Self.stored(before[1]),
            shape: fields[2].split(separator: ",").compactMap { Int($0) }))
      }
    }
  }

  private static func stored(_ text: String) -> StoredName {
    if text.hasSuffix("^T") { return StoredName(key: String(text.dropLast(2)), form: .transposed) }
    if text.hasSuffix("~") { return StoredName(key: String(text.dropLast()), form: .pointwise) }
    if let at = text.lastIndex(of: "#"), let third = Int(text[text.index(after: at)...]) {
      return StoredName(key: String(text[..<at]), form: .third(third))
    }
    return StoredName(key: text)
  }

  /// The shapes of the single file's tensors.
  var shapes: [String: [Int]] {
    Dictionary(lines.map { ($0.stored.key, $0.stored.storedShape($0.shape)) }, uniquingKeysWith: { first, _ in first })
  }
}
