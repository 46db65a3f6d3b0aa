import Diffusion
import Testing
import Torch

@testable import Trainer

/// Embeddings of captions that come again, and what caches know a model by.
@Suite struct CacheTextTests {
  private static func cache(
    _ name: String, _ folder: TemporaryFolder?, tokens: Int = 75, fingerprint: String = "a"
  ) throws -> TextCache {
    let model = try CastFixture.model(name)
    return TextCache(
      try CaptionEncoder(model, layer: nil, tokens: tokens), fingerprint: fingerprint,
      folder: CacheFolder(folder?.path("cache")), .f32, on: .cpu)
  }

  private static func bytes(_ embedding: TextEmbedding) throws -> [[UInt8]?] {
    [try embedding.context.contiguous().bytes(), try embedding.pooled?.contiguous().bytes()]
  }

  @Test(arguments: ["sd1", "sdxl"]) func constantCaptionsAreComputedOnce(_ name: String) throws {
    let folder = try TemporaryFolder()
    let captions = ["konrad, a hat", "lisar", "konrad, a hat"]
    let first = try Self.cache(name, folder)
    let made = try Self.bytes(first.embeddings(captions, stores: [true, true, true]))
    #expect(first.computed == 2)
    let second = try Self.cache(name, folder)
    #expect(try Self.bytes(second.embeddings(captions, stores: [true, true, true])) == made && second.computed == 0)
    let model = try CastFixture.model(name)
    let encoder = try CaptionEncoder(model, layer: nil, tokens: 75)
    for (row, caption) in captions.enumerated() {
      let alone = try withoutGradients { try encoder([caption], .plain) }
      let stored = try second.embeddings(captions, stores: [true, true, true])
      #expect(try stored.context.narrowed(0, from: row, length: 1).contiguous().bytes() == alone.context.bytes())
    }
    // Others are kept in memory alone.
    let third = try Self.cache(name, folder)
    for _ in 0..<2 { _ = try third.embeddings(["new"], stores: [false]) }
    #expect(third.computed == 1)
    let fourth = try Self.cache(name, folder)
    _ = try fourth.embeddings(["new"], stores: [false])
    #expect(fourth.computed == 1)
    // Another model, length or caption.
    for other in [try Self.cache(name, folder, fingerprint: "b"), try Self.cache(name, folder, tokens: 150)] {
      _ = try other.embeddings(["lisar"], stores: [true])
      #expect(other.computed == 1)
    }
    _ = try second.embeddings(["lisar,"], stores: [true])
    #expect(second.computed == 1)
  }

  /// Runs compute nothing anew where an earlier one with the same pictures and captions was.
  @Test func runsShareAFolder() throws {
    let fixture = try CastFixture()
    var training = fixture
    (training.cast.training.steps, training.cast.training.te1Rate) = (2, 0)
    func computed(_ output: String) throws -> (latents: Int, texts: Int, losses: [Double]) {
      let (run, events) = try training.run(output: output) { $0.cache = fixture.folder.path("cache") }
      try run.run()
      return (run.preparer.latents.computed, run.objective.texts.computed, events.losses)
    }
    let (first, second) = try (computed("one"), computed("two"))
    #expect(first.latents == 6 && first.texts == 2 && second.latents == 0 && second.texts == 0)
    #expect(first.losses == second.losses)
    let (plain, events) = try training.run(output: "three")
    try plain.run()
    #expect(events.losses == first.losses)
  }

  @Test func modelsAreKnownByTheirNumbers() throws {
    let (sd1, sd2) = try (CastFixture.model("sd1"), CastFixture.model("sd2"))
    let (one, other) = try (ModelFingerprint(sd1, vae: nil), ModelFingerprint(sd2, vae: nil))
    #expect(one.text != other.text && one.vae != other.vae)
    #expect(try ModelFingerprint(sd1, vae: nil) == one)
    // Another autoencoder: a folder of a model, or a file.
    let place = Fixtures.path("diffusion/pipeline/sd2")
    #expect(
      try ModelFingerprint(sd1, vae: place).vae == other.vae && ModelFingerprint(sd1, vae: place).text == one.text)
    let file = try ModelFingerprint(sd1, vae: "\(place)/vae/diffusion_pytorch_model.safetensors")
    #expect(file.vae != one.vae && file.text == one.text)
    expectError("nothing.safetensors") { try ModelFingerprint(sd1, vae: "nothing.safetensors") }
  }
}
