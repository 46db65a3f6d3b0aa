import Foundation
import SafeTensors
import Testing

/// `troupe pack`, `unpack` and `hash` as a user runs them.
@Suite struct ArchiveCommandTests {
  private let konrad = CommandLineHarness.file("konrad")

  private func copy(_ folder: String, _ name: String = "k.safetensors") throws -> String {
    try FileManager.default.copyItem(atPath: konrad, toPath: "\(folder)/\(name)")
    return "\(folder)/\(name)"
  }

  @Test func thereAndBack() throws {
    try CommandLineHarness.scratch { folder in
      let path = try copy(folder)
      let packed = try CommandLineHarness.run(["pack", path, "--verify", "--json"])
      #expect(packed.status == 0, "\(packed.error)")
      let entry = try #require((try packed.json()["files"] as? [[String: Any]])?.first)
      #expect(
        Set(entry.keys).isSuperset(of: [
          "file", "output", "bytes", "packed_bytes", "share", "frames", "verified", "seconds",
        ]))
      #expect(entry["output"] as? String == "\(path).zst" && entry["verified"] as? Bool == true)
      // Every command reads the archive.
      #expect(try CommandLineHarness.run(["inspect", "\(path).zst"]).status == 0)
      let output = "\(folder)/back.safetensors"
      #expect(try CommandLineHarness.run(["unpack", "\(path).zst", "--output", output]).status == 0)
      #expect(FileManager.default.contentsEqual(atPath: path, andPath: output))
      let again = try CommandLineHarness.run(["unpack", "\(path).zst"])
      #expect(again.status == 2 && again.error.contains("exists already"))
      #expect(try CommandLineHarness.run(["unpack", "\(path).zst", "--force", "--verify"]).status == 0)
      #expect(FileManager.default.contentsEqual(atPath: konrad, andPath: path))
    }
  }

  @Test func severalFiles() throws {
    try CommandLineHarness.scratch { folder in
      let paths = [try copy(folder, "a.safetensors"), try copy(folder, "b.safetensors")]
      let result = try CommandLineHarness.run(["pack"] + paths + ["--level", "1"])
      #expect(result.status == 0 && result.output.split(separator: "\n").count == 4)
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder).count == 4)
      #expect(try CommandLineHarness.run(["pack"] + paths + ["--output", "\(folder)/c.safetensors.zst"]).status == 2)
    }
  }

  @Test(arguments: [
    ["pack"], ["pack", "a.safetensors", "--level", "23"], ["pack", "a.txt"], ["pack", "a.safetensors", "-o", "a.zip"],
    ["unpack", "a.safetensors"], ["unpack", "a.safetensors.zst", "-o", "b.txt"],
    ["pack", "a.safetensors", "--workers", "0"],
    ["hash"], ["hash", "a.safetensors", "--fail-on", "ugly"],
  ])
  func badUsage(arguments: [String]) throws {
    #expect(try CommandLineHarness.run(arguments).status == 2, "\(arguments)")
  }

  @Test func damagedArchivesAreBadInput() throws {
    try CommandLineHarness.scratch { folder in
      let path = try copy(folder)
      _ = try CommandLineHarness.run(["pack", path])
      var bytes = try Data(contentsOf: URL(fileURLWithPath: "\(path).zst"))
      bytes[bytes.count / 2] ^= 0xFF
      try bytes.write(to: URL(fileURLWithPath: "\(path).zst"))
      let output = "\(folder)/back.safetensors"
      for arguments in [
        ["unpack", "\(path).zst", "--output", output], ["hash", "\(path).zst"], ["inspect", "\(path).zst"],
      ] {
        let result = try CommandLineHarness.run(arguments)
        #expect(result.status == 3 && result.error.contains("damaged"), "\(arguments): \(result.error)")
        #expect(result.error.split(separator: "\n").count == 1)
      }
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder).count == 2)
    }
  }

  @Test func hashes() throws {
    let result = try CommandLineHarness.run(["hash", konrad, "--json"])
    #expect(result.status == 0)
    let file = try #require((try result.json()["files"] as? [[String: Any]])?.first)
    #expect(
      Set(file.keys).isSuperset(of: [
        "path", "size", "autov1", "autov2", "autov3", "autov1_sha256", "sha256", "tensors_sha256", "modelspec_hash",
        "stored",
      ]))
    let own = try SafeTensorsFile(path: konrad).tensorHash()
    #expect(file["autov3"] as? String == String(own.prefix(12)) && file["tensors_sha256"] as? String == own)
    let text = try CommandLineHarness.run(["hash", konrad]).output
    #expect(text.contains(own.prefix(12)) && !text.contains(own))
    #expect(text.split(separator: "\n").allSatisfy { $0.count <= 80 })
    #expect(try CommandLineHarness.run(["hash", konrad, "--full"]).output.contains(own))
  }

  @Test func wrongHashesFailWhenAsked() throws {
    try CommandLineHarness.scratch { folder in
      let path = try copy(folder)
      func set(_ hash: String) throws {
        let result = try CommandLineHarness.run(["metadata", "set", path, "sshs_model_hash=\(hash)", "--in-place"])
        #expect(result.status == 0, "\(result.error)")
      }
      try set(String(repeating: "1", count: 64))
      #expect(try CommandLineHarness.run(["hash", path]).status == 0)
      #expect(try CommandLineHarness.run(["hash", path, "--fail-on", "wrong"]).status == 1)
      #expect(try CommandLineHarness.run(["hash", path, "--fail-on", "empty"]).status == 0)
      try set("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
      #expect(try CommandLineHarness.run(["hash", path, "--fail-on", "wrong"]).status == 0)
      let both = try CommandLineHarness.run(["hash", path, "--fail-on", "wrong", "--fail-on", "empty", "--json"])
      #expect(both.status == 1)
      let stored = ((try both.json()["files"] as? [[String: Any]])?.first?["stored"] as? [[String: Any]])?.first
      #expect(stored?["verdict"] as? String == "empty" && stored?["key"] as? String == "sshs_model_hash")
    }
  }

  @Test func filesThatCannotBeReadDoNotHideOthers() throws {
    let result = try CommandLineHarness.run(["hash", "none.safetensors", konrad, "--json"])
    #expect(result.status == 3)
    let json = try result.json()
    #expect((json["files"] as? [Any])?.count == 1 && (json["errors"] as? [Any])?.count == 1)
  }
}
