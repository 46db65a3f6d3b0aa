import Foundation
import Images
import Testing

@Suite struct DecodingTests {
  @Test(arguments: ImageFixture.shared.files) func samplesAreThoseOfPillow(file: ImageFixture.File) throws {
    let picture = try Picture(
      contentsOf: ImageFixture.path(file.file),
      // Whether a GIF has alpha is told of all its frames, and versions of libvips differ.
      as: file.format == .gif ? .rgb(background: .black) : .stored)
    #expect(picture.width == file.width)
    #expect(picture.height == file.height)
    #expect(picture.channels == file.channels)
    let difference = ImageFixture.difference(picture.bytes, ImageFixture.bytes(hex: file.samples))
    #expect(difference <= file.tolerance, "\(file.why)")
    let again = try Picture(decoding: ImageFixture.bytes(file.file))
    #expect(file.format == .gif || again == picture)
  }

  @Test(arguments: ImageFixture.shared.files) func headersSayTheSame(file: ImageFixture.File) throws {
    let info = try PictureInfo(contentsOf: ImageFixture.path(file.file))
    #expect(info.format == file.format)
    #expect(info.width == file.width)
    #expect(info.height == file.height)
    #expect(info.orientation == file.orientation ?? 1)
    #expect(info.pages == file.pages ?? 1)
    #expect(file.format == .gif || info.hasAlpha == (file.channels == 2 || file.channels == 4))
    // libvips passes a PNG's wrong profile over by itself.
    #expect(info.hasProfile == (file.file.contains("profile") && file.file != "wrong_profile.png"))
    #expect(info.bits == (file.file.contains("16.png") ? 16 : info.bits))
    #expect(try PictureInfo(decoding: ImageFixture.bytes(file.file)) == info)
  }

  @Test func inkBecomesColours() throws {
    let picture = try Picture(contentsOf: ImageFixture.path("cmyk.jpg"))
    #expect(picture.channels == 3)
    let paper = Array(picture[4, 4])
    let black = Array(picture[12, 4])
    let cyan = Array(picture[20, 4])
    #expect(paper.allSatisfy { $0 > 245 })
    #expect(black.allSatisfy { $0 < 60 })
    #expect(cyan[0] < 90 && cyan[1] > 120 && cyan[2] > 180, "\(cyan)")
    let info = try PictureInfo(contentsOf: ImageFixture.path("cmyk.jpg"))
    #expect(info.channels == 4)
    #expect(!info.hasAlpha)
  }

  @Test func channelsAreThoseThatWereAskedFor() throws {
    for name in ["grey.png", "grey_alpha.png", "rgb.png", "rgba.png"] {
      let stored = try Picture(contentsOf: ImageFixture.path(name))
      #expect(
        try Picture(contentsOf: ImageFixture.path(name), as: .rgb(background: .black)) == stored.rgb(over: .black))
      let rgba = try Picture(contentsOf: ImageFixture.path(name), as: .rgba)
      #expect(rgba.channels == 4)
      #expect(rgba.alpha() == stored.alpha())
      if stored.hasAlpha { #expect(Set(rgba.alpha().bytes).count > 1) }
    }
    let grey = try Picture(contentsOf: ImageFixture.path("grey.png"))
    #expect(Array(grey.rgb()[3, 2]) == [UInt8](repeating: grey[3, 2].first ?? 0, count: 3))
  }

  /// Side by side, good and bad files: every error has the words of its own file.
  @Test func manyTasksReadAtOnce() async throws {
    let good = try Picture(contentsOf: ImageFixture.path("rgb.png"))
    let jpeg = Array(try ImageFixture.bytes("rgb.jpg").dropLast(200))
    let png = Array(try ImageFixture.bytes("rgb.png").dropLast(200))
    try await withThrowingTaskGroup(of: Void.self) { group in
      for index in 0..<120 {
        group.addTask {
          switch index % 3 {
          case 0:
            let picture = try Picture(contentsOf: ImageFixture.path("rgb.png"))
            #expect(picture == good)
          case 1:
            let error = #expect(throws: ImageError.self) { try Picture(decoding: jpeg, of: "jpeg \(index)") }
            #expect(error?.detail.lowercased().contains("jpeg file") == true)
            #expect(error?.detail.lowercased().contains("png") == false)
          default:
            let error = #expect(throws: ImageError.self) { try Picture(decoding: png, of: "png \(index)") }
            #expect(error?.detail.contains("Jpeg") == false)
          }
        }
      }
      try await group.waitForAll()
    }
  }
}
