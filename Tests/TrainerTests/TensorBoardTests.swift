import Foundation
import SafeTensors
import Testing

@testable import Trainer

@Suite struct TensorBoardTests {
  private static func contents(_ path: String) throws -> [UInt8] { try Array(Data(contentsOf: URL(filePath: path))) }

  /// Sums as tensorboard's own function has them.
  @Test func checksums() throws {
    let data = try Data(contentsOf: URL(filePath: Fixtures.path("logging/crc32c.json")))
    let cases = try #require(JSONSerialization.jsonObject(with: data) as? [[Any]])
    #expect(cases.count == 5)
    for item in cases {
      let bytes = Array(try #require(item[0] as? String).utf8)
      #expect(CRC32C.sum(bytes) == (item[1] as? NSNumber)?.uint32Value)
      #expect(CRC32C.masked(bytes) == (item[2] as? NSNumber)?.uint32Value)
    }
  }

  /// The file is byte for byte what tensorboard's own writer makes of the same events.
  @Test func filesAreAsTensorBoardWritesThem() throws {
    let folder = try TemporaryFolder()
    let start = 1_700_000_000.25
    let png = try Self.contents(Fixtures.path("logging/picture.png"))
    let writer = try TensorBoardWriter(
      folder: folder.path, origin: .init(time: start, host: "studio", process: 42), resumingAfter: 200)
    try writer.add(scalars: ["loss": 0], step: 0, time: start + 0.5)
    try writer.add(scalars: ["loss/target": 0.125, "loss/Konrad": 1.0 / 3, "rate": 1e-4], step: 201, time: start + 1)
    try writer.add(scalars: ["loss": -2.5], step: 1 << 40, time: start + 2)
    try writer.add(picture: png, width: 3, height: 2, tag: "preview/Konrad", step: 300, time: start + 3)
    try writer.add(scalars: ["loss": .infinity], step: 301, time: start + 4)
    try writer.add(scalars: [:], step: 302, time: start + 5)
    // Nothing is closed or synced: what was added is there at once.
    #expect(try Self.contents(writer.path) == Self.contents(Fixtures.path("logging/events.bin")))
    try writer.sync()
  }

  @Test func namesAreTensorBoardsAndNeverTaken() throws {
    let folder = try TemporaryFolder()
    let origin = TensorBoardWriter.Origin(time: 5.9, host: "a/b", process: 7)
    let names = try (0..<3).map { _ in try TensorBoardWriter(folder: folder.path, origin: origin).path }
    let first = folder.path("events.out.tfevents.0000000005.a-b.7")
    #expect(names == [first, first + ".1", first + ".2"])
    // A new run's file says nothing of a restart.
    #expect(try Self.contents(first).count == 8 + 4 + 9 + 15 + 4)
  }

  @Test func aMissingFolderIsAnError() throws {
    let origin = TensorBoardWriter.Origin(time: .nan, host: "", process: 1)
    let error = #expect(throws: SafeTensorsError.self) {
      try TensorBoardWriter(folder: "/nowhere/at all", origin: origin)
    }
    #expect(error?.rule == .cannotWrite && error?.description.contains("0000000000.localhost.1") == true)
  }
}
