import Adapters
import Foundation
import LinearAlgebra
import SafeTensors
import Testing

/// Where test data are.
enum Fixtures {
  private static let tests = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()

  static func path(_ name: String) -> String {
    tests.appending(path: "Fixtures/\(name)").path(percentEncoded: false)
  }

  /// The folder of collected real files, which is not part of the repository.
  static let shared: URL =
    ProcessInfo.processInfo.environment["TROUPE_SHARED"].map { URL(filePath: $0) }
    ?? tests.deletingLastPathComponent().deletingLastPathComponent().appending(path: "shared")

  /// Why tests of the collected files do not run where they are absent.
  static let sharedIsAbsent: Comment = "needs the collected files (set TROUPE_SHARED)"

  static func sharedPath(_ name: String) -> String {
    shared.appending(path: name).path(percentEncoded: false)
  }
  static func isShared(_ name: String) -> Bool { FileManager.default.fileExists(atPath: sharedPath(name)) }
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

  func path(_ name: String) -> String { "\(path)/\(name)" }

  func write(_ text: String, to name: String) throws {
    try Data(text.utf8).write(to: URL(filePath: path(name)))
  }
}

/// A tensor of a file to be made: its shape, and its values where they matter.
struct MadeTensor {
  var shape: [Int]
  var values: [Float]
  var dtype = DType.f32

  /// Values that differ from each other unless told.
  init(_ shape: Int..., values: [Float]? = nil) {
    self.shape = shape
    self.values = values ?? (0..<shape.reduce(1, *)).map { Float($0 % 17) / 8 - 1 }
  }

  static func number(_ value: Float) -> MadeTensor {
    var tensor = MadeTensor(values: [value])
    tensor.shape = []
    return tensor
  }
}

/// Writes a file of these tensors and returns its path.
@discardableResult
func makeFile(
  _ tensors: [String: MadeTensor], in folder: TemporaryFolder, _ name: String = "made.safetensors",
  metadata: [String: String] = [:]
) throws -> String {
  let path = folder.path(name)
  var writer = try SafeTensorsWriter(
    path: path,
    declarations: tensors.map { .init(name: $0.key, dtype: $0.value.dtype, shape: $0.value.shape) },
    metadata: metadata)
  while let next = writer.expected {
    try writer.append(next.dtype.narrowed(tensors[next.name]?.values ?? []).bytes)
  }
  try writer.finish()
  return path
}

/// Opens an adapter of these tensors.
func makeAdapter(
  _ tensors: [String: MadeTensor], in folder: TemporaryFolder, _ name: String = "made.safetensors",
  metadata: [String: String] = [:]
) throws -> Adapter {
  try Adapter(path: makeFile(tensors, in: folder, name, metadata: metadata))
}

/// A pair of factors under a stem in kohya's spelling.
func pair(_ stem: String, rank: Int = 2, outputs: Int = 6, inputs: Int = 5, alpha: Float? = nil) -> [String:
  MadeTensor]
{
  var tensors = [
    "\(stem).lora_up.weight": MadeTensor(outputs, rank), "\(stem).lora_down.weight": MadeTensor(rank, inputs),
  ]
  if let alpha { tensors["\(stem).alpha"] = .number(alpha) }
  return tensors
}

/// A file that has a header and a hole for the data: the shapes of a real file without its size on disk.
func makeHollowFile(
  _ tensors: [(name: String, dtype: DType, shape: [Int])], in folder: TemporaryFolder,
  metadata: [String: String] = [:]
) throws -> String {
  let placed = Header.written(tensors.map { .init(name: $0.name, dtype: $0.dtype, shape: $0.shape) })
  let header = Header.encoded(tensors: placed, metadata: metadata)
  let path = folder.path("hollow.safetensors")
  try Data(header).write(to: URL(filePath: path))
  let handle = try FileHandle(forWritingTo: URL(filePath: path))
  try handle.truncate(atOffset: UInt64(header.count + (placed.last?.range.upperBound ?? 0)))
  try handle.close()
  return path
}

extension Matrix {
  /// The greatest difference from another, as a part of its greatest element.
  func distance(to other: Matrix) -> Double {
    let difference = zip(elements, other.elements).map { abs($0 - $1) }.max() ?? 0
    let greatest = other.elements.map { abs($0) }.max() ?? 0
    return greatest > 0 ? difference / greatest : difference
  }
}
