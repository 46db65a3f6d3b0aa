import Adapters
import Diffusion
import Testing
import Torch

@testable import Trainer

/// Networks of tiny models whose LoRAs do something, and samples for them.
enum NetworkFixture {
  /// LoRAs with up factors other than zero.
  static func network(
    _ name: String = "sd1", names: [String] = ["a", "b"], parts: Set<ModelPart> = Set(ModelPart.allCases),
    strength: Double = 0.3, _ change: (inout CastConfiguration.Network) -> Void = { _ in }
  ) throws -> CastNetwork {
    var settings = CastConfiguration.Network()
    (settings.rank, settings.alpha, settings.convRank, settings.convAlpha) = (3, 2, 2, 1)
    change(&settings)
    let model = try CastFixture.model(name)
    let network = try CastNetwork(
      LayerSelection(model.sites, settings, parts: parts), settings, names: names, seed: 4)
    if strength > 0 { try fill(network, strength) }
    return network
  }

  /// Gives every up factor numbers.
  static func fill(_ network: CastNetwork, _ strength: Double, seed: UInt64 = 9) throws {
    let generator = try Generator(seed: seed)
    try withoutGradients {
      for layer in network.layers {
        for factors in layer.factors {
          try factors.up.assign(Tensor.normal(factors.up.shape, using: generator) * strength)
        }
      }
    }
  }

  static func objective(
    _ network: CastNetwork, _ name: String = "sd1", tokens: Int = 75, recomputation: Recomputation = .nothing,
    change: (inout LossPlan) -> Void = { _ in }
  ) throws -> CastObjective {
    let model = try CastFixture.model(name)
    var plan = LossPlan()
    plan.weights = [.target: 1, .basePrediction: 1]
    change(&plan)
    return try CastObjective(
      model, network, CaptionEncoder(model, layer: nil, tokens: tokens), plan, recomputation: recomputation)
  }

  /// A sample whose numbers depend on the seed alone.
  static func sample(
    _ seed: UInt64, _ caption: String = "konrad, a hat", loras: [Int], side: Int = 16,
    _ change: (inout TrainingSample) throws -> Void = { _ in }
  ) throws -> TrainingSample {
    let generator = try Generator(seed: seed)
    let latents = try Tensor.normal([1, 4, side, side], using: generator)
    var sample = TrainingSample(
      latents: latents, caption: caption,
      sizes: SizeConditioning(
        originalHeight: 64, originalWidth: 64, cropTop: 0, cropLeft: 0, targetHeight: 64, targetWidth: 64),
      time: Int(seed * 37 % 1000), noise: try NoiseOptions().draw(latents, [generator]), loras: loras)
    sample.dropoutSeed = seed
    sample.character = loras.first
    try change(&sample)
    return sample
  }

  /// Clears gradients, and gives those that `body` leaves: zeros where there are none.
  static func gradients(_ network: CastNetwork, _ body: () throws -> Void) throws -> [[Float]] {
    for parameter in network.parameters { try parameter.tensor.setGradient(nil) }
    try body()
    return try network.parameters.map { parameter in
      try parameter.tensor.gradient?.array() ?? [Float](repeating: 0, count: parameter.tensor.count)
    }
  }

  /// The greatest difference beside the greatest number.
  static func difference(_ one: [[Float]], _ other: [[Float]]) -> (greatest: Float, of: Float) {
    var (greatest, scale): (Float, Float) = (one.count == other.count ? 0 : .infinity, 0)
    for (a, b) in zip(one, other) {
      for (x, y) in zip(a, b) {
        greatest = max(greatest, abs(x - y))
        scale = max(scale, abs(x))
      }
    }
    return (greatest, scale)
  }
}

/// Expects an error whose text holds all of these.
func expectError<R>(
  _ parts: String..., sourceLocation: SourceLocation = #_sourceLocation, _ body: () throws -> R
) {
  do {
    _ = try body()
    Issue.record("nothing was thrown", sourceLocation: sourceLocation)
  } catch {
    for part in parts {
      #expect("\(error)".contains(part), "\(error)", sourceLocation: sourceLocation)
    }
  }
}
