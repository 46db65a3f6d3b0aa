import Diffusion
import Foundation
import Torch

/// What `make_text_vae_fixture.py` wrote.
enum TextVAEFixtures {
  struct Facts: Decodable {
    var prompts: [String: [[Int]]]
    var weights: [[Float]]
    var parameters: [String: Int]
  }

  static let end = 63

  static func facts() throws -> Facts {
    try JSONDecoder().decode(
      Facts.self,
      from: Data(contentsOf: URL(filePath: FixtureParameters.path("diffusion/text-vae/text-vae.json"))))
  }

  static func file(
    _ name: String, _ prefixes: [NetworkPart: String] = [:], _ type: ScalarType = .f32
  ) throws -> FixtureParameters {
    try FixtureParameters("diffusion/text-vae/\(name).safetensors", prefixes: prefixes, type)
  }

  /// The tiny encoder "l", "h" or "g".
  static func clip(_ name: String) -> CLIPConfiguration {
    var configuration =
      switch name {
      case "l":
        CLIPConfiguration(width: 24, layers: 3, heads: 3, intermediateWidth: 48, activation: .quickGelu)
      case "h": CLIPConfiguration(width: 16, layers: 3, heads: 2, intermediateWidth: 32, activation: .gelu)
      default:
        CLIPConfiguration(width: 32, layers: 3, heads: 4, intermediateWidth: 64, activation: .gelu, projection: 40)
      }
    configuration.vocabulary = 64
    configuration.endToken = name == "g" ? 2 : end
    return configuration
  }

  static func encoder(_ name: String, _ type: ScalarType = .f32) throws -> CLIPTextEncoder {
    let source = try file("text", [.textEncoder1: "\(name)."], type)
    return try CLIPTextEncoder(Parameters(source, .textEncoder1), clip(name))
  }

  /// The tokens as SDXL's second tokenizer pads them.
  static func otherPadding(_ pieces: [[Int]]) -> [[Int]] {
    pieces.map { piece in
      let end = piece.firstIndex(of: end) ?? piece.count
      return piece.enumerated().map { $0.offset > end ? 0 : $0.element }
    }
  }
}
