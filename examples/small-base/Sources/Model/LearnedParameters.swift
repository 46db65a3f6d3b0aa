import Diffusion
import SafeTensors
import Torch
import Trainer

/// Parameters that begin at random and learn: they keep their names, and gradients reach them.
final class LearnedParameters: ParameterSource {
  /// All parameters in the order in which the networks asked for them, named `unet/conv_in.weight`.
  private(set) var named: [NamedTensor] = []
  private let generator: Generator

  init(seed: UInt64) throws { generator = try Generator(seed: seed) }

  /// The name that states know a parameter by.
  static func name(_ part: NetworkPart, _ name: String) -> String { "\(part.rawValue)/\(name)" }

  func parameter(_ part: NetworkPart, _ name: String, shape: [Int]) throws -> Tensor {
    let tensor = try start(name, shape)
    let ordered = shape.count == 4 ? try tensor.contiguous(.channelsLast) : tensor
    try ordered.setRequiresGradient()
    named.append(NamedTensor(Self.name(part, name), ordered))
    return ordered
  }

  private func start(_ name: String, _ shape: [Int]) throws -> Tensor {
    guard shape.count > 1 else { return try Tensor.full(shape, name.hasSuffix("weight") ? 1 : 0) }
    let inputs = shape.dropFirst().reduce(1, *)
    // What is added to a block's input begins small, so that a deep network begins as a shallow one.
    let isLast = ["conv2.", "to_out.0.", "net.2.", "proj_out.", "out_proj.", "fc2."].contains { name.contains($0) }
    return try Tensor.normal(shape, using: generator) * ((isLast ? 0.2 : 1) / Double(inputs).squareRoot())
  }

  /// Goes back to stored values.
  func restore(_ stored: [String: Tensor]) throws { try Self.restore(named, stored) }

  /// Goes back to stored values.
  static func restore(_ parameters: [NamedTensor], _ stored: [String: Tensor]) throws {
    try withoutGradients {
      for own in parameters {
        guard let value = stored[own.name], value.shape == own.tensor.shape else {
          throw RecipeFailure("the stored state lacks \(own.name) in the shape \(own.tensor.shape); begin anew")
        }
        try own.tensor.assign(value)
      }
    }
  }
}

/// Tensors in a file, with numbers beside them: the state of a run, or what has come of it.
struct StoredTensors {
  var numbers: [String: Double] = [:]
  var tensors: [(name: String, tensor: Tensor)] = []

  init() {}

  /// The tensors under a prefix, without it.
  func tensors(under prefix: String) -> [String: Tensor] {
    Dictionary(
      tensors.filter { $0.name.hasPrefix(prefix) }.map { (String($0.name.dropFirst(prefix.count)), $0.tensor) },
      uniquingKeysWith: { _, last in last })
  }

  mutating func add(_ prefix: String, _ named: [NamedTensor]) {
    tensors += named.map { (prefix + $0.name, $0.tensor) }
  }

  /// Writes the file; one of that name is replaced.
  func write(to path: String) throws {
    let declarations = try tensors.map { name, tensor in
      TensorDeclaration(name: name, dtype: try tensor.scalarType == .f64 ? .f64 : .f32, shape: tensor.shape)
    }
    var writer = try SafeTensorsWriter(
      path: path, declarations: declarations, metadata: numbers.mapValues { "\($0)" }, existing: .replace,
      hashes: false)
    let byName = Dictionary(tensors.map { ($0.name, $0.tensor) }, uniquingKeysWith: { _, last in last })
    while let info = writer.expected, let tensor = byName[info.name] {
      try writer.append(tensor.detached().contiguous().bytes())
    }
    try writer.finish()
  }

  /// Reads a file.
  init(path: String) throws {
    let file = try SafeTensorsFile(path: path)
    numbers = file.header.metadata.compactMapValues { Double($0) }
    tensors = try file.header.tensors.map { info in
      let type: ScalarType = info.dtype == .f64 ? .f64 : .f32
      return (info.name, try Tensor(bytes: file.read(info), scalarType: type, shape: info.shape))
    }
  }

  /// A number that must be there.
  func number(_ key: String, _ path: String) throws -> Double {
    guard let number = numbers[key] else { throw RecipeFailure("\(path): has no \(key); it is of another program") }
    return number
  }
}
