import Foundation
import Testing

@testable import SafeTensors

@Suite("Writing files")
struct WriterTests {
  static let alphabet: [(TensorDeclaration, [UInt8])] = [
    (.init(name: "bytes", dtype: .u8, shape: [3]), [1, 2, 3]),
    (.init(name: "b", dtype: .f32, shape: []), [0, 0, 128, 63]),
    (.init(name: "a", dtype: .f32, shape: [1, 2]), Array(10..<18)),
    (.init(name: "half", dtype: .f16, shape: [2]), [0, 60, 0, 188]),
  ]

  /// Written out by hand from the format's description: the larger format first, then by name.
  @Test func exactBytes() throws {
    let folder = try TemporaryFolder()
    let path = folder.path("small.safetensors")
    try write(path, Self.alphabet, metadata: ["z": "1", "a\"\n": "é\u{1}"])
    let header =
      #"{"__metadata__":{"a\"\n":"é\u0001","z":"1"},"#
      + #""a":{"dtype":"F32","shape":[1,2],"data_offsets":[0,8]},"#
      + #""b":{"dtype":"F32","shape":[],"data_offsets":[8,12]},"#
      + #""half":{"dtype":"F16","shape":[2],"data_offsets":[12,16]},"#
      + #""bytes":{"dtype":"U8","shape":[3],"data_offsets":[16,19]}}"#
    // Three spaces fill it up to 272.
    #expect(header.utf8.count == 269)
    let expected: [UInt8] =
      [0x10, 0x01, 0, 0, 0, 0, 0, 0] + Array(header.utf8) + Array(repeating: 0x20, count: 3)
      + Array(10..<18) + [0, 0, 128, 63] + [0, 60, 0, 188] + [1, 2, 3]
    #expect(try contents(path) == expected)
  }

  @Test func emptyFile() throws {
    let folder = try TemporaryFolder()
    let path = folder.path("empty.safetensors")
    try write(path, [])
    #expect(try contents(path) == [8, 0, 0, 0, 0, 0, 0, 0] + Array("{}      ".utf8))
  }

  @Test func sameInputSameBytes() throws {
    let folder = try TemporaryFolder()
    let metadata = Dictionary(uniqueKeysWithValues: (0..<50).map { ("key\($0)", "value \($0)") })
    let first = folder.path("1.safetensors")
    let second = folder.path("2.safetensors")
    try write(first, Self.alphabet, metadata: metadata)
    // Neither the order of the declarations nor that of a dictionary may show.
    let reversed = Dictionary(uniqueKeysWithValues: metadata.map { ($0.key, $0.value) }.reversed())
    try write(second, Self.alphabet.reversed(), metadata: reversed)
    #expect(try contents(first) == contents(second))
  }

  @Test func orderIsByFormatThenByBytesOfTheName() {
    let declarations = DType.allCases.flatMap { dtype in
      ["b", "a", "é", "z", "Z", ""].map {
        TensorDeclaration(name: "\($0)\(dtype.rawValue)", dtype: dtype, shape: [4])
      }
    }
    let written = Header.written(declarations.shuffled())
    #expect(
      written.map(\.dtype)
        == DType.allCases.reversed().flatMap { dtype in Array(repeating: dtype, count: 6) })
    // In bytes é (C3 A9) stands after z. Every name ends with the dtype's own, which begins with a capital.
    for dtype in DType.allCases {
      let names = written.filter { $0.dtype == dtype }.map(\.name)
      let expected = ["", "Z", "a", "b", "z", "é"].map { "\($0)\(dtype.rawValue)" }
      #expect(names == expected)
    }
    #expect(zip(written, written.dropFirst()).allSatisfy { $0.range.upperBound == $1.range.lowerBound })
    #expect(written.first?.range.lowerBound == 0)
    for tensor in written where tensor.dtype.bitWidth >= 8 {
      #expect(tensor.range.lowerBound % (tensor.dtype.bitWidth / 8) == 0, "\(tensor)")
    }
  }

  @Test(arguments: 0..<8)
  func headerIsPaddedToEight(length: Int) throws {
    let folder = try TemporaryFolder()
    let path = folder.path("p.safetensors")
    let name = String(repeating: "n", count: length + 1)
    try write(path, [(.init(name: name, dtype: .u8, shape: [1]), [9])])
    let file = try SafeTensorsFile(path: path)
    #expect(file.header.dataStart % 8 == 0)
    let header = try contents(path)[8..<file.header.dataStart]
    let spaces = header.reversed().prefix { $0 == 0x20 }.count
    #expect(spaces < 8)
    #expect(header.dropLast(spaces).last == UInt8(ascii: "}"))
  }

  @Test func theHashIsFilledIn() async throws {
    let folder = try TemporaryFolder()
    let path = folder.path("hashed.safetensors")
    let digest = try write(path, Self.alphabet, metadata: ["sshs_model_hash": "whatever", "other": "kept"])
    let file = try SafeTensorsFile(path: path)
    let hashes = try await file.hashes()
    #expect(file.header.metadata == ["sshs_model_hash": hashes.tensors, "other": "kept"])
    #expect(digest == hashes.tensors)
    // Of 10…17, 0 0 128 63, 0 60 0 188, 1 2 3, by sha256sum.
    #expect(digest == "3a72f55c545d5aceaf7be48b25dfe5adcc3284aef9d9543f7bb2e6cfe23ba3b0")
  }

  @Test func withoutTheKeyNoHashIsStored() throws {
    let folder = try TemporaryFolder()
    let path = folder.path("plain.safetensors")
    let digest = try write(path, Self.alphabet, metadata: ["a": "b"])
    let file = try SafeTensorsFile(path: path)
    #expect(file.header.metadata == ["a": "b"])
    #expect(try digest == file.tensorHash())
  }

  @Test func metadataReplacedAtTheEnd() throws {
    let folder = try TemporaryFolder()
    let path = folder.path("late.safetensors")
    var writer = try SafeTensorsWriter(
      path: path, declarations: [.init(name: "w", dtype: .u8, shape: [1])],
      metadata: ["when": "----", "x": "y"])
    try writer.append([5])
    try writer.replaceMetadata("when", with: "then")
    try writer.finish()
    let file = try SafeTensorsFile(path: path)
    #expect(file.header.metadata == ["when": "then", "x": "y"])
    #expect(try file["w"].map { try file.bytes(of: $0) } == [5])
  }

  @Test func namesAreComparedByTheirBytes() throws {
    let folder = try TemporaryFolder()
    let path = folder.path("accents.safetensors")
    let names = ["e\u{301}", "\u{E9}"]
    // The helper looks tensors up by name, so this writes by position.
    var writer = try SafeTensorsWriter(
      path: path, declarations: names.map { .init(name: $0, dtype: .u8, shape: [1]) }, metadata: [:])
    for byte in 1...2 { try writer.append([UInt8(byte)]) }
    try writer.finish()
    let file = try SafeTensorsFile(path: path)
    #expect(try names.map { try file[$0].map { try file.bytes(of: $0) } } == [[1], [2]])
  }

  @Test func replacing() throws {
    let folder = try TemporaryFolder()
    let path = folder.path("twice.safetensors")
    try write(path, [(.init(name: "old", dtype: .u8, shape: [1]), [1])])
    let before = try SafeTensorsFile(path: path)
    try write(path, [(.init(name: "new", dtype: .u8, shape: [2]), [2, 3])], existing: .replace)
    let after = try SafeTensorsFile(path: path)
    #expect(after.header.tensors.map(\.name) == ["new"])
    // A reader of the old file keeps what it mapped: the file is replaced, not overwritten.
    #expect(try before["old"].map { try before.bytes(of: $0) } == [1])
    #expect(folder.names == ["twice.safetensors"])
  }

  @Test func replacingWhatIsNotThere() throws {
    let folder = try TemporaryFolder()
    try write(folder.path("new.safetensors"), Self.alphabet, existing: .replace)
    #expect(folder.names == ["new.safetensors"])
  }

  /// More than the 16 MiB after which the kernel is asked to begin writing.
  @Test func largeTensors() throws {
    let folder = try TemporaryFolder()
    let path = folder.path("large.safetensors")
    let count = 9 << 20
    let tensors = (0..<4).map { i in
      (
        TensorDeclaration(name: "t\(i)", dtype: .u8, shape: [count]),
        [UInt8](unsafeUninitializedCapacity: count) { buffer, size in
          for k in 0..<count { buffer[k] = UInt8(truncatingIfNeeded: k &* 31 &+ i) }
          size = count
        }
      )
    }
    let digest = try write(path, tensors)
    let file = try SafeTensorsFile(path: path)
    #expect(try file.tensorHash() == digest)
    for (declaration, data) in tensors { #expect(try file[declaration.name].map { try file.bytes(of: $0) } == data) }
  }

  /// A reader may hand over a shape whose sizes multiply beyond what fits, so long as one of them is zero.
  @Test func aHugeShapeWithoutElements() throws {
    let folder = try TemporaryFolder()
    let path = folder.path("huge.safetensors")
    let shape = [1 << 32, 1 << 31, 0]
    try write(path, [(.init(name: "none", dtype: .f32, shape: shape), [])])
    #expect(try SafeTensorsFile(path: path)["none"]?.shape == shape)
  }
}
