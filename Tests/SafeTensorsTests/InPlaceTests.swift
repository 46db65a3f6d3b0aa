import SafeTensors
import Testing

@Suite struct InPlaceTests {
  private func file(_ folder: TemporaryFolder) throws -> SafeTensorsFile {
    let values: [Float] = [1, -2, 3.5, 4, 0.25, 6]
    let path = folder.path("a.safetensors")
    try write(
      path,
      [
        (.init(name: "f", dtype: .f16, shape: [6]), DType.f16.narrowed(values).bytes),
        (.init(name: "q", dtype: .f8E4M3, shape: [6]), DType.f8E4M3.narrowed(values).bytes),
        (.init(name: "n", dtype: .f8E8M0, shape: [2]), [1, 2]),
      ])
    return try SafeTensorsFile(path: path)
  }

  /// Fills memory of this size, and returns it.
  private func filled(_ count: Int, _ body: (inout MutableRawSpan) throws -> Void) throws -> [UInt8] {
    var memory = [UInt8](repeating: 0xEE, count: count)
    var span = memory.mutableSpan
    var bytes = span.mutableBytes
    try body(&bytes)
    return memory
  }

  @Test func partsOfTensorsAreReadIntoMemory() throws {
    let folder = try TemporaryFolder()
    let file = try file(folder)
    let tensor = try #require(file["f"])
    let whole = try file.bytes(of: tensor)
    #expect(try filled(12) { try file.read(tensor, bytes: 0..<12, into: &$0) } == whole)
    #expect(try filled(4) { try file.read(tensor, bytes: 4..<8, into: &$0) } == Array(whole[4..<8]))
    #expect(try filled(0) { try file.read(tensor, bytes: 12..<12, into: &$0) } == [])
  }

  @Test func numbersAreWidenedIntoMemory() throws {
    let folder = try TemporaryFolder()
    let file = try file(folder)
    let tensor = try #require(file["q"])
    let found = try filled(12) { try file.readFloats(tensor, elements: 2..<5, into: &$0) }
    #expect(found == bytes(of: [Float(3.5), 4, 0.25]))
  }

  @Test func rangesThatDoNotFitAreRefused() throws {
    let folder = try TemporaryFolder()
    let file = try file(folder)
    let (half, eight, scale) = (try #require(file["f"]), try #require(file["q"]), try #require(file["n"]))
    func rule(_ count: Int, _ body: (inout MutableRawSpan) throws -> Void) -> SafeTensorsError.Rule? {
      do {
        _ = try filled(count, body)
        return nil
      } catch { return (error as? SafeTensorsError)?.rule }
    }
    #expect(rule(4) { try file.read(half, bytes: 10..<14, into: &$0) } == .writerMisuse)
    #expect(rule(4) { try file.read(half, bytes: 0..<8, into: &$0) } == .writerMisuse)
    #expect(rule(8) { try file.readFloats(eight, elements: 5..<7, into: &$0) } == .writerMisuse)
    #expect(rule(8) { try file.readFloats(scale, elements: 0..<2, into: &$0) } == .notNumeric)
  }
}
