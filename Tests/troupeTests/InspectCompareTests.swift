import Adapters
import Foundation
import Testing

@testable import troupe

/// `troupe inspect --compare`.
@Suite("Inspect, compared") struct InspectCompareTests {
  private func withFiles<R>(_ changes: [[String: String]], _ body: ([String]) throws -> R) throws -> R {
    try CommandLineHarness.scratch { folder in
      let paths = changes.indices.map { "\(folder)/file\($0).safetensors" }
      for (path, change) in zip(paths, changes) {
        try InspectFixtures.write(to: path, metadata: InspectFixtures.metadata.merging(change) { $1 })
      }
      return try body(paths)
    }
  }

  @Test func differencesAlone() throws {
    try withFiles([[:], ["ss_lr_scheduler": "linear", "ss_noise_offset": "None"]]) { paths in
      let result = try CommandLineHarness.run(["inspect", "--compare"] + paths)
      #expect(result.status == 0 && result.error.isEmpty)
      #expect(result.output.hasPrefix("What differs\n"))
      let lines = result.output.split(separator: "\n").map(String.init)
      #expect(lines.contains { $0.hasPrefix("≠ LR scheduler") && $0.contains("cosine") && $0.contains("linear") })
      #expect(lines.contains { $0.hasPrefix("≠ Noise offset") && $0.contains("0.05") && $0.contains("not set") })
      #expect(!result.output.contains("Optimizer") && result.output.contains("Same base model?"))
      let all = try CommandLineHarness.run(["inspect", "--compare", "--all"] + paths)
      #expect(all.output.hasPrefix("Side by side\n") && all.output.contains("  Optimizer"))
      #expect(all.output.contains("Rank of layers"), "layers are compared with the recipes")
      for line in (result.output + all.output).split(separator: "\n") { #expect(line.count <= 80) }
    }
  }

  @Test func equalFiles() throws {
    try withFiles([[:], [:]]) { paths in
      let result = try CommandLineHarness.run(["inspect", "--compare"] + paths)
      #expect(result.status == 0 && result.output.contains("Nothing that the files tell."))
    }
  }

  @Test func manyFilesAreGroupedByValue() throws {
    let changes = (0..<7).map { $0 == 6 ? ["ss_lr_scheduler": "linear"] : ["ss_seed": "\($0 % 2)"] }
    try withFiles(changes) { paths in
      let result = try CommandLineHarness.run(["inspect", "--compare"] + paths)
      let lines = result.output.split(separator: "\n").map(String.init)
      #expect(lines.contains { $0.hasPrefix("7 files: file0, ") })
      let at = try #require(lines.firstIndex { $0.hasPrefix("≠ LR scheduler") })
      #expect(lines[at].contains("cosine") && lines[at].hasSuffix("6 files"))
      #expect(lines[at + 1].contains("linear") && lines[at + 1].hasSuffix("file6"))
      for line in lines { #expect(Terminal.columns(of: line) <= 80, "\(line)") }
    }
  }

  @Test func json() throws {
    try withFiles([[:], ["ss_lr_scheduler": "linear"]]) { paths in
      let json = try CommandLineHarness.run(["inspect", "--compare", "--json"] + paths).json()
      #expect(Set(json.keys) == ["schema", "files", "comparison", "errors", "left_out"])
      #expect(json["schema"] as? Int == 1 && json["files"] as? [String] == paths)
      let comparison = try #require(json["comparison"] as? [String: Any])
      let rows = try #require(comparison["rows"] as? [[String: Any]])
      #expect(rows.map { $0["id"] as? String } == ["scheduler"])
      #expect(Set(rows[0].keys) == ["id", "group", "label", "values", "sources", "same"])
      #expect(rows[0]["sources"] as? [String] == ["ss_lr_scheduler", "ss_lr_scheduler"])
      #expect(
        Set(comparison.keys).isSuperset(of: [
          "names", "same_base", "same_parameters", "differing_parameters", "same_run", "same_author",
        ]))
      let all = try CommandLineHarness.run(["inspect", "--compare", "--all", "--json"] + paths).json()
      let more = (all["comparison"] as? [String: Any])?["rows"] as? [[String: Any]]
      #expect((more?.count ?? 0) > 15)
    }
  }

  @Test func filesThatDoNotTakePart() throws {
    try withFiles([[:], [:]]) { paths in
      let missing = try CommandLineHarness.run(["inspect", "--compare", "--json"] + paths + ["/nowhere.safetensors"])
      #expect(missing.status == 3 && missing.error.hasPrefix("error: /nowhere.safetensors"))
      #expect((try missing.json()["errors"] as? [Any])?.count == 1)
    }
  }

  @Test(
    arguments: [
      (["--compare", "a"], "at least two"), (["--compare", "--recursive", "a", "b"], "together"),
      (["--all", "a"], "goes with --compare"), (["--compare", "--tags", "a", "b"], "cannot be given with --compare"),
      (["--as-config", "both", "a", "b"], "of one file"), (["--as-config", "none", "a"], "dataset"),
      (["-o", "x", "a"], "go with --as-config"), (["--force", "a"], "go with --as-config"),
      (["--as-config", "cast", "--fail-on", "any", "a"], "--fail-on"), (["--fail-on", "bad", "a"], "no warning"),
      (["-r", "--raw", "a"], "cannot be given with --recursive"),
    ])
  func usage(arguments: [String], expected: String) throws {
    let result = try CommandLineHarness.run(["inspect"] + arguments)
    #expect(result.status == 2 && result.error.contains(expected), "\(result.error)")
  }
}
