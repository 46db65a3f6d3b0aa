import Foundation
import Testing

@testable import SafeTensors

/// Small archives made with the zstd command line tool 1.5.
enum ArchiveSamples {
  /// One frame with a checksum; metadata a = b, "w" F32 [1.5, -2].
  static let small =
    "KLUv/SRgxQIA0kQSHKC1Of//P3f/wQHuc7u9hZS9PWovYZZmAikAwzIPEY2HKDiHihyOnrViawGeyBxW2POGOK5XgUEnwdM9uZ7f9LvcnLjVsvuGSAQAVYkOYhEzuAFgAY8r+uU="
  /// The same file as two frames, cut after 30 bytes.
  static let twoFrames =
    "KLUv/SQe8QAAUAAAAAAAAAB7Il9fbWV0YWRhdGFfXyI6eyJhIjoiWtDNNSi1L/0kQhECAGIifSwidyI6eyJkdHlwZSI6IkYzMiIsInNoYXBlIjpbMl0sImRhdGFfb2Zmc2V0cyI6WzAsOF19fSAAAMA/AAAAwMWqysw="
  /// "w" U8, a mebibyte of zeros, without a checksum (`--no-check`): all input is taken in long before all output
  /// is out.
  static let zerosUnchecked =
    "KLUv/aBQABAAbAIA1ANIAHsidyI6eyJkdHlwZSI6IlU4Iiwic2hhcGUiOlsxMDQ4NTc2XSwiZGF0YV9vZmZzZXRzIjpbMCx9fSAABACs/yALHB7nk8ABYAECABAAAgAQAAIAEAACABAAAgAQAAIAEAACABAAgwIAAA=="
  /// The same with a checksum.
  static let zeros =
    "KLUv/aRQABAAbAIA1ANIAHsidyI6eyJkdHlwZSI6IlU4Iiwic2hhcGUiOlsxMDQ4NTc2XSwiZGF0YV9vZmZzZXRzIjpbMCx9fSAABACs/yALHB7nk8ABYAECABAAAgAQAAIAEAACABAAAgAQAAIAEAACABAAgwIAADmk1EM="

  static func bytes(_ base64: String) -> [UInt8] { Data(base64Encoded: base64).map { Array($0) } ?? [] }
}

@Suite("Archives")
struct ArchiveTests {
  @Test(arguments: [ArchiveSamples.small, ArchiveSamples.twoFrames])
  func isReadLikeTheFileItself(archive: String) async throws {
    let folder = try TemporaryFolder()
    let file = try SafeTensorsFile(path: folder.file("lora.safetensors.zst", ArchiveSamples.bytes(archive)))
    #expect(file.header.metadata == ["a": "b"])
    #expect(file.header.tensors == [TensorInfo(name: "w", dtype: .f32, shape: [2], range: 0..<8)])
    #expect(try file.floats(of: file.header.tensors[0]) == [1.5, -2])
    #expect(file.size == 96)
    // By sha256sum of the unpacked file.
    #expect(try await file.hashes().whole == "3f0f05140b3045b6819929f2e83320d54d684276067bdb52ca519389dec8b51c")
  }

  @Test(arguments: [ArchiveSamples.zeros, ArchiveSamples.zerosUnchecked])
  func aLargeFileInASmallArchive(archive: String) throws {
    let folder = try TemporaryFolder()
    let file = try SafeTensorsFile(path: folder.file("zeros.safetensors.zst", ArchiveSamples.bytes(archive)))
    let tensor = try #require(file["w"])
    #expect(tensor.count == 1 << 20)
    #expect(try file.bytes(of: tensor).allSatisfy { $0 == 0 })
  }

  private func failure(_ bytes: some Sequence<UInt8>) throws -> SafeTensorsError {
    let folder = try TemporaryFolder()
    let path = try folder.file("damaged.safetensors.zst", bytes)
    let error = try #require(throws: SafeTensorsError.self) { try SafeTensorsFile(path: path) }
    #expect(error.path == path && error.description.contains(path))
    return error
  }

  @Test func everyTruncationIsNoticed() throws {
    for archive in [ArchiveSamples.small, ArchiveSamples.zeros, ArchiveSamples.zerosUnchecked] {
      let whole = ArchiveSamples.bytes(archive)
      for count in 0..<whole.count {
        #expect(try failure(whole[..<count]).rule == .archive, "\(count) bytes")
      }
    }
  }

  @Test func everyDamagedByteIsNoticed() throws {
    let whole = ArchiveSamples.bytes(ArchiveSamples.small)
    for i in whole.indices {
      var damaged = whole
      damaged[i] ^= 0x10
      // The checksum of the content finds what the decoder does not; two bits of a frame's header are not used.
      let folder = try TemporaryFolder()
      let path = try folder.file("damaged.safetensors.zst", damaged)
      if let file = try? SafeTensorsFile(path: path) {
        #expect(i == 4, "byte \(i)")
        #expect(file.size == 96)
      }
    }
  }

  @Test func anythingAfterTheLastFrame() throws {
    #expect(try failure(ArchiveSamples.bytes(ArchiveSamples.small) + [1, 2, 3, 4]).rule == .archive)
    #expect(try failure(ArchiveSamples.bytes(ArchiveSamples.small) + [0]).rule == .archive)
  }

  @Test func notAnArchiveAtAll() throws {
    #expect(try failure(container("{}")).rule == .archive)
    #expect(try failure([]).rule == .archive)
  }

  /// What is inside is held to the format's rules.
  @Test func aFrameOfSomethingElse() throws {
    // An empty frame: magic, one segment of size 0, an empty last raw block.
    let error = try failure([0x28, 0xB5, 0x2F, 0xFD, 0x20, 0x00, 0x01, 0x00, 0x00])
    #expect(error.rule == .headerTooSmall)
  }
}
