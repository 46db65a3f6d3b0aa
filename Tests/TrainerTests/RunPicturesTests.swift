import Foundation
import Images
import Testing
import Torch

@testable import Trainer

/// Pictures that nobody drew: two characters cut out and put together, and those of the base model.
@Suite struct RunPicturesTests {
  private static let (red, blue) = (Colour(red: 220, green: 10, blue: 10), Colour(red: 10, green: 10, blue: 220))

  private static func cutOuts(_ share: Double = 1) throws -> CastFixture {
    var fixture = try CastFixture(pictures: 1)
    try fixture.draw("konrad/cut", seed: 1, width: 32, height: 64, hole: 0..<8, colour: red, caption: "konrad, a hat")
    try fixture.draw("lisar/cut", seed: 2, width: 64, height: 64, hole: 48..<64, colour: blue, caption: "lisar")
    fixture.cast.training.composites = share
    return fixture
  }

  private static func sample(_ plan: RunPlan, _ picture: Int) throws -> (Sample, PictureView) {
    let placement = try #require(plan.measuringPlacement(of: picture))
    let owner = picture < 2 ? 0 : 1
    var random = CounterRandom(seed: 1)
    return (
      Sample(picture: picture, source: owner, role: .character(owner), use: 0, weight: 1, placement: placement),
      PictureView(placement, rule: ImageRule(), using: &random)
    )
  }

  private struct Found {
    var drawn: Composite.Drawn
    var picture: Picture { drawn.picture }
    var caption: String
    var members: [Int]
  }

  private static func composites(_ plan: RunPlan, _ picture: Int, draws: Int) throws -> [Found?] {
    let partners = try CompositePartners(plan)
    let (sample, view) = try sample(plan, picture)
    return try (0..<draws).map { draw in
      try partners.choice(for: sample, seed: UInt64(draw)).map { choice in
        Found(
          drawn: try Composite.drawn(choice, inPlaceOf: picture, view, plan), caption: plan.caption(of: choice),
          members: choice.members)
      }
    }
  }

  @Test func bothStandSideBySide() throws {
    let fixture = try Self.cutOuts()
    let plan = try fixture.plan()
    // Pictures by name: 0 and cut of each.
    let all = try Self.composites(plan, 1, draws: 20)
    var orders: Set<[Int]> = []
    for composite in all {
      let found = try #require(composite)
      orders.insert(found.members)
      let isLeft = found.members == [0, 1]
      #expect(found.picture.width == 64 && found.picture.height == 64)
      let names = isLeft ? "konrad, lisar, 1boy, 1girl" : "lisar, konrad, 1girl, 1boy"
      #expect(found.caption == names + ", side by side, simple background")
      // What can be seen of Konrad, 24 × 64, becomes 22 × 60 in the 30 × 60 of his half; Lisar's 48 × 64 become 30 × 40.
      let (konrad, lisar) = isLeft ? (0, 32) : (32, 0)
      func shows(_ x: Int, _ y: Int, _ colour: [UInt8]) -> Bool { Array(found.picture[x, y]) == colour }
      let (red, blue, behind): ([UInt8], [UInt8], [UInt8]) = ([220, 10, 10], [10, 10, 220], [200, 200, 200])
      #expect(shows(konrad + 6, 3, red) && shows(konrad + 25, 60, red))
      #expect(shows(konrad + 3, 30, behind) && shows(konrad + 28, 30, behind) && shows(konrad + 15, 0, behind))
      #expect(shows(lisar + 2, 23, blue) && shows(lisar + 29, 60, blue))
      #expect(shows(lisar, 50, behind) && shows(lisar + 31, 50, behind) && shows(lisar + 15, 20, behind))
      #expect(shows(lisar + 15, 63, behind))
      // Each mask is 255 where its own stands, and 0 where the other does.
      let masks = isLeft ? found.drawn.places : found.drawn.places.reversed()
      #expect(masks.count == 2)
      #expect(Array(masks[0][konrad + 15, 30]) == [255] && Array(masks[0][lisar + 15, 30]) == [0])
      #expect(Array(masks[1][lisar + 15, 30]) == [255] && Array(masks[1][konrad + 15, 30]) == [0])
      #expect(masks[0].bytes.count { $0 > 0 } == 22 * 60 && masks[1].bytes.count { $0 > 0 } == 30 * 40)
    }
    #expect(orders == [[0, 1], [1, 0]])
    withExtendedLifetime(fixture) {}
  }

  @Test func onlyCutOutsAreUsed() throws {
    let fixture = try Self.cutOuts(0.3)
    let plan = try fixture.plan()
    #expect(try CompositePartners(plan).lack == nil)
    #expect(try Self.composites(plan, 0, draws: 10).allSatisfy { $0 == nil })
    let share = try Self.composites(plan, 3, draws: 400).count { $0 != nil }
    // 400 draws: four standard deviations are 37.
    #expect(abs(share - 120) < 37)
    let never = try Self.cutOuts(0)
    #expect(try Self.composites(never.plan(), 3, draws: 10).allSatisfy { $0 == nil })
    #expect(try CompositePartners(never.plan()).lack == nil)
  }

  /// Without anybody else's cut-out nobody is put beside, and a run says so before it begins.
  @Test(arguments: ["nothing hidden", "no file", "no picture"]) func cutOutsOfOneAreTooFew(_ what: String) throws {
    let fixture = try Self.cutOuts()
    let path = fixture.folder.path("konrad/cut.png")
    switch what {
    case "nothing hidden": try fixture.draw("konrad/cut", seed: 1, hole: 0..<0, colour: Self.red, caption: "konrad")
    case "no file": try FileManager.default.removeItem(atPath: path)
    default: break
    }
    let plan = try fixture.plan()
    // Spoiled after the plan has read its header.
    if what == "no picture" { try Data("no picture".utf8).write(to: URL(filePath: path)) }
    let partners = try CompositePartners(plan)
    let lack = try #require(partners.lack)
    #expect(lack.contains("composites = 1.0, but only Lisar has pictures with transparent parts"), "\(lack)")
    let (sample, _) = try Self.sample(plan, what == "no file" ? 2 : 3)
    #expect((0..<10).allSatisfy { partners.choice(for: sample, seed: $0) == nil })
    if what == "nothing hidden" {
      #expect(throws: OptimisationError(lack)) { try fixture.run() }
    }
  }

  /// Sheets show what the run will see: the same two in the same places under the same words.
  @Test func sheetsShowComposites() throws {
    let fixture = try Self.cutOuts()
    let outline = try DatasetOutline(fixture.cast, pictures: fixture.cast.pictures())
    let seen = try SeenUse.first(2, of: outline).joined().filter { $0.composite != nil }
    #expect(seen.count == 4)
    let (preparer, plan) = (try fixture.run().run.preparer, try fixture.plan())
    var source = plan.steps
    for _ in 0..<outline.steps {
      let next = source.next()
      for sample in try #require(next).samples {
        guard
          let use = seen.first(where: { ($0.picture, $0.source, $0.use) == (sample.picture, sample.source, sample.use) }
          )
        else { continue }
        #expect(try preparer.prepared(sample, epoch: 1, step: 0).caption == use.caption)
        let choice = try #require(use.composite)
        #expect(
          try use.shown(outline, side: 64) == Composite.drawn(choice, inPlaceOf: use.picture, use.view, plan).picture)
      }
    }
  }

  /// As samples of a run: both LoRAs, no mask, nothing preserved; also with sd-scripts' batches, which know subsets.
  @Test(arguments: CastConfiguration.Training.Matching.allCases) func compositesAreSamplesOfBoth(
    _ matching: CastConfiguration.Training.Matching
  ) throws {
    var fixture = try Self.cutOuts()
    (fixture.cast.training.matching, fixture.cast.network.mode) = (matching, .separate)
    fixture.cast.losses.outputPreservation = 1
    // Subsets and characters have other numbers.
    fixture.cast.characters[0].subsets.append(fixture.cast.characters[0].subsets[0])
    fixture.cast.characters[0].subsets[1].images = "more"
    try fixture.draw("more/0", seed: 5, caption: "konrad")
    let run = try fixture.run().run
    var (source, composites) = (run.source, 0)
    for _ in 0..<6 {
      for sample in try source.following().samples {
        let found = try run.preparer.prepared(sample, epoch: 1, step: 0)
        let isCutOut = run.plan.pictures.pictures[sample.picture].path.hasSuffix("cut.png")
        #expect((found.character == nil) == isCutOut && (found.loras.count == 2) == isCutOut)
        guard isCutOut else { continue }
        composites += 1
        #expect(Set(found.triggers) == ["konrad", "lisar"] && found.mask == nil && !found.isConstant)
        #expect(found.classCaption == nil && found.bystander == nil && found.caption.contains("side by side"))
        #expect(found.places.map(\.words) == found.triggers.map { [$0] })
        #expect(found.places.allSatisfy { $0.mask.shape == [1, 1, 64, 64] })
      }
    }
    #expect(composites > 2)
  }

  @Test func captionsCountPeople() {
    func text(_ words: (String, String)...) -> String {
      let words: [TriggerWord] = words.map { TriggerWord(trigger: $0.0, className: $0.1) }
      return Composite.caption(words)
    }
    #expect(text(("a", "1girl"), ("b", "1girl")) == "a, b, 2girls, side by side, simple background")
    #expect(text(("a", "1girl"), ("b", "1boy")) == "a, b, 1girl, 1boy, side by side, simple background")
    #expect(text(("a", "woman"), ("b", "woman")) == "a, b, woman, side by side, simple background")
    #expect(text(("a", ""), ("", "cat")) == "a, cat, side by side, simple background")
  }

  // MARK: - Drawn by the base model

  private static func drawn(_ more: String = "") throws -> CastFixture {
    var fixture = try CastFixture(
      pictures: 1,
      more: """
        [[regularization]]
        class = "1boy"
        generated = 2
        \(more)
        """)
    (fixture.cast.preview.steps, fixture.cast.preview.guidance) = (1, 1)
    return fixture
  }

  @Test func missingPicturesAreDrawnOnce() throws {
    let fixture = try Self.drawn(
      """
      [[regularization]]
      class = "1girl"
      images = "reg"
      [[regularization]]
      class = "1girl"
      generated = 1
      """)
    try fixture.draw("reg/0", seed: 7, caption: "1girl")
    func add() throws -> (pictures: DatasetPictures, numbers: [Int: [Int]], told: [[Int]]) {
      var (pictures, told): (DatasetPictures, [[Int]]) = (try fixture.cast.pictures(), [])
      let numbers = try GeneratedPictures(fixture.cast, CastFixture.model()).add(to: &pictures) {
        told.append([$0, $1])
      }
      return (pictures, numbers, told)
    }
    let first = try add()
    // After the two characters' pictures and the set's own, in subsets after theirs.
    #expect(first.numbers == [0: [3, 4], 2: [5]] && first.told == [[1, 3], [2, 3], [3, 3]])
    let made = Array(first.pictures.pictures[3...])
    #expect(made.map(\.subset) == [3, 3, 4] && made.map(\.caption) == ["1boy", "1boy", "1girl"])
    #expect(made.allSatisfy { $0.size == PixelSize(64) })
    let bytes = try made.map { try Data(contentsOf: URL(filePath: $0.path)) }
    #expect(Set(bytes).count == 3)
    let second = try add()
    #expect(second.pictures == first.pictures && second.numbers == first.numbers)
    try FileManager.default.removeItem(atPath: made[1].path)
    try Data("marked".utf8).write(to: URL(filePath: made[1].path + ".txt"))
    _ = try add()
    // The missing one is drawn again, as it was.
    #expect(try Data(contentsOf: URL(filePath: made[1].path)) == bytes[1])
    // They are drawn from as any picture of a set.
    let plan = try RunPlan(fixture.cast, pictures: first.pictures, generated: first.numbers)
    #expect(
      plan.subsets.map(\.owner) == [
        .character(0), .character(1), .regularization(1), .regularization(0), .regularization(2),
      ])
    let used = plan.steps.exposure(steps: 12).pictures
    #expect(used.count == 6 && used.allSatisfy { $0 > 0 })
    for (number, picture) in first.pictures.pictures.enumerated() where number > 2 {
      #expect(plan.subsets[picture.subset].owner == .regularization(number == 5 ? 2 : 0))
    }
  }

  /// Pictures that would be others lie elsewhere.
  @Test func otherPicturesHaveOtherNames() throws {
    let fixture = try Self.drawn()
    var folders: Set<String> = []
    func add(_ change: (inout CastConfiguration) -> Void) throws {
      var cast = fixture.cast
      cast.regularization[0].generated = 1
      change(&cast)
      var pictures = try cast.pictures()
      _ = try GeneratedPictures(cast, CastFixture.model()).add(to: &pictures) { _, _ in }
      folders.insert(
        String(pictures.pictures[pictures.pictures.count - 1].path.split(separator: "/").dropLast().last ?? ""))
    }
    try add { _ in }
    try add { $0.training.seed = 2 }
    try add { $0.preview.steps = 2 }
    try add { $0.preview.negative = "bad" }
    try add { $0.model.clipSkip = 2 }
    // The same name in files, but not the same prompt.
    try add { $0.regularization[0].className = "1boy, hat" }
    try add { $0.regularization[0].className = "1boy. hat" }
    #expect(folders.count == 7)
  }
}
