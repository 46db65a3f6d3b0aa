import Images
import Testing

@testable import Trainer

@Suite struct CheckPictureTests {
  /// A scene: a gradient that is the same at no two places, with a dark disc.
  private static func scene(_ width: Int, _ height: Int, channels: Int = 3, at x: Double = 0.3) -> Picture {
    var bytes: [UInt8] = []
    for row in 0..<height {
      for column in 0..<width {
        let (u, v) = ((Double(column) + 0.5) / Double(width), (Double(row) + 0.5) / Double(height))
        let isDisc = (u - x) * (u - x) + (v - 0.6) * (v - 0.6) < 0.04
        bytes += isDisc ? [30, 20, 60] : [UInt8(250 * u), UInt8(250 * v), UInt8(120 * (1 - u))]
        if channels == 4 { bytes.append(isDisc ? 255 : 0) }
      }
    }
    return Picture(width: width, height: height, channels: channels, bytes: bytes)
  }

  private static func plain(_ colour: Colour, noise: Int = 0) -> Picture {
    var picture = Picture(width: 60, height: 60, filledWith: colour)
    picture.paste(Picture(width: 30, height: 40, filledWith: Colour(red: 200, green: 40, blue: 40)), x: 15, y: 20)
    guard noise > 0 else { return picture }
    let bytes = picture.bytes.enumerated().map { UInt8(clamping: Int($1) + ($0 * 7919 % (2 * noise + 1)) - noise) }
    return Picture(width: 60, height: 60, channels: 3, bytes: bytes)
  }

  @Test func backgrounds() {
    func background(_ picture: Picture) -> PictureFacts.Background { PictureFacts(picture, hash: "").background }
    #expect(background(Self.scene(60, 60)) == .busy)
    #expect(background(Self.scene(60, 60, channels: 4)) == .transparent)
    #expect(background(Self.plain(.white)) == .plainLight && background(Self.plain(.black)) == .plainDark)
    #expect(background(Self.plain(Colour(red: 60, green: 120, blue: 200))) == .plainColoured)
    #expect(background(Self.plain(Colour(grey: 230), noise: 9)) == .plainLight, "compression is no scene")
    #expect(background(Self.plain(Colour(grey: 128), noise: 60)) == .busy)
    #expect(background(Picture(width: 1, height: 1, filledWith: .white)) == .plainLight)
  }

  @Test func colours() {
    let grey = Picture(width: 8, height: 8, channels: 1, bytes: (0..<64).map { UInt8($0 * 4) })
    let facts = PictureFacts(grey, hash: "")
    #expect(facts.isGreyscale && facts.colourfulness == 0)
    #expect(PictureFacts(Self.scene(60, 60), hash: "").isGreyscale == false)
    // Half red, half green: rg is ±255, yb is 127.5 throughout, so √(255²) + 0.3 · 127.5.
    let bytes = (0..<64).flatMap { $0 < 32 ? [255, 0, 0] : [0, 255, 0] as [UInt8] }
    let vivid = PictureFacts(Picture(width: 8, height: 8, channels: 3, bytes: bytes), hash: "")
    #expect(abs(vivid.colourfulness - (255 + 0.3 * 127.5)) < 1e-9)
    // What cannot be seen does not count.
    let hidden = (0..<64).flatMap { $0 < 32 ? [255, 0, 0, 0] : [90, 90, 90, 255] as [UInt8] }
    #expect(PictureFacts(Picture(width: 8, height: 8, channels: 4, bytes: hidden), hash: "").isGreyscale)
    // One coloured pixel in a hundred is noise, two are not.
    func speckled(_ count: Int) -> Bool {
      let bytes = (0..<100).flatMap { $0 < count ? [200, 0, 0] : [90, 90, 90] as [UInt8] }
      return PictureFacts(Picture(width: 10, height: 10, channels: 3, bytes: bytes), hash: "").isGreyscale
    }
    #expect(speckled(1) && !speckled(2))
  }

  @Test func likeness() {
    func look(_ picture: Picture) -> PictureLikeness { PictureFacts(picture, hash: "").likeness }
    let first = look(Self.scene(90, 64))
    #expect(first.resemblance(look(Self.scene(45, 32))) == .alike, "another size")
    #expect(first.resemblance(look(Self.scene(90, 64).flipped())) == .mirrored)
    #expect(first.resemblance(look(Self.scene(90, 64, at: 0.7))) == nil, "another pose")
    // The same shapes in other colours are on purpose.
    let dark = Picture(
      width: 90, height: 64, channels: 3, bytes: Self.scene(90, 64).bytes.map { $0 / 2 })
    #expect(first.resemblance(look(dark)) == nil)
    // Smaller than the grid.
    #expect(look(Picture(width: 2, height: 3, filledWith: .white)).colours == [UInt8](repeating: 255, count: 768))
  }

  @Test func filesAreReadOnceAndFailuresStopNothing() async throws {
    let folder = try TemporaryFolder()
    try folder.write("no picture", to: "broken.png")
    let paths = [
      Fixtures.path("images/rgb.png"), Fixtures.path("images/rgb.png"), folder.path("broken.png"),
      folder.path("missing.png"),
    ]
    let facts = try await PictureFacts.all(paths, workers: 2)
    #expect(facts.count == 3)
    #expect(try facts[paths[0]]?.get().hash.count == 64)
    #expect(throws: PictureFacts.Failure.self) { try facts[paths[2]]?.get() }
    #expect(throws: PictureFacts.Failure.self) { try facts[paths[3]]?.get() }
    #expect(try DatasetPictures.readableHeader(paths[2]) == PixelSize(0, 0))
    #expect(try DatasetPictures.readableHeader(paths[0]) == PixelSize(19, 13))
  }

  private let both = CheckFixture.pictures(0, 12) + CheckFixture.pictures(1, 12)

  private func check(_ facts: [String: PictureFacts], _ rest: String = "") throws -> DatasetCheck {
    let reg = rest.isEmpty ? [] : CheckFixture.pictures(2, 30)
    return try CheckFixture.check(CheckFixture.cast(rest), both + reg, facts: facts)
  }

  @Test func duplicates() throws {
    let equal = CheckFixture.facts("same")
    let own = try check(["0/0.png": equal, "0/5.png": equal]).found("duplicate")
    #expect(own.map(\.severity) == [.warning] && own[0].pictures == ["0/0.png", "0/5.png"])
    let crossed = try check(["0/0.png": equal, "1/5.png": equal]).found("duplicate")
    #expect(crossed.map(\.severity) == [.problem] && crossed[0].about == ["Konrad", "Li'sar"])
    let set = "[[regularization]]\nclass = \"1boy\"\nimages = \"reg\""
    let against = try check(["0/0.png": equal, "2/5.png": equal], set).found("duplicate")
    #expect(against.map(\.severity) == [.problem] && against[0].advice.contains("regularisation set"))
    #expect(try check([:]).found("duplicate").isEmpty)
  }

  @Test func nearDuplicates() throws {
    func facts(_ name: String, _ picture: Picture) -> PictureFacts { PictureFacts(picture, hash: name) }
    let alike = [
      "0/0.png": facts("a", Self.scene(90, 64)), "0/1.png": facts("b", Self.scene(45, 32)),
      "0/2.png": facts("c", Self.scene(90, 64, at: 0.7)),
    ]
    let own = try check(alike).found("near-duplicate")
    #expect(own.map(\.severity) == [.note] && own[0].pictures == ["0/0.png", "0/1.png"])
    let crossed = try check([
      "0/0.png": facts("a", Self.scene(90, 64)), "1/1.png": facts("b", Self.scene(90, 64).flipped()),
    ])
    #expect(crossed.found("near-duplicate").map(\.severity) == [.warning])
    #expect(crossed.found("duplicate").isEmpty)
  }

  @Test func sizes() throws {
    func check(_ size: PixelSize, _ training: String = "") throws -> DatasetCheck {
      try CheckFixture.check(
        CheckFixture.cast(training: training), CheckFixture.pictures(0, 12, size: size) + CheckFixture.pictures(1, 12))
    }
    #expect(try check(PixelSize(40)).found("tiny-picture").count == 1)
    #expect(try check(PixelSize(43)).found("tiny-picture").isEmpty)
    #expect(try check(PixelSize(40), "enlarge = false\nbucket_step = 8").found("tiny-picture").isEmpty)
    #expect(try check(PixelSize(24), "enlarge = false\nbucket_step = 8").found("tiny-picture").count == 1)
    let none = try check(PixelSize(5), "enlarge = false\nbucket_step = 8").found("no-bucket")
    #expect(none.map(\.severity) == [.problem] && none[0].pictures.count == 12)
    // The only bucket is square: a quarter of a 4:3 picture goes.
    #expect(try check(PixelSize(96, 72)).found("heavy-crop").map(\.about) == [["Konrad"]])
    #expect(try check(PixelSize(96, 80)).found("heavy-crop").isEmpty)
  }

  @Test func backgroundsOfCharacters() throws {
    let light = Dictionary(
      uniqueKeysWithValues: (0..<12).map { ("0/\($0).png", CheckFixture.facts("\($0)", background: .plainLight)) })
    let plain = try check(light)
    #expect(plain.found("background-untagged").map(\.about) == [["Konrad"]])
    #expect(plain.found("background-tells-apart").map(\.about) == [["Konrad", "Li'sar"]])
    let tagged = try CheckFixture.check(
      CheckFixture.cast(),
      CheckFixture.pictures(0, 12, caption: { "White_Background, portrait, \($0)" }) + CheckFixture.pictures(1, 12),
      facts: light)
    #expect(tagged.found("background-untagged").isEmpty)
    let half = try check(light.filter { ["0/0.png", "0/1.png", "0/2.png"].contains($0.key) })
    #expect(half.found("background-untagged").isEmpty && half.found("background-tells-apart").isEmpty)
  }

  @Test func transparency() throws {
    let clear = ["0/0.png": CheckFixture.facts("a", background: .transparent)]
    #expect(try check(clear).found("transparent-without-mask").map(\.pictures) == [["0/0.png"]])
    let masked = try CheckFixture.check("[images]\nmask = true\n" + CheckFixture.cast(), both, facts: clear)
    #expect(masked.found("transparent-without-mask").isEmpty)
  }

  @Test func greyscale() throws {
    let grey = ["0/0.png": CheckFixture.facts("a", isGreyscale: true)]
    #expect(try check(grey).found("greyscale-untagged").map(\.pictures) == [["0/0.png"]])
    let pictures =
      CheckFixture.pictures(0, 12, caption: { "portrait, greyscale, \($0)" }) + CheckFixture.pictures(1, 12)
    let tagged = try CheckFixture.check(CheckFixture.cast(), pictures, facts: grey)
    #expect(tagged.found("greyscale-untagged").isEmpty)
    #expect(tagged.found("greyscale-tag-on-colour").map(\.pictures.count) == [11])
  }

  @Test func unreadablePicturesAreOneFinding() throws {
    let cast = try CastConfiguration(toml: CheckFixture.cast(), path: "cast.toml")
    let outline = try DatasetOutline(cast, pictures: DatasetPictures(pictures: both))
    let reason = PictureFacts.Failure(reason: "0/3.png: ends early")
    let check = DatasetCheck(
      outline, exposure: RunExposure(outline), facts: ["0/3.png": .failure(reason)], vocabulary: .notAsked)
    let broken = check.found("unreadable-picture")
    #expect(broken.map(\.severity) == [.problem] && broken[0].evidence == reason.reason)
    #expect(broken[0].about == ["Konrad"] && broken[0].pictures == ["0/3.png"])
  }
}
