import Diffusion
import Testing
import Torch

@Suite("Autoencoders", .serialized) struct AutoencoderTests {
  /// F32 against F32 of another libtorch, over some thirty layers.
  static let tolerance = 2e-5

  static func configuration() -> VAEConfiguration {
    var configuration = VAEConfiguration(channels: [4, 8, 8, 12], scalingFactor: 0.5)
    configuration.layersPerLevel = 1
    configuration.normGroups = 4
    return configuration
  }

  func model(_ type: ScalarType = .f32, channelsLast: Bool = false) throws -> (AutoencoderKL, FixtureParameters) {
    let file = try TextVAEFixtures.file("vae", [.vae: "kl."], type)
    return (
      try AutoencoderKL(
        Parameters(channelsLast ? ChannelsLastParameters(file) : file, .vae), Self.configuration()), file
    )
  }

  @Test(arguments: [false, true]) func picturesAndLatentsAreDiffusers(channelsLast: Bool) throws {
    let (model, file) = try model(channelsLast: channelsLast)
    #expect(file.unread("kl.").allSatisfy { $0.hasPrefix("kl.out.") })
    let picture = try file.tensor("in.picture")
    let latents = try model.encode(picture)
    #expect(try largestDifference(latents.mean, file.tensor("kl.out.mean")) < Self.tolerance)
    #expect(try largestDifference(latents.logVariance, file.tensor("kl.out.logvar")) < Self.tolerance)
    let sample = try latents.sample(using: Generator(seed: 11))
    // The same numbers from the same seed: a standard deviation of e⁰·⁵ multiplies the differences.
    #expect(try largestDifference(sample, file.tensor("kl.out.sample")) < 1e-4)
    let decoded = try model.decode(file.tensor("in.latents"))
    #expect(try largestDifference(decoded, file.tensor("kl.out.decoded")) < Self.tolerance)
  }

  @Test func slicesAreTheSame() throws {
    let (model, file) = try model()
    let latents = try model.encode(file.tensor("in.picture"), slicing: true)
    #expect(try largestDifference(latents.mean, file.tensor("kl.out.mean")) < Self.tolerance)
    let decoded = try model.decode(file.tensor("in.latents"), slicing: true)
    #expect(try largestDifference(decoded, file.tensor("kl.out.decoded")) < Self.tolerance)
  }

  @Test func withoutConvolutionsAndAttentionToo() throws {
    var configuration = VAEConfiguration(channels: [4, 8], scalingFactor: 1)
    configuration.latentChannels = 2
    configuration.normGroups = 4
    configuration.latentConvolutions = false
    configuration.middleAttention = false
    let file = try TextVAEFixtures.file("vae", [.vae: "bare."])
    let model = try AutoencoderKL(Parameters(file, .vae), configuration)
    #expect(file.unread("bare.").allSatisfy { $0.hasPrefix("bare.out.") })
    let picture = try file.tensor("in.picture").narrowed(0, from: 0, length: 1).narrowed(2, from: 0, length: 8)
      .narrowed(3, from: 0, length: 12)
    let latents = try model.encode(picture)
    #expect(try largestDifference(latents.mean, file.tensor("bare.out.mean")) < Self.tolerance)
    // Both limits of the variance are reached.
    #expect(try latents.logVariance.minimum().item() == -30)
    #expect(try latents.logVariance.maximum().item() == 20)
    #expect(try largestDifference(latents.logVariance, file.tensor("bare.out.logvar")) < Self.tolerance)
    let small = try file.tensor("in.latents").narrowed(0, from: 0, length: 1).narrowed(1, from: 0, length: 2)
    #expect(try largestDifference(model.decode(small), file.tensor("bare.out.decoded")) < Self.tolerance)
  }

  /// BF16's 8 bits through thirty layers: some hundredths of the picture's own size.
  @Test(arguments: [false, true]) func halfPrecisionIsNear(channelsLast: Bool) throws {
    let (model, file) = try model(.bf16, channelsLast: channelsLast)
    let mean = try relativeDifference(model.encode(file.tensor("in.picture")).mean, file.tensor("kl.out.mean"))
    let decoded = try relativeDifference(model.decode(file.tensor("in.latents")), file.tensor("kl.out.decoded"))
    #expect(mean < 0.05 && mean > 1e-4)
    #expect(decoded < 0.05 && decoded > 1e-4)
  }

  @Test func scalesAreInverse() throws {
    let (model, _) = try model()
    let latents = try Tensor([1, -2] as [Float])
    #expect(try model.scaled(latents).array(of: Float.self) == [0.5, -1])
    #expect(try model.unscaled(model.scaled(latents)).array(of: Float.self) == [1, -2])
  }

  @Test func fullSizeHasTheKnownCount() throws {
    for configuration in [VAEConfiguration.sd, .sdxl] {
      let list = ParameterList()
      _ = try AutoencoderKL(Parameters(list, .vae), configuration)
      #expect(list.count == 83_653_863)
    }
    #expect(try TextVAEFixtures.facts().parameters["vae"] == 83_653_863)
    let list = ParameterList()
    _ = try AutoencoderTiny(Parameters(list, .vae))
    #expect(list.count == 2_445_063)
    #expect(try TextVAEFixtures.facts().parameters["taesd"] == 2_445_063)
  }

  @Test func theTinyOneIsDiffusers() throws {
    var configuration = TinyVAEConfiguration()
    configuration.encoderChannels = [6, 6, 6, 6]
    configuration.encoderBlocks = [1, 2, 1, 2]
    configuration.decoderChannels = [6, 6, 6, 6]
    configuration.decoderBlocks = [2, 1, 2, 1]
    let file = try TextVAEFixtures.file("vae", [.vae: "tiny."])
    let model = try AutoencoderTiny(Parameters(file, .vae), configuration)
    #expect(file.unread("tiny.").allSatisfy { $0.hasPrefix("tiny.out.") })
    let latents = try model.encode(file.tensor("in.picture"))
    #expect(try largestDifference(latents, file.tensor("tiny.out.latents")) < Self.tolerance)
    let decoded = try model.decode(file.tensor("in.latents") * 4)
    #expect(try largestDifference(decoded, file.tensor("tiny.out.decoded")) < Self.tolerance)
    #expect(try largestDifference(model.unscaled(model.scaled(latents)), latents) == 0)
    let stored = try model.stored(Tensor([-9, -3, 0, 1.5, 3] as [Float]))
    #expect(try stored.array(of: Float.self) == [0, 0, 0.5, 0.75, 1])
    #expect(try model.restored(stored).array(of: Float.self) == [-3, -3, 0, 1.5, 3])
  }
}
