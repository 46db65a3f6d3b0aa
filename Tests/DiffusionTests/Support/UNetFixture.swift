import Adapters
import Diffusion
import Foundation
import SafeTensors
import Testing
import Torch

/// A tiny UNet and what diffusers computed with it: see `Tests/Fixtures/diffusion/unet/README.md`.
struct UNetFixture {
  static let root = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    .appending(path: "Fixtures/diffusion/unet").path

  let family: String
  let configuration: UNetConfiguration
  let sites = SiteList()

  init(_ family: String) {
    self.family = family
    var configuration: UNetConfiguration =
      switch family {
      case "sd15":
        UNetConfiguration(
          channels: [8, 8, 12, 12], transformerLayers: [1, 1, 1, 0], middleTransformerLayers: 1, heads: [2, 2, 2, 2],
          contextWidth: 12, linearProjections: false, sampleSize: 16)
      case "sd2":
        UNetConfiguration(
          channels: [8, 8, 12, 12], transformerLayers: [1, 1, 1, 0], middleTransformerLayers: 1, heads: [2, 4, 3, 6],
          contextWidth: 16, linearProjections: true, sampleSize: 16)
      default:
        UNetConfiguration(
          channels: [8, 8, 12], transformerLayers: [0, 1, 2], middleTransformerLayers: 2, heads: [2, 4, 3],
          contextWidth: 20, linearProjections: true, addition: .init(timeWidth: 8, inputWidth: 58), sampleSize: 16)
      }
    configuration.normGroups = 4
    configuration.layersPerLevel = family == "sdxl" ? 2 : 1
    configuration.upcastsAttention = family == "sd2"
    self.configuration = configuration
  }

  /// The network in a number format.
  func unet(_ type: ScalarType = .f32) throws -> UNet {
    try UNet(
      Parameters(
        FixtureTensors("\(Self.root)/\(family)/diffusion_pytorch_model.safetensors", type), .unet, sites: sites),
      configuration)
  }

  func tensors(_ name: String) throws -> FixtureTensors {
    try FixtureTensors("\(Self.root)/\(family)/\(name).safetensors", .f32)
  }

  func adapter(_ name: String) throws -> LoadedAdapter {
    try LoadedAdapter(Adapter(path: "\(Self.root)/\(family)/\(name).safetensors"), sites: sites, .f32, on: .cpu)
  }
}

/// The tensors of a fixture file, also as the parameters of a model.
final class FixtureTensors: ParameterSource {
  let file: SafeTensorsFile
  let type: ScalarType

  init(_ path: String, _ type: ScalarType = .f32) throws {
    file = try SafeTensorsFile(path: path)
    self.type = type
  }

  func parameter(_ part: NetworkPart, _ name: String, shape: [Int]) throws -> Tensor {
    let info = try #require(file[name], "\(name)")
    #expect(info.shape == shape, "\(name)")
    return try self[name].to(type)
  }

  subscript(_ name: String) -> Tensor {
    get throws {
      let info = try #require(file[name], "\(name)")
      guard info.dtype == .i64 else {
        return try Tensor(file.doubles(of: info).map(Float.init), shape: info.shape)
      }
      let numbers = try file.withBytes(of: info) { bytes in
        (0..<info.count).map { bytes.unsafeLoadUnaligned(fromByteOffset: $0 * 8, as: Int64.self) }
      }
      return try Tensor(numbers, shape: info.shape)
    }
  }

  func has(_ name: String) -> Bool { file[name] != nil }
}
