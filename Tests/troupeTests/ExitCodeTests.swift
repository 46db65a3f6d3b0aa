import Foundation
import Testing

/// The exit codes that scripts rely on: 0 done, 1 finding, 2 usage, 3 input, 4 running.
@Suite struct ExitCodeTests {
  private let konrad = CommandLineHarness.file("konrad")
  private let lisar = CommandLineHarness.file("lisar")

  @Test(arguments: [["--help"], ["--version"], ["diagnose", "--help"], ["merge", "--help"], ["inspect", "--help"]])
  func helpSucceeds(arguments: [String]) throws {
    let result = try CommandLineHarness.run(arguments)
    #expect(result.status == 0)
    #expect(!result.output.isEmpty && result.error.isEmpty)
  }

  @Test(arguments: [
    ["diagnose"], ["diagnose", "one.safetensors"], ["frobnicate"], ["merge", "a.safetensors"],
    ["merge", "a.safetensors", "--output", "x.safetensors", "--method", "svd"],
    ["merge", "a.safetensors", "--output", "x.safetensors", "--rank", "0"],
    ["merge", "a.safetensors", "--output", "x.safetensors", "--method", "concat", "--rank", "4"],
    ["merge", "a.safetensors", "--output", "x.safetensors", "--conv-rank", "4"],
    ["merge", "a.safetensors", "--output", "x.safetensors", "--to", "esperanto"],
    ["merge", "a.safetensors", "--output", "x.safetensors", "--tolerance", "1e-3"],
    ["merge", "a.safetensors", "--output", "x.ckpt"], ["diagnose", "a", "b", "--workers", "0"],
    ["diagnose", "a", "b", "--fail-on", "no-such-finding"],
  ])
  func badUsageIsTwo(arguments: [String]) throws {
    let result = try CommandLineHarness.run(arguments)
    #expect(result.status == 2, "\(arguments): \(result.error)")
    #expect(result.output.isEmpty && !result.error.isEmpty)
  }

  @Test func badInputIsThreeAndOneSentence() throws {
    try CommandLineHarness.scratch { folder in
      let page = "\(folder)/page.safetensors"
      try "<!DOCTYPE html><html>Log in</html>".write(toFile: page, atomically: true, encoding: .utf8)
      for arguments in [
        ["diagnose", konrad, page], ["merge", konrad, page, "--output", "\(folder)/x.safetensors"],
        ["diagnose", konrad, "\(folder)/missing.safetensors"],
      ] {
        let result = try CommandLineHarness.run(arguments)
        #expect(result.status == 3, "\(arguments)")
        #expect(result.error.split(separator: "\n").count == 1)
        #expect(result.error.contains(arguments.contains(page) ? "an HTML page" : "missing.safetensors"))
        #expect(result.output.isEmpty)
      }
      #expect(!FileManager.default.fileExists(atPath: "\(folder)/x.safetensors"))
    }
  }

  @Test func findingsFailOnlyWhenAsked() throws {
    try expect(0, ["diagnose", konrad, lisar, "--no-angles"])
    try expect(1, ["diagnose", konrad, lisar, "--no-angles", "--fail-on", "writes-alike"])
    try expect(1, ["diagnose", konrad, lisar, "--no-angles", "--fail-on", "medium"])
    try expect(0, ["diagnose", konrad, lisar, "--no-angles", "--fail-on", "near-duplicate"])
  }

  private func expect(_ status: Int32, _ arguments: [String]) throws {
    let result = try CommandLineHarness.run(arguments)
    #expect(result.status == status, "\(arguments): \(result.error)")
  }

  @Test func originalsAreNeverReplaced() throws {
    try CommandLineHarness.scratch { folder in
      let copy = "\(folder)/konrad.safetensors"
      try FileManager.default.copyItem(atPath: konrad, toPath: copy)
      let link = "\(folder)/link.safetensors"
      try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: copy)
      let before = try Data(contentsOf: URL(fileURLWithPath: copy))
      for output in [copy, link] {
        let result = try CommandLineHarness.run(["merge", copy, lisar, "--output", output, "--force"])
        #expect(result.status == 2)
        #expect(result.error.contains("originals are never replaced"))
      }
      #expect(try Data(contentsOf: URL(fileURLWithPath: copy)) == before)
    }
  }

  @Test func failingToWriteIsFour() throws {
    let result = try CommandLineHarness.run(["merge", konrad, lisar, "--output", "/nonexistent-folder/x.safetensors"])
    #expect(result.status == 4)
    #expect(result.error.contains("/nonexistent-folder/x.safetensors"))
  }

  @Test func toleranceIsAFinding() throws {
    try CommandLineHarness.scratch { folder in
      let arguments = ["merge", konrad, lisar, "--rank", "2", "--verify", "--output", "\(folder)/x.safetensors"]
      try expect(1, arguments + ["--tolerance", "0.001"])
      try expect(0, arguments + ["--force", "--tolerance", "0.99"])
    }
  }
}
