import Foundation
import SafeTensors
import Testing

/// Where test data are.
enum Fixtures {
  private static let package = URL(filePath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent()
    .deletingLastPathComponent()

  /// A file made by `scripts/oracles`.
  static func path(_ name: String) -> String {
    package.appending(path: "Tests/Fixtures/\(name)").path(percentEncoded: false)
  }

  /// The folder of collected real files, which is not part of the repository.
  static let shared: URL =
    ProcessInfo.processInfo.environment["TROUPE_SHARED"].map { URL(filePath: $0) }
    ?? package.deletingLastPathComponent().appending(path: "shared")

  /// Why tests of the collected files do not run where they are absent.
  static let sharedIsAbsent: Comment = "needs the collected files (set TROUPE_SHARED)"

  static func isShared(_ name: String) -> Bool {
    FileManager.default.fileExists(atPath: shared.appending(path: name).path(percentEncoded: false))
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

  /// The names of all files, hidden ones too.
  var names: [String] { (try? FileManager.default.contentsOfDirectory(atPath: path).sorted()) ?? [] }

  func path(_ name: String) -> String { "\(path)/\(name)" }

  /// Writes a file and returns its path.
  func file(_ name: String, _ bytes: some Sequence<UInt8>) throws -> String {
    let path = path(name)
    try Data(bytes).write(to: URL(filePath: path))
    return path
  }
}

/// The bytes of a file.
func contents(_ path: String) throws -> [UInt8] { try Array(Data(contentsOf: URL(filePath: path))) }

/// A container with this header as it stands, no padding added.
func container(_ header: some Sequence<UInt8>, data: [UInt8] = [], length: UInt64? = nil) -> [UInt8] {
  let header = Array(header)
  let length = length ?? UInt64(header.count)
  return (0..<8).map { UInt8(truncatingIfNeeded: length >> (8 * $0)) } + header + data
}

/// A container with this header as it stands.
func container(_ header: String, data: [UInt8] = []) -> [UInt8] { container(header.utf8, data: data) }

/// The little-endian bytes of numbers.
func bytes<Number: BitwiseCopyable>(of numbers: [Number]) -> [UInt8] {
  numbers.withUnsafeBytes { Array($0) }
}

/// Writes a whole file from raw bytes by name.
@discardableResult
func write(
  _ path: String, _ tensors: [(TensorDeclaration, [UInt8])], metadata: [String: String] = [:],
  existing: SafeTensorsWriter.Existing = .refuse
) throws -> String {
  var writer = try SafeTensorsWriter(
    path: path, declarations: tensors.map(\.0), metadata: metadata, existing: existing)
  while let next = writer.expected {
    let data = try #require(tensors.first { $0.0.name == next.name }?.1)
    try writer.append(data)
  }
  return try writer.finish()
}

extension SafeTensorsFile {
  /// A copy of a tensor's bytes.
  func bytes(of tensor: TensorInfo) throws -> [UInt8] {
    try withBytes(of: tensor) { span in span.withUnsafeBytes { Array($0) } }
  }
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
}
