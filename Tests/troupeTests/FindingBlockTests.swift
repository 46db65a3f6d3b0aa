import Testing

@testable import troupe

@Suite struct FindingBlockTests {
  private func lines(_ count: Int) -> [String] {
    FindingBlock(
      mark: "low   ", markWidth: 6, heading: "reinforces", evidence: [("A–B: ", "cosine +0.4")],
      meaning: "They add up.",
      advice: (1...count).map { "Lower pair \($0)." }
    ).lines(width: 80, style: .plain)
  }

  /// With six LoRAs there are fifteen pairs, and as many commands that differ in names alone.
  @Test func adviceOfManyPairsIsCutShort() {
    #expect(lines(3).suffix(3) == (1...3).map { "          → Lower pair \($0)." }[...])
    let many = lines(15)
    #expect(many.filter { $0.contains("→ Lower") }.count == 2)
    #expect(many.last == "          → And so for 13 more: --json names each.")
  }
}
