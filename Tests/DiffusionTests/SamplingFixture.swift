import Diffusion
import Foundation
import SafeTensors
import Testing
import Torch

/// What `scripts/oracles/make_sampling_fixture.py` wrote, and the small model that it samples with.
enum SamplingFixture {
  static func open(_ name: String) throws -> SafeTensorsFile {
    let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    return try SafeTensorsFile(path: folder.appending(path: "Fixtures/diffusion/sampling/\(name).safetensors").path)
  }

  /// A tensor of `tables.safetensors` in doubles.
  static func table(_ name: String) throws -> [Double] {
    let file = try open("tables")
    return try file.doubles(of: #require(file[name], "the fixture lacks \(name)"))
  }

  /// A tensor of `tables.safetensors` in its shape.
  static func tensor(_ name: String) throws -> Tensor {
    let file = try open("tables")
    let info = try #require(file[name], "the fixture lacks \(name)")
    return try Tensor(file.floats(of: info), shape: info.shape)
  }

  /// `tanh(0.8 M x + shift(t))`, M over channels.
  static func model(_ latents: Tensor, time: Double) throws -> Tensor {
    let mixing = try Tensor(
      [0.6, -0.3, 0.2, 0.1, 0.1, 0.5, -0.4, 0.2, -0.2, 0.3, 0.7, -0.1, 0.3, -0.1, 0.2, 0.4] as [Float], shape: [4, 4])
    let shift = try Tensor((1...4).map { Float(0.5 * sin(time / 1000 * Double($0))) }, shape: [1, 4, 1, 1])
    let shape = latents.shape
    let mixed = try mixing.matrixProduct(latents.reshaped(shape[0], 4, -1)).reshaped(shape)
    return try (mixed * 0.8 + shift).hyperbolicTangent()
  }

  /// The greatest difference, as a part of the greatest element.
  static func difference(_ found: Tensor, _ expected: Tensor) throws -> Double {
    try difference(found.array(of: Float.self).map(Double.init), expected.array(of: Float.self).map(Double.init))
  }

  static func difference(_ found: [Double], _ expected: [Double]) throws -> Double {
    try #require(found.count == expected.count)
    // A NaN must not pass for a small number.
    let allFinite = (found + expected).allSatisfy(\.isFinite)
    try #require(allFinite)
    let scale = expected.map(abs).max() ?? 0
    return zip(found, expected).map { abs($0 - $1) }.max().map { $0 / max(scale, .leastNormalMagnitude) } ?? 0
  }

  static func configuration(
    _ prediction: ScheduleConfiguration.Prediction = .epsilon, zero: Bool = false
  ) -> ScheduleConfiguration {
    var configuration = ScheduleConfiguration()
    configuration.prediction = prediction
    configuration.zeroTerminalSNR = zero
    return configuration
  }
}
