import Foundation
import Images
import SafeTensors
import Testing
import Trainer

@testable import small_base

/// The cast that the study is about; examples/cast/fetch puts it where these tests look.
@Suite struct CastTests {
  static let folder: String = {
    let environment = ProcessInfo.processInfo.environment
    return (environment["XDG_CACHE_HOME"] ?? "\(environment["HOME"] ?? "")/.cache") + "/troupe/cast"
  }()

  /// The bar for the judge of the study, on drawings of poses, sizes and places that it does not compare with, before
  /// and after the way through the base's autoencoder.
  @Test(arguments: [false, true]) func theReaderKnowsWhoIsWho(throughAutoencoder: Bool) throws {
    let judged = try IdentityJudgement(
      CastSprites(folder: Self.folder), count: 8,
      painter: throughAutoencoder ? Painter(path: SmallModelTests.model) : nil)
    #expect(judged.all == 56)
    #expect(judged.accuracy >= 0.98, "\(judged.table)")
    let head = try #require(judged.parts[.head])
    #expect(Double(head.right) >= 0.95 * Double(head.all), "\(judged.table)")
  }

  /// Pictures of two after the way through the autoencoder: who stands left and who right, in poses not compared with.
  @Test func theReaderKnowsBothOfTwo() throws {
    let judged = try PairJudgement(
      CastSprites(folder: Self.folder), cast: [.wren, .nila, .otto], count: 1,
      painter: Painter(path: SmallModelTests.model))
    #expect(judged.all == 12 && judged.single.all == 3)
    #expect(judged.accuracy >= 0.95, "\(judged.table)")
    #expect(judged.single.right == 3, "\(judged.table)")
    // Both there are told from one there twice by a wide margin.
    #expect(judged.scores.both > judged.scores.twice + 0.2, "\(judged.table)")
  }

  /// Spectral norms by hand: of a diagonal its largest, of a rank-one matrix its length, of a rotation 1.
  @Test func norms() {
    let cases: [(matrix: [[Double]], norm: Double)] = [
      ([[3, 0], [0, -4]], 4), ([[1, 2], [2, 4]], 5), ([[0, -1], [1, 0]], 1), ([[0, 0], [0, 0]], 0),
      // The root of (15 + √125) / 2, from its characteristic polynomial.
      ([[1, 2], [3, 1]], 3.618034),
    ]
    for (matrix, norm) in cases { #expect(abs(DetectAndCompare.norm(matrix) - norm) < 1e-5, "\(matrix)") }
  }

  @Test func comparisonNeedsTwo() throws {
    let sprites = try CastSprites(folder: Self.folder)
    let comparison = DetectAndCompare(sprites)
    let wren = sprites.picture(CastSprites.Placement(member: .wren, pose: .idle))
    let otto = sprites.picture(CastSprites.Placement(member: .otto, pose: .idle))
    #expect(comparison.score([wren], [.wren, .otto]) == 0 && comparison.score([], [.wren, .otto]) == 0)
    let both = comparison.score([wren, otto], [.wren, .otto])
    // In any order.
    #expect(both == comparison.score([otto, wren], [.wren, .otto]))
    #expect(both > 0.7 && comparison.score([wren, wren], [.wren, .otto]) < both - 0.2)
    #expect(comparison.similarity(.wren, .wren) > comparison.similarity(.wren, .otto))
  }

  @Test func cutOutsHaveNothingBehind() throws {
    let sprites = try CastSprites(folder: Self.folder)
    let pictures = sprites.training(.bram, seed: 1, cutOuts: true)
    let clear = pictures.filter { $0.picture.hasAlpha }
    #expect(pictures.count == 39 && clear.count == 13)
    #expect(clear.allSatisfy { $0.caption.hasSuffix("white background") && $0.picture.bytes.contains(0) })
  }

  @Test func picturesOfTwoAreMeasured() throws {
    func duo(_ seen: [String], _ parts: [[String]] = [], _ score: Double = 0) -> StudyRecord.Duo {
      .init(asked: ["wren", "nila"], seen: seen, parts: parts, score: score)
    }
    let (wren, nila) = (["wren", "wren", "wren"], ["nila", "wren", "nila"])
    let duos = [
      duo(["wren", "nila"], [wren, nila], 0.9), duo(["nila", "wren"], [nila, wren], 0.8),
      duo(["wren", "wren"], [wren, wren], 0.3), duo(["wren", "doll"], [wren, ["moss", "moss", "moss"]]),
      duo(["wren"], [wren]), duo([]),
    ]
    let measures = try #require(DuoMeasures(duos))
    #expect(abs(measures.both - 2 / 6.0) < 1e-12 && abs(measures.wrong - 2 / 6.0) < 1e-12)
    #expect(abs(measures.single - 2 / 6.0) < 1e-12 && measures.ordered == 0.5)
    // Of seven figures that show one of the two, fourteen heads and torsos: both Nilas wear Wren's shirt.
    #expect(abs(try #require(measures.foreign) - 2 / 14.0) < 1e-12 && abs(measures.score - 2 / 6.0) < 1e-12)
    #expect(DuoMeasures([]) == nil)
  }

  @Test func trainingPicturesSayNothingOfLooks() throws {
    let sprites = try CastSprites(folder: Self.folder)
    let pictures = sprites.training(.nila, seed: 1)
    #expect(pictures.count == 39)
    #expect(Set(pictures.map(\.caption)).allSatisfy { $0.hasPrefix("1girl, nila, ") && !$0.contains("hair") })
    // All six backgrounds, both sides, and no picture twice.
    #expect(Set(pictures.map { $0.caption.split(separator: ",").last }).count == 6)
    #expect(Set(pictures.map { Data($0.picture.bytes) }).count == 39)
  }

  @Test func missingCharactersAreNamed() {
    #expect(throws: RecipeFailure.self) { try CastSprites(folder: "/nowhere") }
  }

  @Test func aRecordSurvivesItsFile() throws {
    let record = StudyRecord(
      arm: "shared", seed: 3, members: [.wren, .nila], steps: 10, seconds: 1.5,
      samples: [
        .init(asked: "wren", seen: "wren", distance: 12.5, own: 12.5, parts: ["wren", "nila", "wren"]),
        .init(asked: "wren", seen: "nila", distance: 10, own: 50, parts: ["nila", "nila", "nila"]),
        .init(asked: "nila", seen: "doll", distance: 20, own: 60, parts: ["wren", "wren", "wren"]),
        .init(asked: "1girl", seen: "wren", distance: 9, own: nil, parts: ["wren", "wren", "wren"]),
        .init(asked: "1boy", seen: "doll", distance: 9, own: nil, parts: ["wren", "wren", "wren"]),
        .init(asked: "nila+wren", seen: "gizmo", distance: 9, own: nil, parts: ["gizmo", "gizmo", "gizmo"]),
      ],
      duos: [
        .init(asked: ["wren", "nila"], seen: ["wren", "doll"], parts: [["wren", "nila", "moss"], []], score: 0.125),
        .init(asked: ["nila", "wren"], seen: [], parts: [], score: 0),
      ], agreed: 9, read: 10)
    let path = FileManager.default.temporaryDirectory.appending(path: "\(UUID().uuidString).json").path
    defer { try? FileManager.default.removeItem(atPath: path) }
    try record.json.text.write(toFile: path, atomically: true, encoding: .utf8)
    let back = try StudyRecord(path: path)
    #expect(back.json == record.json)
    let measures = StudyMeasures(back)
    // Wren one of two, Nila none of one.
    #expect(measures.own == 0.25 && measures.other == 0.25 && measures.doll == 0.5)
    #expect(measures.weakest == 0 && measures.generic == 0.5 && measures.paired == 0 && measures.base == 0.9)
    // Head and torso of the one picture that shows Wren: the torso is Nila's.
    #expect(measures.foreign == 0.5 && measures.distance == 12.5)
    try "{}".write(toFile: path, atomically: true, encoding: .utf8)
    #expect(throws: RecipeFailure.self) { try StudyRecord(path: path) }
  }

  /// Student's t for two degrees of freedom is 4.303: for 1, 2 and 3 the half is 4.303 · 1/√3.
  @Test func intervalsAreStudents() throws {
    let mean = try #require(SeedMean([1, 2, 3]))
    #expect(mean.mean == 2)
    #expect(abs(try #require(mean.half) - 2.48434) < 1e-4)
    #expect(SeedMean([0.5])?.text == ".50")
    #expect(SeedMean([1, 1])?.text == "1.00" && SeedMean([1, 1, 1])?.text == "1.00 ± .00")
    #expect(SeedMean.share(0.996) == "1.00" && SeedMean.share(0.054) == ".05")
  }

  @Test func tablesTakeTheirPlaces() throws {
    let document = "a\n<!-- begin main -->\nold\n<!-- end main -->\nb\n"
    let filled = try ResultsCommand.filled(document, ["main": "new\nlines"], "x.md")
    #expect(filled == "a\n<!-- begin main -->\nnew\nlines\n<!-- end main -->\nb\n")
    #expect(try ResultsCommand.filled(filled, ["main": "new\nlines"], "x.md") == filled)
    #expect(throws: RecipeFailure.self) { try ResultsCommand.filled(document, [:], "x.md") }
    #expect(throws: RecipeFailure.self) { try ResultsCommand.filled("<!-- begin main -->\n", ["main": ""], "x.md") }
  }

  /// The document is what the records say.
  @Test func theResultsAreTheRecords() throws {
    let folder = SmallModelTests.folder + "/../cast"
    let records = try ResultsCommand.records(in: "\(folder)/records")
    let document = try String(contentsOfFile: "\(folder)/RESULTS.md", encoding: .utf8)
    #expect(records.count >= 12)
    #expect(try ResultsCommand.filled(document, StudyTable.blocks(records), "RESULTS.md") == document)
    let plot = try String(contentsOfFile: "\(folder)/blending.svg", encoding: .utf8)
    #expect(StudyPlot.svg(StudyTable.main, records) == plot)
  }
}
