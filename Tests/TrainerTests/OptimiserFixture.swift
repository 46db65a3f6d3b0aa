import Foundation
import SafeTensors
import Testing
import Torch
import Trainer

/// What `scripts/oracles/make_training_fixture.py` wrote.
struct OptimiserFixture {
  static let shapes = [[4, 6], [5, 1], [3], [2, 3, 3, 3], [8, 4]]
  static let steps = 30
  let file: SafeTensorsFile

  init(_ name: String = "optimisers") throws {
    let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    file = try SafeTensorsFile(path: folder.appending(path: "Fixtures/training/\(name).safetensors").path)
  }

  func doubles(_ name: String) throws -> [Double] {
    try file.doubles(of: #require(file[name], "the fixture lacks \(name)"))
  }

  func tensor(_ name: String) throws -> Tensor {
    let info = try #require(file[name], "the fixture lacks \(name)")
    return try Tensor(file.doubles(of: info).map(Float.init), shape: info.shape)
  }

  func parameters() throws -> [Tensor] {
    try Self.shapes.indices.map { try tensor("initial.\($0)").setRequiresGradient() }
  }

  /// Two groups: the first three parameters and the rest.
  static func groups(
    _ parameters: [Tensor], base: Double, ratio: Double = 0.5, decay: [Double] = [0, 0]
  ) -> [ParameterGroup] {
    let named = parameters.enumerated().map { NamedTensor("p\($0)", $1) }
    return [
      ParameterGroup("first", Array(named[..<3]), rate: base, weightDecay: decay[0]),
      ParameterGroup("second", Array(named[3...]), rate: base * ratio, weightDecay: decay[1]),
    ]
  }

  func setGradients(_ parameters: [Tensor], step: Int) throws {
    for (index, parameter) in parameters.enumerated() {
      // The fixture leaves this one out, to see that counts of steps are each parameter's own.
      if index == 3, step == 4 {
        try parameter.setGradient(nil)
      } else {
        try parameter.setGradient(tensor("gradient.\(index)").selected(0, step).copied())
      }
    }
  }

  /// The greatest difference of two tensors' elements, as a part of the greatest expected one.
  static func difference(_ found: Tensor, _ expected: Tensor) throws -> Double {
    try #require(found.shape == expected.shape)
    let finite = try found.detached().allFinite()
    try #require(finite)
    let scale = try expected.absolute().maximum().item()
    return try (found.detached() - expected).absolute().maximum().item() / max(scale, .leastNormalMagnitude)
  }
}
