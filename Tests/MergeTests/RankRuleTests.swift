import Foundation
import LinearAlgebra
import Testing

@testable import Merge

/// Our rank choice from factors against the rules on dense matrices (`scripts/oracles/make_resize_fixture.py`).
@Suite struct RankRuleTests {
  private struct Fixture: Decodable {
    struct Choice: Decodable {
      var parameter: Double
      var rank: Int
    }
    struct Case: Decodable {
      var out: Int
      var `in`: Int
      var r: Int
      var up: [Double]
      var down: [Double]
      var values: [Double]
      var rules: [String: [Choice]]
    }
    var cases: [Case]
  }

  @Test func ranksAreThoseOfTheDenseRules() throws {
    let path = MergeFixtures.folder.deletingLastPathComponent().appending(path: "resize.json")
    let fixture = try JSONDecoder().decode(Fixture.self, from: Data(contentsOf: path))
    #expect(fixture.cases.count == 7)
    for (number, expected) in fixture.cases.enumerated() {
      let product = LowRank(
        up: Matrix(rows: expected.out, columns: expected.r, elements: expected.up),
        down: Matrix(rows: expected.r, columns: expected.in, elements: expected.down))
      let values = try product.singularValues()
      // Double precision on both sides, relative to the greatest.
      for (own, dense) in zip(values, expected.values) { #expect(abs(own - dense) < 1e-13 * expected.values[0] * 100) }
      for (name, choices) in expected.rules {
        for choice in choices {
          let rule: RankRule =
            switch name {
            case "sv-ratio": .ratio(choice.parameter)
            case "sv-fro": .frobenius(choice.parameter)
            default: .cumulative(choice.parameter)
            }
          #expect(rule.name == name)
          let rank = rule.rank(for: values, size: min(expected.out, expected.in))
          // Beyond the factors' own rank there are only zeros.
          #expect(rank == min(choice.rank, expected.r), "case \(number), \(name) \(choice.parameter)")
        }
      }
    }
  }

  @Test func edges() {
    #expect(RankRule.all.rank(for: [3, 2, 1], size: 8) == 3)
    #expect(RankRule.all.rank(for: [0, 0], size: 8) == 1, "a layer of zeros needs one rank only")
    #expect(RankRule.frobenius(0.5).rank(for: [], size: 8) == 1)
    #expect(RankRule.frobenius(1).rank(for: [3, 2, 1], size: 8) == 3)
    #expect(RankRule.cumulative(0.01).rank(for: [3, 2, 1], size: 8) == 2, "one more than the target needs, as there")
    #expect(RankRule.ratio(2).rank(for: [1e-6, 1e-6], size: 8) == 1)
    #expect(RankRule.ratio(2).rank(for: [1], size: 1) == 1)
    #expect(RankRule.ratio(100).rank(for: [3, 2, 1], size: 3) == 3)
  }

  @Test func budgetTakesTheBestPerByte() {
    let cheap = SizeBudget.Offer(values: [10, 3, 1], cost: 10, limit: 3)
    let dear = SizeBudget.Offer(values: [10, 4, 2], cost: 40, limit: 3)
    let zero = SizeBudget.Offer(values: [0, 0], cost: 5, limit: 2)
    #expect(SizeBudget.ranks([cheap, dear, zero], bytes: 54) == nil)
    #expect(SizeBudget.ranks([cheap, dear, zero], bytes: 55) == [1, 1, 1])
    // 9 / 10 beats 16 / 40 beats 1 / 10; 4 / 40 ties with it, and the first in the file wins.
    #expect(SizeBudget.ranks([cheap, dear, zero], bytes: 65) == [2, 1, 1])
    #expect(SizeBudget.ranks([cheap, dear, zero], bytes: 105) == [2, 2, 1])
    #expect(SizeBudget.ranks([cheap, dear, zero], bytes: 115) == [3, 2, 1])
    // 16 / 40 does not fit in 20, so the room goes to what does.
    #expect(SizeBudget.ranks([cheap, dear, zero], bytes: 85) == [3, 1, 1])
    #expect(SizeBudget.ranks([cheap, dear, zero], bytes: 1 << 20) == [3, 3, 1], "zeros never get a second rank")
    #expect(SizeBudget.ranks([.init(values: [2, 1], cost: 4, limit: 1)], bytes: 100) == [1])
  }
}
