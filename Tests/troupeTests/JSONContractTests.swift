import Foundation
import Testing

/// The keys that scripts rely on; more may come, these stay.
@Suite struct JSONContractTests {
  private let files = ["konrad", "lisar", "delfador"].map(CommandLineHarness.file)

  @Test(arguments: [[], ["--no-angles"]]) func diagnose(options: [String]) throws {
    let result = try CommandLineHarness.run(["diagnose"] + files + ["--json"] + options)
    #expect(result.status == 0 && result.error.isEmpty)
    let json = try result.json()
    #expect(json["schema"] as? Int == 1)
    let loras = try #require(json["loras"] as? [[String: Any]])
    #expect(loras.count == 3)
    for lora in loras { #expect(Set(lora.keys).isSuperset(of: ["name", "path", "norm"])) }
    let pairs = try #require(json["pairs"] as? [[String: Any]])
    #expect(pairs.count == 3)
    for pair in pairs {
      #expect(Set(pair.keys).isSuperset(of: ["a", "b", "shared_init", "total", "blocks"]))
      let shared = try #require(pair["shared_init"] as? [String: Any])
      #expect(Set(shared.keys).isSuperset(of: ["detected", "z"]))
      try check(measures: try #require(pair["total"] as? [String: Any]))
      let blocks = try #require(pair["blocks"] as? [[String: Any]])
      #expect(!blocks.isEmpty)
      for block in blocks {
        #expect(Set(block.keys).isSuperset(of: ["block", "part"]))
        try check(measures: block)
      }
    }
    for finding in try #require(json["findings"] as? [[String: Any]]) {
      #expect(Set(finding.keys).isSuperset(of: ["id", "severity", "pair", "evidence", "advice"]))
    }
  }

  private func check(measures: [String: Any]) throws {
    #expect(Set(measures.keys).isSuperset(of: ["cosine", "cosine_z", "omega_in", "omega_out", "phi_in", "phi_out"]))
    for key in ["omega_in", "omega_out", "phi_in", "phi_out"] {
      let overlap = try #require(measures[key] as? [String: Any])
      #expect(Set(overlap.keys) == ["value", "expected", "excess", "z"])
    }
  }

  @Test func plantedFactsAreFound() throws {
    let json = try CommandLineHarness.run(["diagnose"] + files + ["--json", "--no-angles"]).json()
    let pairs = try #require(json["pairs"] as? [[String: Any]])
    let detected = pairs.map { (($0["shared_init"] as? [String: Any])?["detected"] as? Bool) ?? false }
    // konrad–lisar began from one seed; delfador did not.
    #expect(detected == [true, false, false])
    let cosines = pairs.map { (($0["total"] as? [String: Any])?["cosine"] as? Double) ?? 0 }
    #expect(cosines[0] > 0.3 && abs(cosines[1]) < 0.02 && abs(cosines[2]) < 0.02)
  }

  @Test func merge() throws {
    try CommandLineHarness.scratch { folder in
      let output = "\(folder)/pair.safetensors"
      let result = try CommandLineHarness.run([
        "merge", "\(files[0]):0.8", "\(files[1]):0.7", "--output", output, "--json", "--verify",
      ])
      #expect(result.status == 0)
      let json = try result.json()
      #expect(
        Set(json.keys).isSuperset(of: [
          "schema", "output", "method", "modules", "residual", "discarded_energy", "sources",
        ]))
      #expect(json["schema"] as? Int == 1 && json["method"] as? String == "concat" && json["modules"] as? Int == 6)
      // F16 rounds each factor by at most 2^-11, so the product by less than 1e-3.
      let residual = try #require(json["residual"] as? Double)
      #expect(residual > 0 && residual < 1e-3)
      let sources = try #require(json["sources"] as? [[String: Any]])
      #expect(sources.map { $0["strength"] as? Double } == [0.8, 0.7])
      for source in sources { #expect((source["autov3"] as? String)?.count == 12) }
      let unverified = try CommandLineHarness.run([
        "merge", files[0], files[1], "--output", output, "--json", "--force",
      ]).json()
      #expect(unverified["residual"] is NSNull, "an unmeasured residual is null, not absent and not zero")
    }
  }

  @Test func nothingButJSONOnStandardOutputAndNoEscapesInPipes() throws {
    let text = try CommandLineHarness.run(["diagnose"] + files).output
    #expect(!text.contains("\u{1B}"))
    #expect(text.split(separator: "\n").allSatisfy { $0.count <= 80 }, "tables fit 80 columns")
  }
}
