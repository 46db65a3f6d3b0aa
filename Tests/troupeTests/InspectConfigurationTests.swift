import Foundation
import Testing

@testable import troupe

/// `troupe inspect --as-config`.
@Suite("Inspect, as a configuration") struct InspectConfigurationTests {
  private func withFile<R>(
    _ metadata: [String: String] = InspectFixtures.metadata, _ body: (String, String) throws -> R
  )
    throws -> R
  {
    try CommandLineHarness.scratch { folder in
      let path = "\(folder)/mika.safetensors"
      try InspectFixtures.write(to: path, metadata: metadata)
      return try body(path, folder)
    }
  }

  private func text(_ path: String) throws -> String { try String(contentsOfFile: path, encoding: .utf8) }

  @Test func printed() throws {
    try withFile { path, _ in
      let dataset = try CommandLineHarness.run(["inspect", "--as-config", "dataset", path])
      #expect(dataset.status == 0 && dataset.error.isEmpty)
      #expect(dataset.output.contains("[[datasets.subsets]]") && dataset.output.contains("image_dir = \"10_mika\""))
      #expect(dataset.output.hasPrefix("# The images of the run that made mika.safetensors"))
      let both = try CommandLineHarness.run(["inspect", "--as-config", "both", path])
      #expect(both.output.hasPrefix("# ===== dataset =====\n") && both.output.contains("\n# ===== training =====\n"))
      #expect(both.output.contains("optimizer_type = \"AdamW8bit\"") && both.output.contains("step 900 of 1500"))
      let cast = try CommandLineHarness.run(["inspect", "--as-config", "cast", path])
      #expect(cast.output.contains("[[character]]") && cast.output.contains("trigger = \"mika_oc\""))
      for line in both.output.split(separator: "\n") where line.hasPrefix("#") { #expect(line.count <= 101) }
    }
  }

  @Test func written() throws {
    try withFile { path, folder in
      let output = "\(folder)/again.toml"
      let result = try CommandLineHarness.run(["inspect", "--as-config", "both", "-o", output, path])
      #expect(result.status == 0)
      #expect(try text("\(folder)/again-dataset.toml").contains("num_repeats = 10"))
      #expect(try text("\(folder)/again-training.toml").contains("max_train_steps = 1500"))
      #expect(result.output.contains("to fill in or check") && result.output.contains("· "))
      // What is there stays, and nothing beside it is written.
      try Data("mine".utf8).write(to: URL(filePath: "\(folder)/again-training.toml"))
      try FileManager.default.removeItem(atPath: "\(folder)/again-dataset.toml")
      let refused = try CommandLineHarness.run(["inspect", "--as-config", "both", "-o", output, path])
      #expect(refused.status == 2 && refused.error.contains("exists already"))
      #expect(try text("\(folder)/again-training.toml") == "mine")
      #expect(!FileManager.default.fileExists(atPath: "\(folder)/again-dataset.toml"))
      let forced = try CommandLineHarness.run(["inspect", "--as-config", "both", "--force", "-o", output, path])
      #expect(try forced.status == 0 && text("\(folder)/again-training.toml") != "mine")
      // The original is never replaced.
      let bytes = try Data(contentsOf: URL(filePath: path))
      let own = try CommandLineHarness.run(["inspect", "--as-config", "cast", "--force", "-o", path, path])
      #expect(try own.status == 2 && Data(contentsOf: URL(filePath: path)) == bytes)
      let nowhere = try CommandLineHarness.run(["inspect", "--as-config", "cast", "-o", "\(folder)/no/c.toml", path])
      #expect(nowhere.status == 4 && nowhere.error.contains("cannot be written"))
    }
  }

  @Test func json() throws {
    try withFile { path, folder in
      let json = try CommandLineHarness.run(["inspect", "--as-config", "both", "--json", path]).json()
      #expect(Set(json.keys) == ["schema", "path", "configurations"] && json["schema"] as? Int == 1)
      let configurations = try #require(json["configurations"] as? [[String: Any]])
      #expect(configurations.map { $0["kind"] as? String } == ["dataset", "training"])
      for one in configurations {
        #expect(Set(one.keys) == ["kind", "text", "to_fill_in", "output"] && one["output"] is NSNull)
        #expect((one["to_fill_in"] as? [String])?.isEmpty == false)
      }
      let output = "\(folder)/c.toml"
      let written = try CommandLineHarness.run(["inspect", "--as-config", "cast", "--json", "-o", output, path]).json()
      let first = try #require((written["configurations"] as? [[String: Any]])?.first)
      #expect(try first["output"] as? String == output && text(output) == first["text"] as? String)
    }
  }

  @Test func nothingToWrite() throws {
    try withFile(["format": "pt"]) { path, folder in
      for kind in ["dataset", "training", "both", "cast"] {
        let output = "\(folder)/c.toml"
        let result = try CommandLineHarness.run(["inspect", "--as-config", kind, "-o", output, path])
        #expect(result.status == 3 && result.error.contains("its record"), "\(result.error)")
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["mika.safetensors"])
      }
    }
  }
}
