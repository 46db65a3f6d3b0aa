import Adapters
import Foundation
import Testing

@testable import troupe

/// `troupe inspect --recursive`.
@Suite("Inspect folders") struct InspectFolderTests {
  /// A library: two LoRAs, one of them with a warning, an archive, what is no LoRA, and what is no file of that kind.
  private func withLibrary<R>(_ body: (String) throws -> R) throws -> R {
    try CommandLineHarness.scratch { folder in
      try FileManager.default.createDirectory(atPath: "\(folder)/b", withIntermediateDirectories: false)
      var metadata = InspectFixtures.metadata
      metadata["ss_steps"] = "1500"
      try InspectFixtures.write(to: "\(folder)/mika.safetensors", metadata: metadata)
      try InspectFixtures.write(to: "\(folder)/b/cut short.safetensors")
      try Data("<!DOCTYPE html>".utf8).write(to: URL(filePath: "\(folder)/b/page.safetensors"))
      try Data().write(to: URL(filePath: "\(folder)/b/\u{1B}[2Jempty.safetensors"))
      try Data().write(to: URL(filePath: "\(folder)/b/notes.txt"))
      try FileManager.default.createSymbolicLink(atPath: "\(folder)/b/up", withDestinationPath: folder)
      return try body(folder)
    }
  }

  @Test func table() throws {
    try withLibrary { folder in
      let result = try CommandLineHarness.run(["inspect", "--recursive", folder], environment: ["COLUMNS": "80"])
      #expect(result.status == 0 && result.error.isEmpty)
      let lines = result.output.split(separator: "\n").map(String.init)
      #expect(lines[0].hasPrefix("name ") && lines[0].hasSuffix("⚠"))
      #expect(lines[1] == TextTable.cut(folder, to: 80))
      #expect(lines[2].hasPrefix("mika ") && lines[2].contains("SD1    LoRA   1/0.5    7.90 kB mika_oc"))
      #expect(lines[2].hasSuffix("2023-11-14"), "no warning, no count: \(lines[2])")
      #expect(
        lines.contains {
          $0.hasPrefix("✗ page: this is an HTML page") || $0.hasPrefix("✗ page: ") && $0.contains("HTML")
        })
      #expect(lines.contains { $0.hasPrefix("✗ ?[2Jempty: the file is empty") })
      #expect(lines.contains { $0.hasPrefix("cut short ") && $0.hasSuffix(" 1") })
      let end = result.output.replacing("\n", with: " ")
      #expect(
        end.contains("4 files in ")
          && end.contains(": 2 LoRAs, 2 bad; 1 has warnings; 1 file of another kind was passed by."))
      for line in lines { #expect(Terminal.columns(of: line) <= 80, "\(line)") }
    }
  }

  @Test(arguments: [60, 80, 100, 120, 160]) func widths(width: Int) async throws {
    let file = try await InspectFixtures.inspection(options: .headerOnly)
    let table = FolderTable(style: .plain, width: width)
    let bad = FolderRow(path: "/x/y.safetensors", error: CancellationError())
    for line in [table.header] + table.lines(FolderRow(file)) + table.lines(bad) {
      #expect(Terminal.columns(of: line) <= width, "\(line)")
    }
    #expect(table.header.contains("base model") == (width >= 110) && table.header.contains("size") == (width >= 72))
    // A file whose fields are long keeps the columns where they are.
    var metadata = InspectFixtures.metadata
    metadata["ss_sd_model_name"] = String(repeating: "w", count: 300)
    metadata["ss_training_comment"] = "trigger words: \(String(repeating: "長", count: 90))"
    let long = try await InspectFixtures.inspection(metadata: metadata, options: .headerOnly)
    for line in table.lines(FolderRow(long)) { #expect(Terminal.columns(of: line) <= width) }
  }

  @Test func jsonLines() throws {
    try withLibrary { folder in
      let result = try CommandLineHarness.run(["inspect", "-r", "--json", "--workers", "4", folder])
      #expect(result.status == 0 && result.error.isEmpty)
      let rows = try result.output.split(separator: "\n").map { line in
        try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
      }
      #expect(rows.map { $0["type"] as? String } == ["file", "file", "file", "file", "summary"])
      let names = rows.dropLast().map { ($0["path"] as? String)?.split(separator: "/").last.map(String.init) }
      #expect(names == ["mika.safetensors", "\u{1B}[2Jempty.safetensors", "cut short.safetensors", "page.safetensors"])
      let keys: Set = [
        "type", "path", "kind", "architecture", "base_model", "variant", "rank", "alpha", "size", "triggers", "trainer",
        "trained", "steps", "epoch", "warnings", "error",
      ]
      #expect(Set(rows[0].keys) == keys)
      #expect(rows[0]["kind"] as? String == "lora" && rows[0]["error"] is NSNull)
      #expect((rows[0]["rank"] as? [String: Any])?["max"] as? Int == 1)
      #expect((rows[0]["alpha"] as? [String: Any])?["min"] as? Double == 0.5)
      #expect(
        rows[0]["triggers"] as? [String] == ["mika_oc", "rin_oc"] && (rows[0]["warnings"] as? [Any])?.isEmpty == true)
      #expect(rows[0]["trained"] as? String == "2023-11-14T23:13:20Z")
      #expect(rows[2]["warnings"] as? [String] == ["truncated-training"])
      let error = try #require(rows[3]["error"] as? [String: Any])
      #expect(error["rule"] as? String == "foreign-format" && rows[3]["kind"] is NSNull)
      let summary = rows[4]
      #expect(summary["schema"] as? Int == 1 && summary["files"] as? Int == 4 && summary["bad"] as? Int == 2)
      #expect(summary["kinds"] as? [String: Int] == ["lora": 2] && summary["variants"] as? [String: Int] == ["lora": 2])
      #expect(summary["with_warnings"] as? Int == 1 && summary["skipped"] as? Int == 1)
    }
  }

  @Test(
    arguments: [
      ([], 0), (["--fail-on", "bad"], 1), (["--fail-on", "truncated-training"], 1), (["--fail-on", "zero-modules"], 0),
      (["--fail-on", "any"], 1),
    ] as [([String], Int32)])
  func exitCodes(options: [String], status: Int32) throws {
    try withLibrary { folder in
      let result = try CommandLineHarness.run(["inspect", "-r", folder] + options)
      #expect(result.status == status)
    }
  }

  @Test func soundFoldersDoNotFail() throws {
    try CommandLineHarness.scratch { folder in
      var metadata = InspectFixtures.metadata
      metadata["ss_steps"] = "1500"
      try InspectFixtures.write(to: "\(folder)/mika.safetensors", metadata: metadata)
      #expect(
        try CommandLineHarness.run(["inspect", "-r", folder, "--fail-on", "bad", "--fail-on", "any"]).status == 0)
    }
  }

  @Test func whatIsMissingOrEmpty() throws {
    try CommandLineHarness.scratch { folder in
      let empty = try CommandLineHarness.run(["inspect", "-r", folder])
      #expect(empty.status == 0 && empty.output == "no file.\n")
      // A path that is nothing is a row, as any other file that cannot be read.
      let none = try CommandLineHarness.run(["inspect", "-r", "\(folder)/none"])
      #expect(none.status == 0 && none.output.contains("✗ none: "))
      let bad = try CommandLineHarness.run(["inspect", "-r", "--fail-on", "bad", "\(folder)/none"])
      #expect(bad.status == 1)
    }
  }

  @Test func weightsOnRequest() throws {
    try withLibrary { folder in
      // The page of another file is only seen with hashes.
      let page = #"{"trainedWords": ["m"], "files": [{"hashes": {"AutoV3": "0123456789AB"}}]}"#
      try Data(page.utf8).write(to: URL(filePath: "\(folder)/mika.civitai.info"))
      let id = "sidecar-of-another-file"
      #expect(try CommandLineHarness.run(["inspect", "-r", folder, "--fail-on", id]).status == 0)
      #expect(
        try CommandLineHarness.run(["inspect", "-r", folder, "--hash", "--weights", "--fail-on", id]).status == 1)
    }
  }

  @Test func order() async throws {
    // Later ones are ready first, and still come last.
    var seen: [Int] = []
    try await OrderedReading.run(count: 20, width: 5) { index in
      try? await Task.sleep(for: .milliseconds((20 - index) % 7))
      return index * index
    } use: { index, value in
      #expect(value == index * index)
      seen.append(index)
    }
    #expect(seen == Array(0..<20))
    try await OrderedReading.run(count: 0, width: 3, read: { $0 }, use: { _, _ in Issue.record("there is nothing") })
  }
}
