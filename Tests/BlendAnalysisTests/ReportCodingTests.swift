import Adapters
import Foundation
import Testing

@testable import BlendAnalysis

@Suite("Reports as JSON")
struct ReportCodingTests {
  private func encoded(_ report: BlendReport) throws -> Data {
    let encoder = JSONEncoder()
    encoder.keyEncodingStrategy = .convertToSnakeCase
    encoder.outputFormatting = [.sortedKeys]
    return try encoder.encode(report)
  }

  private func decoded(_ data: Data) throws -> BlendReport {
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    return try decoder.decode(BlendReport.self, from: data)
  }

  @Test(arguments: [["a", "b", "c", "d"], ["a", "d"], ["c"]], [true, false])
  func roundTrip(names: [String], detailed: Bool) async throws {
    let report = try await BlendReport.make(
      try Fixtures.subjects(names), options: AnalysisOptions(detailed: detailed))
    let data = try encoded(report)
    let back = try decoded(data)
    #expect(try encoded(back) == data)
    #expect(back.pairs.map(\.total) == report.pairs.map(\.total))
    #expect(back.pairs.map { $0.parts.map(\.measures) } == report.pairs.map { $0.parts.map(\.measures) })
    #expect(back.pairs.map { $0.blocks.map(\.role) } == report.pairs.map { $0.blocks.map(\.role) })
    #expect(back.pairs.map(\.sharedInit) == report.pairs.map(\.sharedInit))
    #expect(back.pairs.map(\.anglesIn) == report.pairs.map(\.anglesIn))
    #expect(back.findings == report.findings && back.recipes == report.recipes)
    #expect(back.loras.map(\.norm) == report.loras.map(\.norm) && back.caveat == report.caveat)
  }

  /// The names that scripts rely on.
  @Test func keys() async throws {
    let report = try await BlendReport.make(try Fixtures.subjects(["a", "b"]), options: AnalysisOptions())
    let json = try #require(try JSONSerialization.jsonObject(with: try encoded(report)) as? [String: Any])
    #expect(Set(json.keys) == ["schema", "loras", "pairs", "sum", "recipes", "findings", "caveat"])
    #expect(json["schema"] as? Int == 1)
    let loras = try #require(json["loras"] as? [[String: Any]])
    #expect(
      Set(loras[0].keys) == [
        "name", "path", "architecture", "strength", "norm", "modules", "needing_base", "unmatched", "parts",
        "blocks",
      ])
    #expect(loras[0]["architecture"] as? String == "sdxl")
    let pair = try #require((json["pairs"] as? [[String: Any]])?.first)
    #expect(
      Set(pair.keys) == [
        "a", "b", "shared_init", "total", "angles_in", "angles_out", "parts", "blocks", "hotspots",
      ])
    let total = try #require(pair["total"] as? [String: Any])
    let measures: Set = ["modules", "cosine", "cosine_z", "omega_in", "omega_out", "phi_in", "phi_out"]
    #expect(Set(total.keys) == measures)
    for name in ["omega_in", "omega_out", "phi_in", "phi_out"] {
      let overlap = try #require(total[name] as? [String: Any])
      #expect(Set(overlap.keys) == ["value", "expected", "excess", "z"])
      #expect(overlap.values.allSatisfy { $0 is Double })
    }
    // Measures stand beside the names of what they are of.
    let part = try #require((pair["parts"] as? [[String: Any]])?.first)
    #expect(Set(part.keys) == measures.union(["part"]) && part["part"] as? String == "te1")
    let block = try #require((pair["blocks"] as? [[String: Any]])?.first)
    #expect(Set(block.keys) == measures.union(["part", "block", "role"]))
    let finding = try #require((json["findings"] as? [[String: Any]])?.first)
    #expect(Set(finding.keys) == ["id", "severity", "pair", "evidence", "meaning", "advice"])
  }

  /// Numbers that are not defined are null, so that every key is always there.
  @Test func undefinedNumbers() throws {
    let measures = Measures(PairTerms(), a: SelfTerms(), b: SelfTerms())
    let json = try JSONSerialization.jsonObject(with: JSONEncoder().encode(measures)) as? [String: Any]
    let object = try #require(json)
    #expect(object["cosine"] is NSNull && object["cosineZ"] is NSNull)
    #expect((object["omegaIn"] as? [String: Any])?["z"] is NSNull)
    #expect(try JSONDecoder().decode(Measures.self, from: JSONEncoder().encode(measures)) == measures)
    let shared = SharedInitialisation(InitialisationTerms())
    let other = try JSONSerialization.jsonObject(with: JSONEncoder().encode(shared)) as? [String: Any]
    #expect(other?["z"] is NSNull && other?["upCosine"] is NSNull && other?["detected"] as? Bool == false)
  }

  @Test func severitiesAreOrdered() {
    #expect(Finding.Severity.allCases.sorted() == [.info, .low, .medium, .high])
  }
}
