import Foundation
import Testing

@testable import Images

/// Files that are no pictures, or no whole ones: one error each, and never half a picture.
@Suite struct BadFileTests {
  static func kind(_ bytes: [UInt8]) -> ImageError.Kind? {
    do {
      _ = try Picture(decoding: bytes, of: "bad")
      return nil
    } catch { return error.kind }
  }

  @Test(arguments: [
    "rgb.png", "rgba16.png", "rgb.jpg", "orientation6.jpg", "rgb.webp", "rgb.avif", "rgb.tif", "frames.gif", "rgb.bmp",
  ])
  func truncatedFilesFail(name: String) throws {
    let bytes = try ImageFixture.bytes(name)
    // Not the very end: a missing end mark costs no pixel, and decoders may forgive it.
    for part in [20, 30, 50, 70, 85] {
      let kind = Self.kind(Array(bytes.prefix(max(24, bytes.count * part / 100))))
      // The second frame is not read, so that a file that ends in it has all that is asked for.
      if name == "frames.gif", part > 50 { continue }
      #expect(kind == .damaged || kind == .notAnImage, "\(part) % of \(name)")
    }
  }

  @Test func zeroedMiddleOfAPNGFails() throws {
    var bytes = try ImageFixture.bytes("rgb.png")
    for index in bytes.count / 2..<bytes.count * 3 / 4 { bytes[index] = 0 }
    #expect(Self.kind(bytes) == .damaged)
  }

  @Test func everyFileWithAFlippedByteIsReadOrRefused() throws {
    for name in [
      "rgb.png", "rgb.jpg", "rgb.webp", "rgb.avif", "rgb.tif", "frames.gif", "palette_alpha.png", "texts.png",
    ] {
      let bytes = try ImageFixture.bytes(name)
      for index in stride(from: 0, to: bytes.count, by: max(1, bytes.count / 60)) {
        var bad = bytes
        bad[index] ^= 0xFF
        if let picture = try? Picture(decoding: bad, pixelLimit: 1 << 20) {
          #expect(picture.bytes.count == picture.width * picture.height * picture.channels)
        }
        _ = try? PictureInfo(decoding: bad)
      }
    }
  }

  @Test func whatIsNoPictureIsNamed() throws {
    let cases: [(String, String)] = [
      ("a caption, saved as a picture", "text"), ("<svg xmlns='http://www.w3.org/2000/svg'/>", "SVG"),
      ("<!DOCTYPE html><html>", "web page"), ("%PDF-1.7", "PDF"), ("BMW is no bitmap at all, is it", "text"),
      ("version https://git-lfs.github.com/spec/v1\n", "git lfs pull"), (String(repeating: "\0", count: 100), "zero"),
    ]
    for (content, word) in cases {
      let error = #expect(throws: ImageError.self) { try Picture(decoding: Array(content.utf8), of: "mira.png") }
      #expect(error?.kind == .notAnImage)
      #expect(error?.description.contains(word) == true, "\(error?.description ?? "")")
      #expect(error?.description.hasPrefix("mira.png: ") == true)
    }
  }

  @Test func absentAndEmptyFilesAreNamed() throws {
    func kind(_ path: String) -> ImageError.Kind? {
      #expect(throws: ImageError.self) { try PictureInfo(contentsOf: path) }
      return #expect(throws: ImageError.self) { try Picture(contentsOf: path) }?.kind
    }
    try ImageFixture.withFolder { folder in
      #expect(kind("\(folder)/absent.png") == .cannotOpen)
      #expect(kind(folder) == .cannotOpen)
      try Data().write(to: URL(fileURLWithPath: "\(folder)/empty.png"))
      #expect(kind("\(folder)/empty.png") == .empty)
      #expect(mkfifo("\(folder)/pipe.png", 0o644) == 0)
      #expect(kind("\(folder)/pipe.png") == .cannotOpen)
    }
    #expect(Self.kind([]) == .empty)
  }

  /// A name with brackets is not an option of libvips.
  @Test func anyNameWillDo() throws {
    try ImageFixture.withFolder { folder in
      let path = "\(folder)/mira [1] ミラ, \"x\".jpg"
      try Data(ImageFixture.bytes("rgb.png")).write(to: URL(fileURLWithPath: path))
      #expect(try PictureInfo(contentsOf: path).format == .png)
      #expect(try Picture(contentsOf: path).width == 19)
    }
  }

  @Test func absurdSizesAreRefusedBeforeTheyAreDecoded() throws {
    var bomb = try ImageFixture.bytes("rgb.png")
    let header: [UInt8] = [0, 0, 0xC3, 0x50, 0, 0, 0xC3, 0x50, 8, 2, 0, 0, 0]  // 50000 × 50000
    bomb.replaceSubrange(8..<33, with: PNGChunks.chunk("IHDR", header))
    let error = #expect(throws: ImageError.self) { try Picture(decoding: bomb, of: "bomb.png") }
    #expect(error?.kind == .tooLarge)
    #expect(error?.detail.contains("50000 × 50000") == true)
    #expect(try PictureInfo(decoding: bomb).width == 50000)
    let path = ImageFixture.path("rgb.png")
    #expect(try Picture(contentsOf: path, pixelLimit: 19 * 13).width == 19)
    #expect(throws: ImageError.self) { try Picture(contentsOf: path, pixelLimit: 19 * 13 - 1) }
  }
}
