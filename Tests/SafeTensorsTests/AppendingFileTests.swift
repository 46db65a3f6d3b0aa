import Foundation
import Testing

@testable import SafeTensors

@Suite struct AppendingFileTests {
  @Test func recordsFollowEachOther() throws {
    let folder = try TemporaryFolder()
    let path = try folder.file("a", [1, 2])
    do {
      let file = try AppendingFile(path: path)
      try file.append([3])
      try file.append([])
      #expect(try contents(path) == [1, 2, 3])
      try file.append([4, 5])
      try file.sync()
    }
    #expect(try contents(path) == [1, 2, 3, 4, 5])
  }

  @Test func anExistingFileCanBeRefused() throws {
    let folder = try TemporaryFolder()
    let path = try folder.file("a", [1])
    let error = #expect(throws: SafeTensorsError.self) { _ = try AppendingFile(path: path, existing: .refuse) }
    #expect(error?.rule == .exists)
    #expect(try contents(path) == [1])
    _ = try AppendingFile(path: folder.path + "/b", existing: .refuse)
    #expect(try contents(folder.path + "/b") == [])
  }

  @Test func failuresAreErrors() throws {
    let error = #expect(throws: SafeTensorsError.self) { _ = try AppendingFile(path: "/nowhere/a") }
    #expect(error?.rule == .cannotWrite && error?.description.contains("opened") == true)
    #if os(Linux)
    // A device that is always full.
    let full = try AppendingFile(path: "/dev/full")
    let noSpace = #expect(throws: SafeTensorsError.self) { try full.append([1]) }
    #expect(noSpace?.rule == .cannotWrite && noSpace?.description.contains("written") == true)
    #endif
  }

  @Test func contentsAreReplacedWhole() throws {
    let folder = try TemporaryFolder()
    let path = try folder.file("a", [1, 2])
    try WholeFile.write([7], to: path, syncs: true)
    #expect(try contents(path) == [7] && folder.names == ["a"])
    try WholeFile.write([], to: folder.path + "/b", syncs: true)
    #expect(folder.names == ["a", "b"])
    let error = #expect(throws: SafeTensorsError.self) { try WholeFile.write([], to: "/nowhere/a", syncs: true) }
    #expect(error?.rule == .cannotWrite)
  }
}
