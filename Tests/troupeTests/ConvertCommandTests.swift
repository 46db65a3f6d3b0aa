import Foundation
import Testing

/// `troupe convert` as a user runs it.
@Suite struct ConvertCommandTests {
  private let konrad = CommandLineHarness.file("konrad")

  @Test func convertReports() throws {
    try CommandLineHarness.scratch { folder in
      let output = "\(folder)/x.safetensors"
      let result = try CommandLineHarness.run([
        "convert", konrad, "--to", "diffusers", "--verify", "--output", output, "--json",
      ])
      #expect(result.status == 0 && result.error.isEmpty)
      let json = try result.json()
      #expect(json["schema"] as? Int == 1 && json["to"] as? String == "diffusers" && json["modules"] as? Int == 6)
      #expect(json["alphas"] as? String == "factors" && json["skipped"] as? [String] == [])
      #expect(try #require(json["residual"] as? Double) < 1e-3)
      let text = try CommandLineHarness.run(["convert", konrad, "--to", "comfy", "--output", output, "--force"])
      #expect(text.status == 0 && text.output.contains("in tensors") && text.output.contains("not measured"))
      let lines: [Substring] = text.output.split(separator: "\n")
      #expect(lines.dropFirst().allSatisfy { $0.count <= 80 }, "tables fit 80 columns")
      let unverified = try CommandLineHarness.run([
        "convert", konrad, "--to", "kohya", "--output", output, "--force", "--json",
      ]).json()
      #expect(unverified["residual"] is NSNull && unverified["worst_module"] is NSNull)
    }
  }

  @Test func peftFolder() throws {
    try CommandLineHarness.scratch { folder in
      let result = try CommandLineHarness.run([
        "convert", konrad, "--to", "peft", "--output", "\(folder)/peft", "--verify",
      ])
      #expect(result.status == 0 && result.output.contains("adapter_config.json"))
      let data = try Data(contentsOf: URL(filePath: "\(folder)/peft/adapter_config.json"))
      let json = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
      #expect(json["peft_type"] as? String == "LORA" && (json["target_modules"] as? [Any])?.count == 6)
      let again = try CommandLineHarness.run([
        "convert", konrad, "--to", "peft", "--output", "\(folder)/peft", "--force",
      ])
      #expect(again.status == 2 && again.error.contains("exists"), "folders are never replaced: \(again.error)")
    }
  }

  @Test func exitCodes() throws {
    try CommandLineHarness.scratch { folder in
      let output = "\(folder)/x.safetensors"
      for options in [
        ["--to", "nonsense"], [], ["--to", "kohya", "--alpha", "metadata"],
        ["--to", "diffusers", "--alpha", "nowhere"],
        ["--to", "kohya", "--dtype", "I64"], ["--to", "kohya", "--tolerance", "0.1"],
        ["--to", "kohya", "--verify", "--tolerance", "-1"],
      ] {
        let result = try CommandLineHarness.run(["convert", konrad, "--output", output] + options)
        #expect(result.status == 2, "\(options): \(result.error)")
      }
      #expect(try CommandLineHarness.run(["convert", konrad, "--to", "kohya", "--output", "\(folder)/x"]).status == 2)
      let missing = try CommandLineHarness.run([
        "convert", "\(folder)/no.safetensors", "--to", "kohya", "--output", output,
      ])
      #expect(missing.status == 3 && missing.output.isEmpty)
      let copy = "\(folder)/copy.safetensors"
      try FileManager.default.copyItem(atPath: konrad, toPath: copy)
      let over = try CommandLineHarness.run(["convert", copy, "--to", "comfy", "--output", copy, "--force"])
      #expect(over.status != 0, "the original is never replaced")
      #expect(try Data(contentsOf: URL(filePath: copy)) == Data(contentsOf: URL(filePath: konrad)))
      let strict = try CommandLineHarness.run([
        "convert", konrad, "--to", "kohya", "--dtype", "F8_E5M2", "--verify", "--tolerance", "1e-6", "--output", output,
      ])
      #expect(strict.status == 1, "F8 rounds: \(strict.error)")
    }
  }
}
