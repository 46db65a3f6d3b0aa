import Testing

@testable import Trainer

@Suite struct CheckCompositesTests {
  private func check(_ training: String, clear: [String]) throws -> DatasetCheck {
    var facts: [String: PictureFacts] = [:]
    for path in clear { facts[path] = CheckFixture.facts(path, background: .transparent) }
    let third = "[[character]]\nname = \"Bram\"\ntrigger = \"bram_httt\"\nclass = \"1boy\"\nimages = \"bram\""
    return try CheckFixture.check(
      CheckFixture.cast(training: training, third), (0..<3).flatMap { CheckFixture.pictures($0, 12) }, facts: facts)
  }

  @Test func whoCannotBePutBesideOthers() throws {
    #expect(try check("", clear: []).found("no-cut-outs").isEmpty)
    let none = try check("composites = 0.3", clear: ["1/4.png"]).found("no-cut-outs")
    #expect(none.map(\.severity) == [.problem] && none.map(\.about) == [["Konrad", "Bram"]])
    let one = try check("composites = 0.3", clear: ["1/4.png", "0/2.png", "0/3.png"]).found("no-cut-outs")
    #expect(one.map(\.severity) == [.warning] && one.map(\.about) == [["Bram"]])
    #expect(one[0].evidence.contains("no picture of Bram has a transparent background"))
    #expect(try check("composites = 0.3", clear: ["0/1.png", "1/1.png", "2/1.png"]).found("no-cut-outs").isEmpty)
  }
}
