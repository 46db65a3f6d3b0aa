import Adapters
import Diffusion
import Foundation
import Images
import SafeTensors
import Testing
import Torch

/// The pipelines and diffusers' pictures that `scripts/oracles/make_pipeline_fixture.py` makes.
enum PipelineFixture {
  struct Case: Decodable, Sendable, CustomTestStringConvertible {
    var name: String
    var family: String
    var prompt: String
    var negative: String?
    var seed: UInt64
    var width: Int
    var height: Int
    var steps: Int
    var cfg: Double
    var strength: Double

    var testDescription: String { name }

    /// The same settings here.
    var request: PictureRequest {
      var request = PictureRequest(prompt: prompt, seeds: [seed], width: width, height: height)
      request.negative = negative ?? ""
      request.steps = steps
      request.sampler = .euler
      request.guidance.scale = cfg
      return request
    }

    func adapters(_ model: DiffusionModel) throws -> AdapterSet {
      guard strength != 0 else { return AdapterSet() }
      return try PipelineFixture.adapters(family, model, strength)
    }
  }

  static func path(_ name: String) -> String { FixtureParameters.path("diffusion/pipeline/\(name)") }

  static let cases: [Case] = {
    guard let data = FileManager.default.contents(atPath: path("pictures.json")) else { return [] }
    return (try? JSONDecoder().decode([Case].self, from: data)) ?? []
  }()

  static func model(_ family: String, vae: DiffusionModel.VAE = .own) throws -> DiffusionModel {
    try DiffusionModel(
      ModelCheckpoint(path: path(family)), Precision(device: .cpu, type: .f32), vae: vae, environment: { _ in nil })
  }

  static func adapters(_ family: String, _ model: DiffusionModel, _ strength: Double) throws -> AdapterSet {
    let adapter = try LoadedAdapter(
      Adapter(path: path("\(family)-lora.safetensors")), sites: model.sites, .f32, on: .cpu)
    return try AdapterSet([(adapter, .uniform(strength))])
  }

  static func tensor(_ name: String) throws -> Tensor {
    try FixtureParameters("diffusion/pipeline/pictures.safetensors").tensor(name)
  }

  static func picture(_ name: String) throws -> Picture {
    let file = try SafeTensorsFile(path: path("pictures.safetensors"))
    let info = try #require(file["\(name).picture"])
    let bytes = try file.withBytes(of: info) { span in span.withUnsafeBytes { Array($0) } }
    return Picture(width: info.shape[1], height: info.shape[0], channels: info.shape[2], bytes: bytes)
  }

  /// The greatest difference of two samples at one place.
  static func difference(_ a: Picture, _ b: Picture) -> Int {
    guard a.width == b.width, a.height == b.height, a.channels == b.channels else { return 256 }
    return zip(a.bytes, b.bytes).map { abs(Int($0) - Int($1)) }.max() ?? 0
  }
}
