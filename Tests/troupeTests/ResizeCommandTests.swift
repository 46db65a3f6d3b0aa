import Foundation
import Testing

/// `resize`, `scale` and `subtract` as a user runs them.
@Suite struct ResizeCommandTests {
  private let konrad = CommandLineHarness.file("konrad")
  private let lisar = CommandLineHarness.file("lisar")

  @Test func resizeReports() throws {
    try CommandLineHarness.scratch { folder in
      let output = "\(folder)/x.safetensors"
      let result = try CommandLineHarness.run([
        "resize", konrad, "--size", "40kB", "--verify", "--output", output, "--json",
      ])
      #expect(result.status == 0 && result.error.isEmpty)
      let json = try result.json()
      #expect(json["schema"] as? Int == 1 && json["rule"] as? String == "size")
      let total = try #require(json["total"] as? [String: Any])
      #expect(Set(total.keys).isSuperset(of: ["before", "after", "retained_energy", "retained_sum", "bytes_after"]))
      let size = try #require(try FileManager.default.attributesOfItem(atPath: output)[.size] as? Int)
      #expect(size <= 40_000 && total["bytes_after"] as? Int == size)
      #expect((json["layers"] as? [Any])?.count == 6)
      // F16 rounds the factors by 2^-11 at most, which adds to the truncation in quadrature.
      let residual = try #require(json["residual"] as? Double)
      let expected = try #require(json["expected_residual"] as? Double)
      #expect(abs(residual - expected) < 1e-5)
      let arguments = ["resize", konrad, "--sv-fro", "0.9", "--rank", "3", "--output", output, "--force"]
      let text = try CommandLineHarness.run(arguments)
      #expect(text.status == 0 && text.output.contains("√ΣS²") && text.output.contains("not measured"))
      // The first line has the output's path.
      let lines: [Substring] = text.output.split(separator: "\n")
      #expect(lines.dropFirst().allSatisfy { $0.count <= 80 }, "tables fit 80 columns")
      let verbose = try CommandLineHarness.run(arguments + ["--verbose"]).output
      #expect(verbose.contains("attn2.to_v\n"), "names of layers are whole")
      let unverified = try CommandLineHarness.run([
        "resize", konrad, "--rank", "2", "--output", output, "--force", "--json",
      ]).json()
      #expect(unverified["residual"] is NSNull && unverified["parameter"] is NSNull)
    }
  }

  @Test func exitCodes() throws {
    try CommandLineHarness.scratch { folder in
      let output = "\(folder)/x.safetensors"
      for options in [
        [], ["--sv-fro", "1.5"], ["--sv-ratio", "1"], ["--sv-fro", "0.5", "--size", "1MB"], ["--size", "much"],
        ["--conv-rank", "4", "--sv-fro", "0.5"], ["--rank", "4", "--tolerance", "0.1"], ["--rank", "0"],
      ] {
        let result = try CommandLineHarness.run(["resize", konrad, "--output", output] + options)
        #expect(result.status == 2, "\(options): \(result.error)")
      }
      let tooSmall = try CommandLineHarness.run(["resize", konrad, "--size", "1kB", "--output", output])
      #expect(tooSmall.status == 3 && tooSmall.error.contains("[size]"))
      #expect(tooSmall.error.split(separator: "\n").count == 1)
      let arguments = ["resize", konrad, "--rank", "1", "--verify", "--output", output]
      #expect(try CommandLineHarness.run(arguments + ["--tolerance", "0.01"]).status == 1)
      #expect(try CommandLineHarness.run(arguments).status == 2, "the file exists now")
      #expect(try CommandLineHarness.run(["scale", konrad, "--output", output]).status == 2)
      #expect(try CommandLineHarness.run(["subtract", "\(konrad):2", lisar, "--output", output]).status == 2)
      #expect(
        try CommandLineHarness.run(["resize", konrad, "--rank", "1", "--output", "/nonexistent/x.safetensors"]).status
          == 4)
    }
  }

  @Test func originalsAreNeverReplaced() throws {
    try CommandLineHarness.scratch { folder in
      let copy = "\(folder)/konrad.safetensors"
      try FileManager.default.copyItem(atPath: konrad, toPath: copy)
      let before = try Data(contentsOf: URL(fileURLWithPath: copy))
      for arguments in [
        ["resize", copy, "--rank", "1"], ["scale", "\(copy):0.5"], ["subtract", lisar, copy],
        ["subtract", copy, lisar],
      ] {
        let result = try CommandLineHarness.run(arguments + ["--output", copy, "--force"])
        #expect(result.status == 2 && result.error.contains("originals are never replaced"))
      }
      #expect(try Data(contentsOf: URL(fileURLWithPath: copy)) == before)
    }
  }

  /// A merge undone: the sum without one of its parts is the other part.
  @Test func subtractUndoesAMerge() throws {
    try CommandLineHarness.scratch { folder in
      let (pair, alone) = ("\(folder)/pair.safetensors", "\(folder)/alone.safetensors")
      #expect(
        try CommandLineHarness.run(["merge", konrad, "\(lisar):0.7", "--dtype", "f32", "--output", pair]).status == 0)
      let result = try CommandLineHarness.run([
        "subtract", pair, "\(lisar):0.7", "--rank", "4", "--verify", "--output", alone, "--json",
      ])
      let json = try result.json()
      let merge = try #require(json["merge"] as? [String: Any])
      // konrad has rank 4, so nothing but the F32 rounding of the pair is cut away.
      #expect(try #require(merge["discarded_energy"] as? Double) < 1e-10)
      let left = try CommandLineHarness.run([
        "subtract", alone, konrad, "--output", "\(folder)/nothing.safetensors", "--json",
      ]).json()
      #expect(try #require(left["energy_left"] as? Double) < 1e-10)
      #expect(try #require(left["cosine"] as? Double) > 1 - 1e-9)
    }
  }

  @Test func scaleIsVerified() throws {
    try CommandLineHarness.scratch { folder in
      let arguments = ["scale", "\(konrad):0.3", "--output", "\(folder)/x.safetensors", "--json", "--force"]
      let unverified = try CommandLineHarness.run(arguments).json()
      for key in ["residual", "worst_module"] { #expect(unverified[key] is NSNull, "\(key)") }
      let exact = try CommandLineHarness.run(arguments + ["--verify", "--tolerance", "1e-7"])
      // By alpha, which is F32: one rounding of 2^-24.
      #expect(exact.status == 0)
      #expect(try #require(exact.json()["residual"] as? Double) > 0)
      // F32 does not hold 0.3 better than that, so a stricter tolerance is a finding.
      #expect(try CommandLineHarness.run(arguments + ["--verify", "--tolerance", "1e-12"]).status == 1)
      #expect(try CommandLineHarness.run(arguments + ["--tolerance", "1"]).status == 2)
      let text = try CommandLineHarness.run(arguments.filter { $0 != "--json" } + ["--verify"]).output
      #expect(text.contains("of the exact change, from the written file"))
    }
  }

  @Test func scaleSaysHow() throws {
    try CommandLineHarness.scratch { folder in
      let output = "\(folder)/x.safetensors"
      let json = try CommandLineHarness.run(["scale", "\(konrad):0.8", "--output", output, "--json"]).json()
      #expect(json["by_alpha"] as? Int == 6 && json["unet"] as? Double == 0.8)
      let text = try CommandLineHarness.run(["scale", konrad, "--unet", "-1", "--output", output, "--force"])
      #expect(text.status == 0 && text.output.contains("sign of the up factor"))
    }
  }
}
