import Foundation
import SafeTensors
import Testing

@testable import troupe

/// `troupe metadata` as a user runs it.
@Suite struct MetadataCommandTests {
  private let konrad = CommandLineHarness.file("konrad")

  private func copy(_ folder: String, _ name: String = "k.safetensors") throws -> String {
    let path = "\(folder)/\(name)"
    try FileManager.default.copyItem(atPath: konrad, toPath: path)
    return path
  }

  private func metadata(_ path: String) throws -> [String: String] { try SafeTensorsFile(path: path).header.metadata }

  @Test func showsOneValueAsItIs() throws {
    let result = try CommandLineHarness.run(["metadata", "show", konrad, "ss_tag_frequency"])
    #expect(result.status == 0 && result.error.isEmpty)
    #expect(try result.output == metadata(konrad)["ss_tag_frequency"].map { $0 + "\n" })
  }

  @Test func showsAll() throws {
    let table = try CommandLineHarness.run(["metadata", "show", konrad])
    #expect(table.output.split(separator: "\n").count == (try metadata(konrad).count))
    #expect(table.output.split(separator: "\n").allSatisfy { $0.count <= 80 })
    let some = try CommandLineHarness.run(["metadata", "show", konrad, "modelspec.*"])
    #expect(some.output.split(separator: "\n").allSatisfy { $0.hasPrefix("modelspec.") })
    let json = try CommandLineHarness.run(["metadata", "show", konrad, "--json"]).json()
    #expect(Set(json.keys) == ["schema", "file", "metadata", "header_bytes", "spare_bytes"])
    #expect(try json["metadata"] as? [String: String] == metadata(konrad))
    let full = try CommandLineHarness.run(["metadata", "show", konrad, "--full"])
    #expect(try full.output.contains(#require(metadata(konrad)["ss_tag_frequency"])))
  }

  @Test func setsIntoAnotherFileOrInPlace() throws {
    try CommandLineHarness.scratch { folder in
      let (path, output) = (try copy(folder), "\(folder)/out.safetensors")
      let before = try Data(contentsOf: URL(fileURLWithPath: path))
      let result = try CommandLineHarness.run([
        "metadata", "set", path, "modelspec.author=Haldric", "modelspec.usage_hint=a=b", "--output", output, "--json",
      ])
      #expect(result.status == 0, "\(result.error)")
      let json = try result.json()
      #expect(
        Set(json.keys).isSuperset(of: [
          "schema", "file", "output", "way", "added", "changed", "removed", "kept", "header_bytes", "spare_bytes",
          "written_bytes", "notes",
        ]))
      #expect(json["way"] as? String == "copied")
      #expect(try metadata(output)["modelspec.usage_hint"] == "a=b")
      #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == before)
      let place = try CommandLineHarness.run([
        "metadata", "set", output, "modelspec.author=Konrad", "--in-place", "--json",
      ])
      #expect(try place.json()["way"] as? String == "header")
      #expect(try place.json()["changed"] as? [String] == ["modelspec.author"])
      #expect(try SafeTensorsFile(path: output).tensorHash() == SafeTensorsFile(path: konrad).tensorHash())
    }
  }

  @Test func setsFromFiles() throws {
    try CommandLineHarness.scratch { folder in
      let path = try copy(folder)
      try #"{"ss_epoch": 7, "ss_v2": true, "modelspec.title": "K", "ss_network_args": {"conv_dim": "4"}}"#.write(
        toFile: "\(folder)/m.json", atomically: true, encoding: .utf8)
      try "two\nlines\n".write(toFile: "\(folder)/about.txt", atomically: true, encoding: .utf8)
      let result = try CommandLineHarness.run([
        "metadata", "set", path, "--from-json", "\(folder)/m.json", "--value-from-file",
        "modelspec.description=\(folder)/about.txt", "ss_epoch=8", "--in-place",
      ])
      #expect(result.status == 0, "\(result.error)")
      let found = try metadata(path)
      #expect(found["ss_epoch"] == "8" && found["ss_v2"] == "True" && found["modelspec.title"] == "K")
      #expect(found["ss_network_args"] == #"{"conv_dim":"4"}"# && found["modelspec.description"] == "two\nlines")
      // What `show --json` printed gives the same metadata to another file.
      let shown = try CommandLineHarness.run(["metadata", "show", path, "--json"]).output
      try shown.write(toFile: "\(folder)/shown.json", atomically: true, encoding: .utf8)
      let other = try copy(folder, "other.safetensors")
      _ = try CommandLineHarness.run(["metadata", "remove", other, "*", "--in-place"])
      #expect(try metadata(other).isEmpty)
      _ = try CommandLineHarness.run(["metadata", "set", other, "--from-json", "\(folder)/shown.json", "--in-place"])
      #expect(try metadata(other) == found)
    }
  }

  @Test func valuesAreChecked() throws {
    try CommandLineHarness.scratch { folder in
      let path = try copy(folder)
      let before = try Data(contentsOf: URL(fileURLWithPath: path))
      let result = try CommandLineHarness.run(["metadata", "set", path, "ss_v2=yes", "--in-place"])
      #expect(result.status == 2 && result.error.split(separator: "\n").count == 1)
      #expect(result.error.contains("ss_v2") && result.error.contains("--no-check"))
      #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == before)
      #expect(
        try CommandLineHarness.run(["metadata", "set", path, "ss_v2=yes", "--in-place", "--no-check"]).status == 0)
      #expect(try metadata(path)["ss_v2"] == "yes")
    }
  }

  @Test func removesByNameAndPattern() throws {
    try CommandLineHarness.scratch { folder in
      let path = try copy(folder)
      #expect(try CommandLineHarness.run(["metadata", "remove", path, "ss_*", "no-such-*", "--in-place"]).status == 0)
      #expect(try !metadata(path).keys.contains { $0.hasPrefix("ss_") } && !metadata(path).isEmpty)
      let result = try CommandLineHarness.run(["metadata", "remove", path, "ss_epoch", "--in-place"])
      #expect(result.status == 3 && result.error.contains("no such key"))
    }
  }

  @Test func copiesFromAnotherFile() throws {
    try CommandLineHarness.scratch { folder in
      let path = try copy(folder)
      _ = try CommandLineHarness.run([
        "metadata", "set", path, "modelspec.author=Haldric", "sshs_model_hash=\(String(repeating: "0", count: 64))",
        "--in-place",
      ])
      let target = "\(folder)/l.safetensors"
      try FileManager.default.copyItem(atPath: CommandLineHarness.file("lisar"), toPath: target)
      let before = try metadata(target)
      #expect(try CommandLineHarness.run(["metadata", "copy", "--from", path, target, "--in-place"]).status == 0)
      let after = try metadata(target)
      #expect(after["modelspec.author"] == "Haldric" && after["sshs_model_hash"] == before["sshs_model_hash"])
      #expect(try after["ss_tag_frequency"] == metadata(path)["ss_tag_frequency"])
      let fresh = "\(folder)/m.safetensors"
      try FileManager.default.copyItem(atPath: CommandLineHarness.file("lisar"), toPath: fresh)
      _ = try CommandLineHarness.run([
        "metadata", "copy", "--from", path, fresh, "modelspec.*", "sshs_model_hash", "--keep-existing", "--in-place",
      ])
      #expect(try metadata(fresh)["ss_tag_frequency"] == before["ss_tag_frequency"])
      #expect(try metadata(fresh)["modelspec.author"] == "Haldric")
      let missing = try CommandLineHarness.run(["metadata", "copy", "--from", path, fresh, "nope", "--in-place"])
      #expect(missing.status == 3)
    }
  }

  @Test(arguments: ["recipe", "credits", "nothing"]) func strips(keep: String) throws {
    try CommandLineHarness.scratch { folder in
      let (path, output) = (try copy(folder), "\(folder)/s.safetensors")
      _ = try CommandLineHarness.run(["metadata", "set", path, "modelspec.author=H", "format=pt", "--in-place"])
      let result = try CommandLineHarness.run(["metadata", "strip", path, "--keep", keep, "--output", output])
      #expect(result.status == 0, "\(result.error)")
      let left = try metadata(output)
      #expect(left["format"] == "pt" && left["ss_tag_frequency"] == nil)
      #expect((left["modelspec.author"] != nil) == (keep != "nothing"))
      #expect((left["ss_network_dim"] != nil) == (keep == "recipe"))
    }
  }

  @Test func hashesAreMadeAnew() throws {
    try CommandLineHarness.scratch { folder in
      let path = try copy(folder)
      let result = try CommandLineHarness.run([
        "metadata", "set", path, "modelspec.hash_sha256=0x\(String(repeating: "0", count: 64))", "--in-place",
        "--rehash",
      ])
      #expect(result.status == 0, "\(result.error)")
      let hash = try SafeTensorsFile(path: path).tensorHash()
      #expect(try metadata(path)["sshs_model_hash"] == hash && metadata(path)["modelspec.hash_sha256"] == "0x\(hash)")
    }
  }

  @Test(arguments: [
    ["set", "a.safetensors", "x=y"], ["set", "a.safetensors", "x=y", "--in-place", "--output", "b.safetensors"],
    ["set", "a.safetensors", "--in-place"], ["set", "a.safetensors", "x", "--in-place"],
    ["set", "a.safetensors", "=x", "--in-place"], ["set", "a.safetensors", "x=y", "--output", "b.txt"],
    ["set", "a.safetensors", "x=y", "--in-place", "--force"], ["remove", "a.safetensors", "--in-place"],
    ["strip", "a.safetensors", "--in-place"], ["strip", "a.safetensors", "--keep", "all", "--in-place"],
    ["copy", "a.safetensors", "--in-place"],
  ])
  func badUsage(arguments: [String]) throws {
    let result = try CommandLineHarness.run(["metadata"] + arguments)
    #expect(result.status == 2, "\(arguments): \(result.error)")
  }

  @Test func originalsAndOutputsAreKept() throws {
    try CommandLineHarness.scratch { folder in
      let path = try copy(folder)
      #expect(
        try CommandLineHarness.run(["metadata", "set", path, "x=y", "--output", path, "--force"]).status == 2)
      let other = try copy(folder, "o.safetensors")
      let result = try CommandLineHarness.run(["metadata", "set", path, "x=y", "--output", other])
      #expect(result.status == 2 && result.error.contains("exists already"))
      #expect(try CommandLineHarness.run(["metadata", "set", path, "x=y", "--output", other, "--force"]).status == 0)
      #expect(try metadata(other)["x"] == "y" && metadata(path)["x"] == nil)
    }
  }

  @Test func badInput() throws {
    try CommandLineHarness.scratch { folder in
      let path = try copy(folder)
      #expect(try CommandLineHarness.run(["metadata", "show", "\(folder)/none.safetensors"]).status == 3)
      #expect(try CommandLineHarness.run(["metadata", "show", path, "nope"]).status == 3)
      #expect(try CommandLineHarness.run(["metadata", "recover", path]).status == 3)
      for json in ["[1]", "{", #"{"a": null}"#] {
        try json.write(toFile: "\(folder)/m.json", atomically: true, encoding: .utf8)
        let result = try CommandLineHarness.run([
          "metadata", "set", path, "--from-json", "\(folder)/m.json", "--in-place",
        ])
        #expect(result.status == 3 && result.error.split(separator: "\n").count == 1, "\(json)")
      }
      let missing = ["metadata", "set", path, "--value-from-file", "a=\(folder)/none.txt", "--in-place"]
      #expect(try CommandLineHarness.run(missing).status == 3)
    }
  }

  @Test func anInterruptedEditIsSaidAndUndone() throws {
    try CommandLineHarness.scratch { folder in
      let path = try copy(folder)
      let before = try Data(contentsOf: URL(fileURLWithPath: path))
      let start = try SafeTensorsFile(path: path).header.dataStart
      try before.prefix(start).write(to: URL(fileURLWithPath: path + ".header-before-edit"))
      var torn = before
      torn[20] = 0x23
      try torn.write(to: URL(fileURLWithPath: path))
      let result = try CommandLineHarness.run(["metadata", "set", path, "a=b", "--in-place"])
      #expect(result.status == 3 && result.error.contains("troupe metadata recover"))
      let recovered = try CommandLineHarness.run(["metadata", "recover", path, "--json"])
      #expect(try recovered.json()["recovery"] as? String == "restored")
      #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == before)
    }
  }
}

/// Patterns of keys.
@Suite struct KeyPatternTests {
  @Test(arguments: [
    ("ss_*", "ss_epoch", true), ("ss_*", "sshs_hash", false), ("*", "", true), ("*hash", "a.hash", true),
    ("a*b*c", "aXXbYYc", true), ("a*b*c", "aXXbYY", false), ("a?c", "abc", true), ("a?c", "ac", false),
    ("[ab]x", "bx", true), ("[ab]x", "cx", false), ("[!ab]x", "cx", true), ("a[", "a[", true), ("exact", "exact", true),
    ("exact", "exactly", false), ("*a*a*a", "aaa", true), ("*a*a*a", "aa", false), ("é", "é", true),
  ])
  func matching(pattern: String, key: String, isMatch: Bool) { #expect(KeyPattern(pattern).matches(key) == isMatch) }
}
