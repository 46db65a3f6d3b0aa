internal import SafeTensors
internal import Torch

/// A folder of tensors under names that say what they were computed from.
///
/// Any number of runs may use one folder at the same time: a file is written whole, and two that write the same one write
/// the same numbers. A file that is damaged counts as missing and is replaced.
public struct CacheFolder: Sendable {
  /// The folder; nil keeps nothing.
  public let path: String?

  /// A cache in a folder, which is made when something is stored; or one that keeps nothing.
  public init(_ path: String?) { self.path = path }

  private func file(_ key: String, in path: String) -> String { "\(path)/\(key.prefix(2))/\(key).safetensors.zst" }

  /// The tensors under a key, in F32; nil when there are none that fit.
  func tensors(_ key: String, _ names: [String]) -> [Tensor]? {
    guard let path, let file = try? SafeTensorsFile(path: file(key, in: path)) else { return nil }
    var found: [Tensor] = []
    for name in names {
      guard let info = file[name], let values = try? file.readFloats(info),
        let tensor = try? Tensor(values, shape: info.shape)
      else { return nil }
      found.append(tensor)
    }
    return found
  }

  /// Keeps tensors under a key.
  /// - Throws: `SafeTensorsError` when the folder cannot be written.
  func store(_ tensors: [(name: String, tensor: Tensor)], _ key: String) throws {
    guard let path else { return }
    let file = file(key, in: path)
    try WholeFile.makeFolder(String(file.prefix(upTo: file.lastIndex(of: "/") ?? file.endIndex)))
    try PackedTensors.write(
      tensors.map { name, tensor in
        (
          TensorDeclaration(name: name, dtype: .f32, shape: tensor.shape),
          try tensor.detached().to(.cpu, .f32).contiguous().bytes()
        )
      }, to: file)
  }
}

/// The name of something by what it was computed from: SHA-256 over the parts.
struct ContentKey {
  private var sum = SHA256Hash()

  init(_ kind: String) { add(kind) }

  mutating func add(_ text: String) {
    // The length goes first, so that no two lists of parts read the same.
    add(Array("\(text.utf8.count):\(text)".utf8))
  }

  mutating func add(_ bytes: [UInt8]) { sum.add(bytes) }

  /// The name, 64 hexadecimal digits.
  var hex: String { sum.hex }
}
