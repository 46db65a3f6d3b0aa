import Images
import Testing

@testable import Trainer

@Suite struct CheckSheetTests {
  private static let rules = """
    [captions]
    shuffle = true
    [images]
    flip = true
    crop = "random"
    """

  private func outline(
    _ rest: String = "", steps: Int = 100, _ more: [DatasetPictures.Picture] = []
  ) throws -> DatasetOutline {
    let cast = try CastConfiguration(
      toml: CheckFixture.cast(steps: steps, training: "seed = 7\n" + Self.rules, rest), path: "cast.toml")
    let pictures =
      CheckFixture.pictures(0, 6, size: PixelSize(90, 64), caption: { "konrad_httt, a, b, c, d, e \($0)" })
      + CheckFixture.pictures(1, 3, size: PixelSize(64, 100)) + more
    return try DatasetOutline(cast, pictures: DatasetPictures(pictures: pictures))
  }

  @Test func useRandomIsOneStreamForEachUse() {
    var view = UseRandom.view(seed: 7, source: 1, picture: 2, use: 3)
    var same = CounterRandom(seed: 7, 0x5649_4557, 1, 2, 3)
    #expect(view == same && view.next() == same.next())
    #expect(UseRandom.caption(seed: 7, source: 1, picture: 2, use: 3) == CounterRandom(seed: 7, 0x4341_5054, 1, 2, 3))
    let streams = [
      UseRandom.view(seed: 7, source: 1, picture: 2, use: 3), UseRandom.caption(seed: 7, source: 1, picture: 2, use: 3),
      UseRandom.view(seed: 8, source: 1, picture: 2, use: 3), UseRandom.view(seed: 7, source: 2, picture: 1, use: 3),
      UseRandom.view(seed: 7, source: 1, picture: 3, use: 2),
    ]
    #expect(Set(streams.map(\.key)).count == streams.count)
  }

  /// What is shown of a use is what the run's own sampler and random numbers give.
  @Test func theFirstUsesAreTheRunsOwn() throws {
    let outline = try outline()
    let seen = try SeenUse.first(3, of: outline)
    #expect(seen.map(\.count) == [18, 9])
    guard case .cast(var sampler) = outline.sampler else {
      Issue.record("a cast has its own sampler")
      return
    }
    var expected: [SeenUse] = []
    for step in 0..<100 {
      for sample in sampler.next().samples where sample.source == 0 && sample.use < 3 {
        let picture = outline.pictures.pictures[sample.picture]
        let rules = outline.subsets[picture.subset]
        var view = CounterRandom(seed: 7, 0x5649_4557, 0, UInt64(sample.picture), UInt64(sample.use))
        var text = CounterRandom(seed: 7, 0x4341_5054, 0, UInt64(sample.picture), UInt64(sample.use))
        let found = try #require(seen[0].first { $0.picture == sample.picture && $0.use == sample.use })
        #expect(found.step == step)
        #expect(found.view == PictureView(try #require(sample.placement), rule: rules.images, using: &view))
        #expect(
          found.caption
            == rules.captions.caption(picture.caption, at: .init(epoch: 1, step: step, steps: 100), using: &text))
        expected.append(found)
      }
    }
    #expect(Set(expected) == Set(seen[0]))
    #expect(seen[0].map(\.picture) == (0..<6).flatMap { [$0, $0, $0] } && seen[0].map(\.use).prefix(3) == [0, 1, 2])
    #expect(Set(seen[0].map(\.view)).count > 10 && Set(seen[0].map(\.caption)).count > 10)
    #expect(seen[0].allSatisfy { $0.caption.hasPrefix("konrad_httt, ") })
  }

  @Test func picturesThatAreNotUsedAreNotShown() throws {
    #expect(try SeenUse.first(1, of: outline(steps: 1)).map(\.count) == [2, 2])
  }

  /// A set without pictures shows its characters' with the class instead of the trigger.
  @Test func classCaptionsOfASetWithoutPictures() throws {
    let outline = try outline("[[regularization]]\nclass = \"1boy\"\ntarget = \"base\"\npairs_with = [\"Konrad\"]")
    let seen = try SeenUse.first(1, of: outline)
    #expect(seen.count == 3 && seen[2].count == 6)
    #expect(seen[2].allSatisfy { $0.caption.hasPrefix("1boy, ") && !$0.caption.contains("konrad_httt") })
  }

  @Test func sdScriptsUsesAreShownToo() throws {
    let toml = """
      [[datasets]]
      resolution = 64
      [[datasets.subsets]]
      image_dir = "a"
      num_repeats = 2
      flip_aug = true
      """
    let dataset = try DatasetConfiguration(toml: toml, path: "data.toml")
    let outline = try DatasetOutline(
      dataset, pictures: DatasetPictures(pictures: CheckFixture.pictures(0, 4)), steps: 30)
    let seen = try SeenUse.first(3, of: outline)
    // Batches of an epoch come in any order, so uses of one epoch do too.
    #expect(seen.map(\.count) == [12] && Set(seen[0].prefix(2).map(\.use)) == [0, 1])
    for picture in 0..<4 {
      let steps = seen[0].filter { $0.picture == picture }.map(\.step)
      #expect(steps == steps.sorted() && steps.count == 3)
    }
    #expect(seen[0].contains { $0.view.isFlipped } && seen[0].contains { !$0.view.isFlipped })
  }

  @Test func maskedPartsAreDark() throws {
    let folder = try TemporaryFolder()
    var bytes: [UInt8] = []
    for place in 0..<64 * 64 { bytes += [200, 100, 50, place % 64 < 32 ? 0 : 255] }
    try Picture(width: 64, height: 64, channels: 4, bytes: bytes).write(to: folder.path("a.png"), as: .png(texts: []))
    func shown(_ mask: Bool) throws -> Picture {
      let toml = CheckFixture.cast().replacing("images = \"konrad\"", with: "images = \"konrad\"\nmask = \(mask)")
      let cast = try CastConfiguration(toml: toml, path: "cast.toml")
      let picture = DatasetPictures.Picture(path: folder.path("a.png"), size: PixelSize(64), caption: "", subset: 0)
      let outline = try DatasetOutline(cast, pictures: DatasetPictures(pictures: [picture]))
      return try #require(SeenUse.first(1, of: outline)[0].first).shown(outline, side: 64)
    }
    let dark = try shown(true)
    // The background of 200 at a quarter, 64 of 255.
    #expect(Array(dark[5, 5]) == [50, 50, 50] && Array(dark[60, 60]) == [200, 100, 50])
    #expect(Array(try shown(false)[5, 5]) == [200, 200, 200])
  }
}
