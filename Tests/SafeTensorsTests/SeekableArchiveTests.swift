import Foundation
import Testing

@testable import SafeTensors

/// Archives with a seek table: written, read tensor by tensor, and damaged.
@Suite("Seekable archives")
struct SeekableArchiveTests {
  /// Bytes as a frame.
  ///
  /// Functions of their own, because spans of temporary arrays in asynchronous functions end the compiler (6.3).
  private static func frame(_ bytes: [UInt8], level: Int = 3) throws -> [UInt8] {
    try ZstdFrame.packed(bytes.span.bytes, level: level, path: "f")
  }

  /// The checksum of bytes.
  private static func checksum(_ bytes: [UInt8]) -> UInt64 { XXH64.of(bytes.span.bytes) }

  /// A file of several frames: two tensors of more than two frames' size, and small ones around them.
  private static let shapes: [(String, DType, [Int])] = [
    ("a", .f32, [3]), ("b", .f16, [64, 80]), ("c", .bf16, [64, 96]), ("d", .f16, [7]), ("e", .u8, [0]),
  ]

  private func source(_ folder: TemporaryFolder, seed: UInt64 = 1) throws -> SafeTensorsFile {
    var random = SeededGenerator(seed: seed)
    let tensors = Self.shapes.map { name, dtype, shape in
      let declaration = TensorDeclaration(name: name, dtype: dtype, shape: shape)
      // Few values, so that there is something to pack.
      return (declaration, (0..<declaration.byteCount).map { _ in UInt8.random(in: 0..<6, using: &random) })
    }
    let path = folder.path("plain-\(seed).safetensors")
    try write(path, tensors, metadata: ["a": "b"])
    return try SafeTensorsFile(path: path)
  }

  @Test func holdsTheFileBitByBit() async throws {
    let folder = try TemporaryFolder()
    let file = try source(folder)
    let path = folder.path("packed.safetensors.zst")
    let result = try await Archive.pack(file, to: path, verifies: true, workers: 3)
    #expect(result.size == file.size && result.isVerified)
    #expect(try result.packedSize == contents(path).count)
    let back = try await Archive.unpack(path, to: folder.path("back.safetensors"), verifies: true, workers: 3)
    #expect(back.frames == result.frames && back.packedSize == result.packedSize)
    #expect(try contents(folder.path("back.safetensors")) == contents(file.path))
  }

  @Test func isReadTensorByTensor() async throws {
    let folder = try TemporaryFolder()
    let file = try source(folder)
    let path = folder.path("packed.safetensors.zst")
    _ = try await Archive.pack(file, to: path)
    let archive = try SafeTensorsFile(path: path)
    #expect(archive.header.tensors == file.header.tensors && archive.size == file.size)
    #expect(archive.header.metadata == ["a": "b"])
    for tensor in file.header.tensors.reversed() {
      #expect(try archive.bytes(of: tensor) == file.bytes(of: tensor))
      #expect(try archive.read(tensor) == file.read(tensor))
    }
    #expect(try await archive.hashes() == file.hashes())
  }

  /// What zstd's own tool unpacks and `zstd --list` would show: frames, then a skippable one.
  @Test func isPlainZstd() async throws {
    let folder = try TemporaryFolder()
    let file = try source(folder)
    let path = folder.path("packed.safetensors.zst")
    _ = try await Archive.pack(file, to: path)
    // Read from the beginning to the end, without the table.
    let bytes = try ZstdArchive.unpacked(try MappedContents(path: path), path: path, isContainer: true)
    #expect(try bytes == contents(file.path))
  }

  @Test func aFrameThatIsNotAskedForIsNotUnpacked() async throws {
    let folder = try TemporaryFolder()
    let path = folder.path("packed.safetensors.zst")
    let (header, table, packed) = try await self.packed(folder, path)
    // Spoil the last frame of tensors in its middle.
    var damaged = packed
    let last = try #require(table.frames.last)
    damaged[last.packed.lowerBound + last.packed.count / 2] ^= 0xFF
    let file = try SafeTensorsFile(path: folder.file("damaged.safetensors.zst", damaged))
    #expect(file.header.tensors == header.tensors)
    let (first, spoiled) = (try #require(file["a"]), try #require(file["d"]))
    #expect(try file.floats(of: first).count == 3)
    let error = try #require(throws: SafeTensorsError.self) { try file.bytes(of: spoiled) }
    #expect(error.rule == .archive && error.description.contains("frame \(table.frames.count)"))
    #expect(throws: SafeTensorsError.self) { try file.read(spoiled) }
    #expect(throws: SafeTensorsError.self) { try file.doubles(of: spoiled) }
    #expect(throws: SafeTensorsError.self) { try file.nonFiniteCount(of: spoiled) }
    #expect(throws: SafeTensorsError.self) { try file.tensorHash() }
    await #expect(throws: SafeTensorsError.self) { try await file.hashes() }
  }

  /// An archive with frames of 4 KiB, its header and its table.
  private func packed(
    _ folder: TemporaryFolder, _ path: String
  ) async throws -> (Header, SeekTable, [UInt8]) {
    let file = try source(folder)
    var bytes: [UInt8] = []
    var frames = ArchiveFrames()
    for range in ArchivePlan.frames(file.header, frameSize: 4096) {
      let packed = try Self.frame(file.read(fileRange: range))
      bytes += packed
      frames.add(packed, unpacked: range.count)
    }
    bytes += frames.table.encoded
    try Data(bytes).write(to: URL(filePath: path))
    return (file.header, frames.table, bytes)
  }

  @Test func framesBeginAtTensorsAndLargeOnesAreCut() async throws {
    let folder = try TemporaryFolder()
    let file = try source(folder)
    let frames = ArchivePlan.frames(file.header, frameSize: 4096)
    #expect(frames.first == 0..<file.header.dataStart)
    #expect(frames.last?.upperBound == file.size)
    #expect(zip(frames, frames.dropFirst()).allSatisfy { $0.upperBound == $1.lowerBound })
    #expect(frames.dropFirst().allSatisfy { !$0.isEmpty && $0.count <= 8192 })
    let starts = file.header.tensors.map { file.header.dataStart + $0.range.lowerBound }
    for frame in frames.dropFirst() {
      let cut = file.header.tensors.first {
        let range = file.header.dataStart + $0.range.lowerBound..<file.header.dataStart + $0.range.upperBound
        return range.contains(frame.lowerBound) && range.lowerBound < frame.lowerBound
      }
      #expect(starts.contains(frame.lowerBound) || (cut?.range.count ?? 0) > 8192)
    }
    // A file without tensors has a header and nothing else.
    let empty = try Header(path: "e", fileSize: 10) { Array(container("{}")[$0]) }
    #expect(ArchivePlan.frames(empty) == [0..<10])
  }

  @Test func threadsMayAskForTheSameFrames() async throws {
    let folder = try TemporaryFolder()
    let path = folder.path("packed.safetensors.zst")
    _ = try await packed(folder, path)
    let plain = try SafeTensorsFile(path: folder.path("plain-1.safetensors"))
    let file = try SafeTensorsFile(path: path)
    let isSame = try await withThrowingTaskGroup(of: Bool.self) { group in
      for _ in 0..<8 {
        for tensor in file.header.tensors {
          group.addTask { try file.bytes(of: tensor) == plain.bytes(of: tensor) }
        }
      }
      return try await group.reduce(true) { $0 && $1 }
    }
    #expect(isSame)
  }

  // MARK: - Tables

  @Test func tablesAreReadAsTheyAreWritten() throws {
    let folder = try TemporaryFolder()
    for hasChecksums in [true, false] {
      let frames = [(9, 20), (12, 0), (30, 500)]
      var packed = 0
      var unpacked = 0
      let table = SeekTable(
        frames: frames.map { from, to in
          defer { (packed, unpacked) = (packed + from, unpacked + to) }
          return SeekTable.Frame(
            packed: packed..<packed + from, unpacked: unpacked..<unpacked + to, checksum: hasChecksums ? 7 : nil)
        })
      let path = try folder.file("table-\(hasChecksums).zst", Array(repeating: 0, count: 51) + table.encoded)
      #expect(try SeekTable(MappedContents(path: path), path: path) == table)
      #expect(table.frames(holding: 0..<1) == 0..<1)
      #expect(table.frames(holding: 19..<21) == 0..<3)
      #expect(table.frames(holding: 20..<520) == 2..<3)
      #expect(table.frames(holding: 5..<5).isEmpty)
    }
  }

  private func failure(_ bytes: [UInt8]) throws -> SafeTensorsError {
    let folder = try TemporaryFolder()
    let path = try folder.file("bad.safetensors.zst", bytes)
    let error = try #require(throws: SafeTensorsError.self) { try SafeTensorsFile(path: path) }
    #expect(error.path == path)
    return error
  }

  @Test func tablesThatContradictThemselves() async throws {
    let folder = try TemporaryFolder()
    let (_, table, packed) = try await self.packed(folder, folder.path("p.safetensors.zst"))
    let tableStart = packed.count - table.encoded.count
    // More frames than there are.
    var bytes = packed
    bytes[packed.count - 9] &+= 1
    #expect(try failure(bytes).detail.contains("no skippable frame"))
    bytes = packed
    bytes[packed.count - 6] = 0x40
    #expect(try failure(bytes).detail.contains("entries would be longer than the file"))
    // Bits that a later version may give a meaning.
    bytes = packed
    bytes[packed.count - 5] |= 4
    #expect(try failure(bytes).detail.contains("later version"))
    // A frame that is longer than it is.
    bytes = packed
    bytes[tableStart + 8] &+= 1
    #expect(try failure(bytes).detail.contains("bytes together"))
    // A bomb: 100 bytes that become 4 GiB.
    bytes = packed
    for i in 4..<8 { bytes[tableStart + 8 + i] = 0xFF }
    #expect(try failure(bytes).detail.contains("more than zstd can"))
    // An unpacked size that is not the frame's.
    bytes = packed
    bytes[tableStart + 12] &+= 1
    #expect(try failure(bytes).rule == .archive)
    // A checksum that is not the frame's.
    bytes = packed
    bytes[tableStart + 16] ^= 1
    #expect(try failure(bytes).detail.contains("another checksum"))
  }

  @Test func everyTruncationIsNoticed() async throws {
    let folder = try TemporaryFolder()
    let (_, _, packed) = try await self.packed(folder, folder.path("p.safetensors.zst"))
    for count in stride(from: 0, to: packed.count, by: 7) {
      let path = try folder.file("cut.safetensors.zst", packed[..<count])
      #expect(throws: SafeTensorsError.self) { try SafeTensorsFile(path: path) }
      await #expect(throws: (any Error).self) {
        try await Archive.unpack(path, to: folder.path("out.safetensors"))
      }
    }
    #expect(!folder.names.contains { $0.hasPrefix("out") }, "nothing is left of what could not be unpacked")
  }

  /// Every byte of an archive, spoiled in several ways: an error, or the same numbers.
  @Test func everyDamagedByteIsNoticedOrHarmless() async throws {
    let folder = try TemporaryFolder()
    let tensors: [(TensorDeclaration, [UInt8])] = [
      (.init(name: "w", dtype: .f16, shape: [40]), (0..<80).map { UInt8($0 % 7) }),
      (.init(name: "v", dtype: .f32, shape: [3]), (0..<12).map { UInt8($0) }),
    ]
    let plain = folder.path("plain.safetensors")
    try write(plain, tensors, metadata: ["k": "v"])
    let file = try SafeTensorsFile(path: plain)
    let path = folder.path("packed.safetensors.zst")
    _ = try await Archive.pack(file, to: path)
    let whole = try contents(path)
    var refused = 0
    for (i, mask) in whole.indices.flatMap({ i in [0x01, 0x10, 0x80, 0xFF].map { (i, UInt8($0)) } }) {
      var damaged = whole
      damaged[i] ^= mask
      let place = try folder.file("damaged.safetensors.zst", damaged)
      do {
        let opened = try SafeTensorsFile(path: place)
        #expect(opened.header.tensors == file.header.tensors && opened.header.metadata == ["k": "v"])
        for tensor in opened.header.tensors {
          #expect(try opened.bytes(of: tensor) == file.bytes(of: tensor), "byte \(i)")
        }
      } catch is SafeTensorsError {
        refused += 1
      }
    }
    #expect(refused > whole.count * 3)
  }

  // MARK: - Archives of others

  /// Written by pyzstd: frames that know nothing of tensors, and no checksums in the table.
  @Test func anotherWritersArchive() async throws {
    let (plain, packed) = (
      Fixtures.path("archives/plain.safetensors"), Fixtures.path("archives/seekable.safetensors.zst")
    )
    let archive = try SafeTensorsFile(path: packed)
    let file = try SafeTensorsFile(path: plain)
    #expect(archive.header.tensors == file.header.tensors && archive.header.metadata == ["by": "pyzstd"])
    for tensor in file.header.tensors {
      #expect(try archive.bytes(of: tensor) == file.bytes(of: tensor) && archive.read(tensor) == file.read(tensor))
    }
    let folder = try TemporaryFolder()
    let result = try await Archive.unpack(packed, to: folder.path("a.safetensors"), verifies: true)
    #expect((result.frames ?? 0) > 3)
    #expect(try contents(folder.path("a.safetensors")) == contents(plain))
    // Its header shares a frame with tensors, so an edit packs it anew.
    try FileManager.default.copyItem(atPath: packed, toPath: folder.path("e.safetensors.zst"))
    var edit = try MetadataEdit(path: folder.path("e.safetensors.zst"))
    edit.text["by"] = "me"
    #expect(try await edit.writeInPlace().way == .packed)
    #expect(try SafeTensorsFile(path: folder.path("e.safetensors.zst")).tensorHash() == file.tensorHash())
  }

  @Test func aTableWithoutChecksumsInFrames() throws {
    let folder = try TemporaryFolder()
    let content = container(#"{"w":["U8",[3],[0,3]]}"#, data: [1, 2, 3])
    // A frame as `zstd --no-check` writes it: a raw block, no checksum.
    let size = content.count
    let frame: [UInt8] =
      [0x28, 0xB5, 0x2F, 0xFD, 0x20, UInt8(size)]
      + [UInt8(truncatingIfNeeded: size << 3 | 1), UInt8(size >> 5), 0] + content
    for (sum, isRight) in [(UInt32(truncatingIfNeeded: Self.checksum(content)), true), (1, false)] {
      let table = SeekTable(frames: [.init(packed: 0..<frame.count, unpacked: 0..<size, checksum: sum)])
      let path = try folder.file("own.safetensors.zst", frame + table.encoded)
      if isRight {
        let file = try SafeTensorsFile(path: path)
        #expect(try file.bytes(of: file.header.tensors[0]) == [1, 2, 3])
      } else {
        #expect(throws: SafeTensorsError.self) { try SafeTensorsFile(path: path) }
      }
    }
  }

  /// The examples of the specification of xxHash, and of its test program.
  @Test(arguments: [
    ("", 0xEF46_DB37_51D8_E999 as UInt64), ("a", 0xD24E_C4F1_A98C_6E5B), ("abc", 0x44BC_2CF5_AD77_0999),
  ])
  func checksums(text: String, sum: UInt64) {
    #expect(Self.checksum(Array(text.utf8)) == sum)
  }

  /// Long inputs against the checksum that zstd ends its frames with.
  @Test(arguments: [31, 32, 33, 63, 64, 100, 1000, 4097]) func checksumsOfFrames(count: Int) throws {
    let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 37) }
    let frame = try Self.frame(bytes, level: 1)
    #expect(frame.word(at: frame.count - 4) == UInt32(truncatingIfNeeded: Self.checksum(bytes)))
  }

  @Test func anOrdinaryArchiveIsUnpackedInOrder() async throws {
    let folder = try TemporaryFolder()
    let path = try folder.file("small.safetensors.zst", ArchiveSamples.bytes(ArchiveSamples.small))
    let result = try await Archive.unpack(path, to: folder.path("small.safetensors"), verifies: true)
    #expect(result.frames == nil && result.size == 96 && result.isVerified)
    #expect(try SafeTensorsFile(path: folder.path("small.safetensors")).header.metadata == ["a": "b"])
  }

  @Test func anArchiveOfSomethingElseIsNotUnpacked() async throws {
    let folder = try TemporaryFolder()
    let frame = try Self.frame(Array("hello, this is a text".utf8))
    let path = try folder.file("text.safetensors.zst", frame)
    let error = await #expect(throws: SafeTensorsError.self) {
      try await Archive.unpack(path, to: folder.path("text.safetensors"))
    }
    #expect(error?.rule == .foreignFormat)
    #expect(folder.names == ["text.safetensors.zst"])
  }

  /// A header that promises little before endless zeros: the memory does not fill.
  @Test func moreThanTheHeaderPromises() async throws {
    let folder = try TemporaryFolder()
    let content = container(#"{"w":["U8",[3],[0,3]]}"#, data: Array(repeating: 0, count: 1 << 20))
    let path = try folder.file(
      "bomb.safetensors.zst", try Self.frame(content))
    let error = try #require(throws: SafeTensorsError.self) { try SafeTensorsFile(path: path) }
    #expect(error.rule == .archive && error.detail.contains("promises"))
    let unpacking = await #expect(throws: SafeTensorsError.self) {
      try await Archive.unpack(path, to: folder.path("bomb.safetensors"))
    }
    #expect(unpacking?.rule == .archive)
    #expect(folder.names == ["bomb.safetensors.zst"])
  }

  /// A header that promises more than any memory, in a frame without a table.
  @Test func moreThanMemoryHolds() throws {
    let folder = try TemporaryFolder()
    let size = 1 << 50
    let content = container("{\"w\":[\"U8\",[\(size)],[0,\(size)]]}", data: Array(repeating: 0, count: 1000))
    let path = try folder.file("huge.safetensors.zst", try Self.frame(content))
    let error = try #require(throws: SafeTensorsError.self) { try SafeTensorsFile(path: path) }
    #expect(error.rule == .archive && error.detail.contains("memory"))
  }

  @Test func moreThanMemoryAtOnce() throws {
    let contents = UnpackedContents([1, 2, 3], path: "small")
    #expect(try contents.copy(1..<3) == [2, 3])
    let error = try #require(throws: SafeTensorsError.self) { try contents.copy(0..<(1 << 60)) }
    #expect(error.path == "small" && error.detail.contains("memory"))
  }

  @Test func existingFilesAreKept() async throws {
    let folder = try TemporaryFolder()
    let file = try source(folder)
    let path = try folder.file("there.safetensors.zst", [1])
    let error = await #expect(throws: SafeTensorsError.self) { try await Archive.pack(file, to: path) }
    #expect(error?.rule == .exists)
    #expect(try contents(path) == [1])
    _ = try await Archive.pack(file, to: path, existing: .replace)
    #expect(try SafeTensorsFile(path: path).size == file.size)
  }
}
