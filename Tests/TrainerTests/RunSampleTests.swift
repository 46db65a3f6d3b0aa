import Diffusion
import Testing
import Torch

@testable import Trainer

/// Pictures, captions, times and noise as the network gets them.
@Suite struct RunSampleTests {
  private static func preparer(_ fixture: CastFixture, processes: Int = 1) throws -> SamplePreparer {
    let model = try CastFixture.model()
    guard case .full(let vae) = model.decoder else { throw OptimisationError("no autoencoder") }
    return try SamplePreparer(
      fixture.plan(processes: processes), LatentCache(vae, fingerprint: "a", folder: CacheFolder(nil)),
      NoiseSchedule(model.configuration.schedule), scaling: 0.18215)
  }

  private static func bytes(_ sample: TrainingSample) throws -> [[UInt8]] {
    try [sample.latents, sample.noise.target, sample.noise.input].map { try $0.contiguous().bytes() }
      + [Array("\(sample.caption) \(sample.time) \(sample.dropoutSeed) \(sample.sizes)".utf8)]
  }

  private static func all(_ preparer: SamplePreparer, steps: Int) throws -> [[Int]: [[UInt8]]] {
    var (source, found): (StepSource, [[Int]: [[UInt8]]]) = (preparer.plan.steps, [:])
    for step in 0..<steps {
      for sample in try source.following().samples {
        // The step counts in captions' warm-up alone.
        let prepared = try preparer.prepared(sample, epoch: 1, step: step)
        found[[sample.source, sample.picture, sample.use]] = try bytes(prepared)
      }
    }
    return found
  }

  /// A use of a picture is the same whatever the batch, and whoever prepares it.
  @Test func usesDependOnNothingElse() throws {
    var fixture = try CastFixture()
    fixture.cast.characters.mutateSubsets { subset in
      (subset.captions.shuffles, subset.captions.tagDropout) = (true, 0.3)
      (subset.pictures.flips, subset.pictures.crop) = (true, .random)
    }
    fixture.cast.losses.noiseOffset = 0.1
    try fixture.draw("konrad/wide", seed: 9, width: 128, caption: "konrad, a, b, c")
    let small = try Self.all(Self.preparer(fixture), steps: 12)
    fixture.cast.training.batch = 3
    let large = try Self.all(Self.preparer(fixture), steps: 8)
    #expect(small.count == 24 && large.count == 24)
    for (use, bytes) in small { if let other = large[use] { #expect(bytes == other, "\(use)") } }
    #expect(Set(small.keys).intersection(large.keys).count >= 20)
    // No two uses have the same noise, and the times are spread.
    #expect(Set(small.values.map { $0[1] }).count == 24)
    fixture.cast.training.seed = 2
    let other = try Self.all(Self.preparer(fixture), steps: 8)
    for (use, bytes) in other { if let one = large[use] { #expect(one[1] != bytes[1]) } }
  }

  /// In a sum every LoRA acts, by the share that is asked for; a use is one or the other whatever the batch.
  @Test(arguments: [0.0, 0.5, 1.0]) func someSamplesMeetTheSum(share: Double) throws {
    var fixture = try CastFixture()
    fixture.cast.network.mode = .separate
    fixture.cast.network.summed = share
    let preparer = try Self.preparer(fixture)
    var source = preparer.plan.steps
    var (sums, all) = (0, 0)
    for step in 0..<60 {
      for sample in try source.following().samples {
        let prepared = try preparer.prepared(sample, epoch: 1, step: step)
        guard let character = prepared.character else { continue }
        all += 1
        if prepared.loras == [0, 1] { sums += 1 } else { #expect(prepared.loras == [character]) }
        // Who must leave the picture alone does so alone.
        #expect(prepared.bystander == 1 - character)
      }
    }
    #expect(all >= 100)
    // Four standard deviations of a fair coin.
    #expect(abs(Double(sums) - share * Double(all)) <= (share == 0.5 ? 2 * Double(all).squareRoot() : 0))
    fixture.cast.network.mode = .shared
    #expect(try fixture.plan().notes.contains { $0.contains("summed") } == (share > 0))
  }

  private static let sets = """
    [[group]]
    characters = ["Konrad", "Lisar"]
    images = "duo"
    [[regularization]]
    class = "1girl"
    target = "base"
    pairs_with = ["Lisar"]
    weight = 3
    """

  /// Class captions of the character's own pictures, without pictures of the set.
  @Test(arguments: CastConfiguration.Network.Mode.allCases) func rolesDecideWhoLearnsWhat(
    _ mode: CastConfiguration.Network.Mode
  ) throws {
    var fixture = try CastFixture(more: Self.sets)
    try fixture.draw("duo/0", seed: 3, caption: "lisar and konrad, talking")
    fixture.cast.network.mode = mode
    fixture.cast.losses.outputPreservation = 1
    fixture.cast.losses.crossPrior = 1
    let preparer = try Self.preparer(fixture)
    let isSeparate = mode == .separate
    var (source, seen): (StepSource, Set<String>) = (preparer.plan.steps, [])
    for step in 0..<8 {
      for sample in try source.following().samples {
        let found = try preparer.prepared(sample, epoch: 1, step: step)
        switch sample.role {
        case .character(let number):
          seen.insert("solo")
          let (own, word) = (["konrad", "lisar"][number], ["1boy", "1girl"][number])
          #expect(
            found.caption == "\(own), standing, a hat, red sky"
              && found.classCaption == "\(word), standing, a hat, red sky")
          #expect(found.triggers == [own] && found.character == number && found.target == .picture && found.isConstant)
          #expect(found.loras == (isSeparate ? [number] : [0]) && found.bystander == (isSeparate ? 1 - number : 0))
          #expect(found.bystanderCaption == (isSeparate ? nil : "standing, a hat, red sky"))
        case .group:
          seen.insert("group")
          #expect(found.loras == (isSeparate ? [0, 1] : [0]) && found.triggers == ["konrad", "lisar"])
          #expect(found.character == nil && found.classCaption == nil && found.bystander == nil)
          #expect(found.caption == "lisar and konrad, talking")
        case .regularization(_, let characters):
          seen.insert("set")
          #expect(characters == [1] && found.caption == "1girl, standing, a hat, red sky" && found.weight == 3)
          #expect(found.target == .base && found.character == nil && found.loras == (isSeparate ? [1] : [0]))
          #expect(found.classCaption == nil && found.bystander == nil && found.triggers.isEmpty)
        }
      }
    }
    #expect(seen == ["solo", "group", "set"])
  }

  @Test func emptyCaptionsPreserveNothing() throws {
    var fixture = try CastFixture()
    fixture.cast.losses.outputPreservation = 1
    fixture.cast.characters.mutateSubsets { $0.captions.dropout = 1 }
    let preparer = try Self.preparer(fixture)
    var source = preparer.plan.steps
    for sample in try source.following().samples {
      let found = try preparer.prepared(sample, epoch: 1, step: 0)
      #expect(found.caption.isEmpty && found.classCaption == nil && found.bystander == nil && !found.isConstant)
    }
  }

  /// What SDXL is told of a crop is what was cropped, mirrored with the picture.
  @Test func cropsAreToldAsTheyAre() throws {
    var fixture = try CastFixture(pictures: 1)
    for name in ["konrad/0", "lisar/0"] {
      try fixture.draw(name, seed: 8, width: 100, height: 80, caption: "a")
    }
    fixture.cast.characters.mutateSubsets { ($0.pictures.crop, $0.pictures.flips) = (.random, true) }
    let preparer = try Self.preparer(fixture)
    var (source, lefts): (StepSource, Set<Int>) = (preparer.plan.steps, [])
    for step in 0..<6 {
      for sample in try source.following().samples {
        let found = try preparer.prepared(sample, epoch: 1, step: step).sizes
        let placement = try #require(sample.placement)
        var random = UseRandom.view(seed: 1, source: sample.source, picture: sample.picture, use: sample.use)
        let view = PictureView(placement, rule: preparer.plan.subsets[0].images, using: &random)
        // 100 × 80 covers 64 × 64 as 80 × 64.
        #expect(placement.resized == PixelSize(80, 64) && placement.bucket == PixelSize(64))
        #expect(found.originalWidth == 100 && found.originalHeight == 80 && found.cropTop == 0)
        #expect(found.targetWidth == 64 && found.targetHeight == 64)
        #expect(found.cropLeft == (view.isFlipped ? 16 - view.window.left : view.window.left))
        lefts.insert(found.cropLeft)
      }
    }
    #expect(lefts.count > 3)
    fixture.cast.characters.mutateSubsets {
      ($0.pictures.crop, $0.pictures.flips, $0.pictures.offsets) = (.centre, false, .kohya)
    }
    let kohya = try Self.preparer(fixture)
    var other = kohya.plan.steps
    let sample = try #require(try other.following().samples.first)
    let found = try kohya.prepared(sample, epoch: 1, step: 0).sizes
    // As if it were fitted in: 64 × 51.2 with 6.4 above.
    #expect(found.cropLeft == 0 && found.cropTop == 6)
  }

  @Test func masksFollowTheirPictures() throws {
    var fixture = try CastFixture(pictures: 1)
    try fixture.draw("konrad/0", seed: 1, hole: 0..<32, caption: "a")
    fixture.cast.characters.mutateSubsets { $0.pictures.masks = true }
    let preparer = try Self.preparer(fixture)
    var source = preparer.plan.steps
    for sample in try source.following().samples {
      let mask = try preparer.prepared(sample, epoch: 1, step: 0).mask
      guard sample.picture == 0 else {
        #expect(mask == nil)
        continue
      }
      let values: [Float] = try #require(mask).array()
      #expect(values.count == 64 * 64 && values.enumerated().allSatisfy { $1 == ($0 % 64 < 32 ? 0 : 1) })
    }
  }

  @Test func picturesWithoutABucketAreNamed() throws {
    var fixture = try CastFixture(pictures: 1)
    fixture.cast.training.enlarges = false
    try fixture.draw("konrad/0", seed: 1, width: 40, height: 40, caption: "a")
    expectError("konrad/0.png", "too small", "enlarge = true") { try fixture.plan().checkSizes() }
  }
}
