import Foundation
import Testing

/// `dataset check` and `dataset sheet` as a user runs them.
@Suite struct DatasetCommandTests {
  private static let images = CommandLineHarness.root.appending(path: "Tests/Fixtures/images")
  private static let model = CommandLineHarness.root.appending(path: "Tests/Fixtures/diffusion/pipeline/sd1").path

  /// A folder with two characters of small pictures, and a cast.
  private func dataset<R>(_ body: (String) throws -> R) throws -> R {
    try CommandLineHarness.scratch { folder in
      func put(_ image: String, _ name: String, _ caption: String?) throws {
        let target = URL(filePath: "\(folder)/\(name)")
        try FileManager.default.createDirectory(
          at: target.deletingLastPathComponent(), withIntermediateDirectories: true)
        try FileManager.default.copyItem(at: Self.images.appending(path: image), to: target)
        guard let caption else { return }
        try Data(caption.utf8).write(to: target.deletingPathExtension().appendingPathExtension("txt"))
      }
      try put("rgb.png", "konrad/a.png", "1boy, portrait, red hair")
      try put("rgb16.png", "konrad/b.png", "1boy, full body, red hair")
      try put("grey.png", "konrad/c.png", nil)
      try put("rgba.png", "lisar/a.png", "1girl, portrait, konrad_httt")
      try put("rgb.png", "lisar/b.png", "1girl, full body")
      let cast = """
        [model]
        checkpoint = "\(Self.model)"
        [training]
        steps = 50
        batch = 2
        resolution = 64
        [captions]
        shuffle = true
        [[character]]
        name = "Konrad"
        trigger = "konrad_httt"
        class = "1boy"
        images = "konrad"
        flip = true
        [[character]]
        name = "Li'sar"
        trigger = "cat"
        class = "1girl"
        images = "lisar"
        mask = true
        """
      try Data(cast.utf8).write(to: URL(filePath: "\(folder)/cast.toml"))
      return try body(folder)
    }
  }

  @Test func checkAsTextFitsAPipe() throws {
    try dataset { folder in
      let result = try CommandLineHarness.run(
        ["dataset", "check", "\(folder)/cast.toml", "--pictures"], environment: ["COLUMNS": "80"])
      #expect(result.status == 0 && result.error.isEmpty, "\(result.error)")
      for text in [
        "foreign-trigger", "duplicate", "greyscale-untagged", "trigger-is-word", "50 steps, 50 batches, 100 samples",
        "16–17",
      ] {
        #expect(result.output.contains(text), "\(text) in \(result.output)")
      }
      #expect(!result.output.contains("\u{1B}"))
      #expect(result.output.split(separator: "\n").allSatisfy { $0.count <= 80 }, "tables fit 80 columns")
    }
  }

  @Test func checkAsJSON() throws {
    try dataset { folder in
      let json = try CommandLineHarness.run(["dataset", "check", "\(folder)/cast.toml", "--json"]).json()
      #expect(json["schema"] as? Int == 1 && json["kind"] as? String == "cast" && json["steps"] as? Int == 50)
      let members = try #require(json["members"] as? [[String: Any]])
      #expect(members.map { $0["name"] as? String } == ["Konrad", "Li'sar"])
      for member in members {
        #expect(
          Set(member.keys).isSuperset(of: [
            "kind", "trigger", "class_name", "pictures", "held_out", "samples", "share", "steps", "longest_gap",
            "least_uses", "most_uses", "folders",
          ]))
      }
      let pictures = try #require(json["pictures"] as? [[String: Any]])
      #expect(pictures.count == 5 && pictures.reduce(0) { $0 + ($1["uses"] as? Int ?? 0) } == 100)
      for picture in pictures {
        #expect(Set(picture.keys).isSuperset(of: ["path", "member", "width", "height", "hash", "background"]))
      }
      for finding in try #require(json["findings"] as? [[String: Any]]) {
        #expect(
          Set(finding.keys) == ["id", "severity", "about", "pictures", "evidence", "meaning", "advice"])
      }
      let longer = try CommandLineHarness.run(["dataset", "check", "\(folder)/cast.toml", "--json", "--steps", "80"])
      #expect(try longer.json()["samples"] as? Int == 160)
    }
  }

  @Test(arguments: [
    ("problem", 1), ("foreign-trigger", 1), ("trigger-is-word", 1), ("no-bucket", 0), ("unreadable-picture", 0),
    ("nonsense", 2),
  ])
  func findingsFailOnlyWhenAsked(name: String, status: Int) throws {
    try dataset { folder in
      let result = try CommandLineHarness.run(["dataset", "check", "\(folder)/cast.toml", "--fail-on", name])
      #expect(result.status == Int32(status), "\(result.error)")
    }
  }

  @Test func aMissingModelAndABrokenPictureStopNothing() throws {
    try dataset { folder in
      try Data("none".utf8).write(to: URL(filePath: "\(folder)/konrad/d.png"))
      let result = try CommandLineHarness.run([
        "dataset", "check", "\(folder)/cast.toml", "--model", "/nonexistent.safetensors", "--json",
      ])
      #expect(result.status == 0, "\(result.error)")
      let findings = try #require(try result.json()["findings"] as? [[String: Any]])
      let problems = findings.filter { $0["severity"] as? String == "problem" }.compactMap { $0["id"] as? String }
      #expect(problems.starts(with: ["unreadable-model", "unreadable-picture"]), "\(problems)")
      #expect(findings.contains { $0["id"] as? String == "triggers-not-checked" })
    }
  }

  @Test(arguments: [
    ["dataset", "check"], ["dataset", "check", "cast.toml", "--enable-bucket"],
    ["dataset", "check", "cast.toml", "--batch", "0"], ["dataset", "check", "cast.toml", "--steps", "0"],
    ["dataset", "check", "--dataset-config", "d", "--resolution", "12"], ["dataset", "sheet", "cast.toml"],
    ["dataset", "sheet", "cast.toml", "-o", "x", "--uses", "0"], ["dataset", "frobnicate"],
  ])
  func badUsageIsTwo(arguments: [String]) throws {
    let result = try CommandLineHarness.run(arguments)
    #expect(result.status == 2 && result.output.isEmpty && !result.error.isEmpty, "\(result.error)")
  }

  @Test func badInputIsThreeAndOneSentence() throws {
    try dataset { folder in
      let cast = "\(folder)/cast.toml"
      let text = try String(contentsOfFile: cast, encoding: .utf8)
      for (change, part) in [
        (("images = \"lisar\"", "images = \"nowhere\""), "nowhere"),
        (("steps = 50", "stepz = 50"), "did you mean \"steps\""),
        (("resolution = 64", "resolution = 64\nmax_bucket = 64\nbucket_step = 128"), "bucket"),
      ] {
        try Data(text.replacing(change.0, with: change.1).utf8).write(to: URL(filePath: cast))
        let result = try CommandLineHarness.run(["dataset", "check", cast])
        #expect(result.status == 3 && result.output.isEmpty, "\(change) \(result.output)")
        #expect(result.error.split(separator: "\n").count == 1 && result.error.contains(part), "\(result.error)")
      }
      try Data("".utf8).write(to: URL(filePath: "\(folder)/konrad/a.txt"))
      try Data(text.utf8).write(to: URL(filePath: cast))
      let empty = try CommandLineHarness.run(["dataset", "check", cast])
      #expect(empty.status == 3 && empty.error.contains("a.txt: the caption is empty"))
    }
  }

  @Test func foldersOfSdScripts() throws {
    try dataset { folder in
      try FileManager.default.createDirectory(atPath: "\(folder)/train", withIntermediateDirectories: true)
      try FileManager.default.createDirectory(atPath: "\(folder)/reg", withIntermediateDirectories: true)
      for (from, to) in [("konrad", "train/4_konrad 1boy"), ("lisar", "reg/1_1girl")] {
        try FileManager.default.copyItem(atPath: "\(folder)/\(from)", toPath: "\(folder)/\(to)")
      }
      let arguments = [
        "dataset", "check", "--dataset-config", "\(folder)/train", "--reg", "\(folder)/reg", "--caption-extension",
        ".txt", "--batch", "2", "--accumulation", "2", "--json",
      ]
      let missing = try CommandLineHarness.run(arguments)
      #expect(missing.status == 3 && missing.error.contains("give --resolution"))
      let json = try CommandLineHarness.run(arguments + ["--resolution", "64x64"]).json()
      #expect(json["kind"] as? String == "kohya" && json["steps"] as? Int == 1600)
      let members = try #require(json["members"] as? [[String: Any]])
      #expect(members.map { $0["kind"] as? String } == ["character", "regularization"])
      // 1600 steps end within an epoch of 6 steps, 600 with one.
      #expect(members.reduce(0) { $0 + ($1["samples"] as? Int ?? 0) } == 6400)
      let whole = try CommandLineHarness.run(arguments + ["--resolution", "64x64", "--steps", "600"]).json()
      #expect((whole["members"] as? [[String: Any]])?.map { $0["samples"] as? Int } == [1200, 1200])
    }
  }

  /// As in training, the run is the cast's then and the pictures are the dataset's.
  @Test func aCastBesideSdScriptsDataset() throws {
    try dataset { folder in
      let data = "[[datasets]]\nresolution = 64\n[[datasets.subsets]]\nimage_dir = \"\(folder)/konrad\""
      try Data(data.utf8).write(to: URL(filePath: "\(folder)/data.toml"))
      let json = try CommandLineHarness.run([
        "dataset", "check", "\(folder)/cast.toml", "--dataset-config", "\(folder)/data.toml", "--json",
      ]).json()
      #expect(json["kind"] as? String == "kohya" && json["steps"] as? Int == 50)
      #expect((json["pictures"] as? [Any])?.count == 3)
    }
  }

  @Test func sheets() throws {
    try dataset { folder in
      let arguments = ["dataset", "sheet", "\(folder)/cast.toml", "-o", "\(folder)/sheets", "--side", "64"]
      let result = try CommandLineHarness.run(arguments + ["--json"])
      #expect(result.status == 0, "\(result.error)")
      let sheets = try #require(try result.json()["sheets"] as? [[String: Any]])
      #expect(sheets.map { $0["pictures"] as? Int } == [3, 2])
      #expect(
        sheets.compactMap { ($0["path"] as? String)?.split(separator: "/").last } == ["konrad.png", "li-sar.png"])
      for sheet in sheets {
        #expect(FileManager.default.fileExists(atPath: try #require(sheet["path"] as? String)))
      }
      let again = try CommandLineHarness.run(arguments)
      #expect(again.status == 2 && again.error.contains("konrad.png"))
      let uses = try CommandLineHarness.run(arguments + ["--force", "--uses", "3", "--json"])
      #expect(try #require(try uses.json()["sheets"] as? [[String: Any]]).map { $0["pictures"] as? Int } == [9, 6])
    }
  }
}
