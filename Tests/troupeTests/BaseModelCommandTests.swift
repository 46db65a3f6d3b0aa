import Foundation
import Testing

/// `--base` of diagnose, merge and inspect as a user gives it.
@Suite struct BaseModelCommandTests {
  private static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .appending(
      path: "Fixtures/variants"
    ).path(percentEncoded: false)
  private static func file(_ name: String) -> String { "\(folder)/\(name).safetensors" }

  @Test func inspectMeasuresWhatNeedsTheBase() throws {
    let without = try CommandLineHarness.run(["inspect", "--json", "--modules", Self.file("onetrainer")])
    #expect(without.status == 0)
    func layers(_ result: CommandLineHarness.Result) throws -> [[String: Any]] {
      let files = try #require(try result.json()["files"] as? [[String: Any]])
      return try #require(files[0]["layers"] as? [[String: Any]])
    }
    #expect(try layers(without).allSatisfy { $0["norm"] is NSNull })
    #expect(without.output.contains("needs-base") && without.output.contains("without --base"))
    let with = try CommandLineHarness.run([
      "inspect", "--json", "--modules", "--base", Self.file("base"), Self.file("onetrainer"),
    ])
    #expect(with.status == 0, "\(with.error)")
    #expect(try layers(with).allSatisfy { ($0["norm"] as? Double ?? 0) > 0 && ($0["outputs"] as? Int ?? 0) > 0 })
    #expect(!with.output.contains("needs-base"))
  }

  @Test func diagnoseComparesThem() throws {
    let files = [Self.file("onetrainer"), Self.file("lycoris")]
    let with = try CommandLineHarness.run(["diagnose", "--json", "--base", Self.file("base")] + files)
    #expect(with.status == 0, "\(with.error)")
    let json = try with.json()
    let findings = try #require(json["findings"] as? [[String: Any]]).compactMap { $0["id"] as? String }
    #expect(!findings.contains("needs-base") && !findings.contains("no-common-layers"))
    let pairs = try #require(json["pairs"] as? [[String: Any]])
    let total = try #require(pairs[0]["total"] as? [String: Any])
    #expect(abs(total["cosine"] as? Double ?? 2) < 1)
    let without = try CommandLineHarness.run(["diagnose", "--json"] + files)
    #expect(without.output.contains("needs-base"))
  }

  @Test func mergeWritesAnOrdinaryLoRA() throws {
    try CommandLineHarness.scratch { folder in
      let out = "\(folder)/out.safetensors"
      let arguments = ["merge", "\(Self.file("onetrainer")):0.5", Self.file("sd_scripts"), "--to", "kohya", "--verify"]
      let refused = try CommandLineHarness.run(arguments + ["-o", out])
      #expect(refused.status == 3 && refused.error.contains("--base"), "\(refused.error)")
      let merged = try CommandLineHarness.run(arguments + ["--json", "--base", Self.file("base"), "-o", out])
      #expect(merged.status == 0, "\(merged.error)")
      let report = try merged.json()
      #expect(try #require(report["residual"] as? Double) < 1e-6)
      let layers = try #require(report["over_base"] as? [String: Any])
      #expect(layers["layers"] as? Int == 7 && layers["rank"] as? Int == 12)
      #expect((layers["base"] as? String)?.hasSuffix("base.safetensors") == true)
      let text = try CommandLineHarness.run(arguments + ["--force", "--base", Self.file("base"), "-o", out])
      #expect(text.output.contains("over the base") && text.output.contains("7 layers (OFT)"), "\(text.output)")
    }
  }

  @Test func aRankOverTheBaseIsTold() throws {
    try CommandLineHarness.scratch { folder in
      let out = "\(folder)/out.safetensors"
      let arguments = [
        "merge", Self.file("onetrainer"), Self.file("sd_scripts"), "--base", Self.file("base"), "--base-rank", "3",
        "-o", out,
      ]
      let merged = try CommandLineHarness.run(arguments + ["--json"])
      #expect(merged.status == 0, "\(merged.error)")
      let over = try #require(try merged.json()["over_base"] as? [String: Any])
      #expect(over["rank"] as? Int == 3 && (over["discarded_energy"] as? Double ?? 0) > 0.01)
      let text = try CommandLineHarness.run(arguments + ["--force"])
      #expect(text.output.contains("cut to rank 3: "), "\(text.output)")
      let diagnosis = try CommandLineHarness.run([
        "diagnose", "--json", Self.file("onetrainer"), Self.file("sd_scripts"), "--base", Self.file("base"),
        "--base-rank",
        "1",
      ])
      let loras = try #require(try diagnosis.json()["loras"] as? [[String: Any]])
      #expect(loras.allSatisfy { ($0["discarded_over_base"] as? Double ?? 0) > 0.1 })
      for wrong in [["--base-rank", "2"], ["--base", Self.file("base"), "--base-rank", "0"]] {
        let refused = try CommandLineHarness.run(
          ["diagnose", Self.file("onetrainer"), Self.file("sd_scripts")] + wrong)
        #expect(refused.status == 2 && refused.error.contains("--base-rank"))
      }
    }
  }

  @Test(arguments: ["merge", "diagnose", "inspect"]) func aBaseThatIsNone(command: String) throws {
    try CommandLineHarness.scratch { folder in
      let extra = command == "merge" ? ["-o", "\(folder)/o.safetensors"] : []
      let missing = try CommandLineHarness.run(
        [command, "--base", "\(folder)/none.safetensors", Self.file("onetrainer"), Self.file("sd_scripts")] + extra)
      #expect(missing.status == 3 && missing.error.contains("none.safetensors"), "\(missing.error)")
    }
  }

  @Test func inspectNeedsWeightsForIt() throws {
    let result = try CommandLineHarness.run([
      "inspect", "--no-weights", "--base", Self.file("base"), Self.file("onetrainer"),
    ])
    #expect(result.status == 2 && result.error.contains("--no-weights"))
  }
}
