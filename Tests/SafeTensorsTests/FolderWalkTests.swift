import Foundation
import Testing

@testable import SafeTensors

/// Files below folders, whatever links and permissions there are.
@Suite struct FolderWalkTests {
  private let folder = FileManager.default.temporaryDirectory.appending(path: "walk-\(UUID().uuidString)").path

  private func withTree(_ files: [String], _ body: (String) throws -> Void) throws {
    for file in files {
      let url = URL(fileURLWithPath: "\(folder)/\(file)")
      try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
      try Data().write(to: url)
    }
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try body(folder)
  }

  private func walk(_ path: String) throws -> (paths: [String], skipped: Int) {
    let walk = try FolderWalk(below: path, endings: [".safetensors", ".safetensors.zst"])
    return (walk.entries.map { String($0.path.dropFirst(folder.count + 1)) }, walk.skipped)
  }

  @Test func orderAndEndings() throws {
    try withTree([
      "b.safetensors", "a/z.safetensors", "a/y/x.safetensors.zst", "c.txt", "a/d.ckpt", ".hidden/e.safetensors",
      ".f.safetensors", "B.safetensors", "g.safetensors.json",
    ]) { folder in
      let found = try walk(folder)
      #expect(found.paths == ["B.safetensors", "b.safetensors", "a/z.safetensors", "a/y/x.safetensors.zst"])
      #expect(found.skipped == 3)
      #expect(try walk(folder + "/").paths == found.paths)
    }
  }

  @Test func linksAreFollowedOnce() throws {
    try withTree(["a/one.safetensors", "b/two.safetensors"]) { folder in
      let files = FileManager.default
      try files.createSymbolicLink(atPath: "\(folder)/a/up", withDestinationPath: folder)
      try files.createSymbolicLink(atPath: "\(folder)/b/self", withDestinationPath: "\(folder)/b")
      try files.createSymbolicLink(atPath: "\(folder)/c", withDestinationPath: "\(folder)/b")
      try files.createSymbolicLink(
        atPath: "\(folder)/d.safetensors", withDestinationPath: "\(folder)/a/one.safetensors")
      try files.createSymbolicLink(atPath: "\(folder)/e.safetensors", withDestinationPath: "\(folder)/nowhere")
      try files.createSymbolicLink(atPath: "\(folder)/f", withDestinationPath: "\(folder)/f")
      let found = try walk(folder)
      #expect(
        found.paths == ["d.safetensors", "e.safetensors", "a/one.safetensors", "b/two.safetensors"],
        "a link to a file is a file, also one that leads nowhere")
      #expect(found.skipped == 1, "a link to itself is no folder")
    }
  }

  @Test func foldersNamedLikeFiles() throws {
    try withTree(["x.safetensors/y.safetensors"]) { folder in
      let found = try walk(folder)
      #expect(found.paths == ["x.safetensors/y.safetensors"])
    }
  }

  @Test func whatCannotBeEntered() throws {
    #expect(throws: SafeTensorsError.self) { try walk("\(folder)/none") }
    guard getuid() != 0 else { return }
    try withTree(["a/one.safetensors", "b/two.safetensors"]) { folder in
      try FileManager.default.setAttributes([.posixPermissions: 0], ofItemAtPath: "\(folder)/a")
      defer { try? FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: "\(folder)/a") }
      let entries = try FolderWalk(below: folder, endings: [".safetensors"]).entries
      #expect(entries.count == 2 && entries[0].problem?.rule == .cannotOpen && entries[1].problem == nil)
    }
  }
}
