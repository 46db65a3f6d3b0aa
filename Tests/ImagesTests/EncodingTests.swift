import Foundation
import Testing

@testable import Images

@Suite struct EncodingTests {
  static let text = PictureText.parameters("1girl, mira_v3\nSteps: 20, Seed: 7")

  @Test(arguments: ["grey.png", "grey_alpha.png", "rgb.png", "rgba.png"])
  func losslessFormatsGiveEverySampleBack(name: String) throws {
    let picture = try Picture(contentsOf: ImageFixture.path(name))
    #expect(try Picture(decoding: picture.encoded(as: .png)) == picture)
    let colours = picture.hasAlpha ? picture.rgba() : picture.rgb()
    let again = try Picture(decoding: colours.encoded(as: .losslessWebP))
    // WebP may forget the colour of what is invisible.
    #expect(again.rgb(over: .white) == colours.rgb(over: .white))
  }

  @Test func qualityDecidesTheLoss() throws {
    let picture = try Picture(contentsOf: ImageFixture.path("rgb.png")).resized(width: 190, height: 130)
    for encoding in [ImageEncoding.jpeg(quality: 95), .webp(quality: 95)] {
      let bytes = try picture.encoded(as: encoding)
      let again = try Picture(decoding: bytes)
      let loss = zip(again.bytes, picture.bytes).map { abs(Double($0) - Double($1)) }.reduce(0, +)
      // A tenth of what a wrong picture would show; the hard edge of the scene costs WebP most.
      #expect(loss / Double(picture.bytes.count) < 4)
    }
    #expect(try picture.encoded(as: .jpeg(quality: 30)).count < picture.encoded(as: .jpeg(quality: 95)).count)
    #expect(try picture.encoded(as: .webp(quality: 30)).count < picture.encoded(as: .webp(quality: 95)).count)
  }

  @Test func textsOfPillowAreRead() throws {
    let info = try PictureInfo(contentsOf: ImageFixture.path("texts.png"))
    #expect(info.texts == ImageFixture.shared.texts.map { PictureText(key: $0.key, value: $0.value) })
    #expect(info.text("parameters")?.hasPrefix("1girl") == true)
    #expect(info.text("absent") == nil)
  }

  @Test func textsComeBackAndDoNotTouchThePixels() throws {
    let picture = try Picture(contentsOf: ImageFixture.path("rgb.png"))
    let texts = [Self.text, PictureText(key: "prompt", value: "ミラ 🎭"), PictureText(key: "Räksmörgås", value: "é")]
    let bytes = try picture.encoded(as: .png(texts: texts))
    #expect(try PictureInfo(decoding: bytes).texts == texts)
    #expect(try Picture(decoding: bytes) == picture)
    // Right after the header; Latin-1 in the chunk that all readers know.
    #expect(String(decoding: bytes[37..<41], as: UTF8.self) == "tEXt")
    #expect(Array(bytes[41..<52]) == Array("parameters\0".utf8))
    #expect(try picture.encoded(as: .png(texts: texts)) == bytes)
  }

  @Test func textsThatPNGCannotHoldAreRefused() throws {
    let picture = Picture(width: 1, height: 1, channels: 1, bytes: [0])
    for text in [
      PictureText(key: "", value: "x"), PictureText(key: String(repeating: "k", count: 80), value: "x"),
      PictureText(key: " x", value: "x"), PictureText(key: "ミラ", value: "x"), PictureText(key: "a\nb", value: "x"),
      PictureText(key: "x", value: "a\0b"),
    ] {
      let error = #expect(throws: ImageError.self) { try picture.encoded(as: .png(texts: [text])) }
      #expect(error?.kind == .unsuitable)
    }
  }

  @Test func damagedTextsAreNamed() throws {
    var bytes = try ImageFixture.bytes("texts.png")
    let place = try #require(bytes.indices.first { bytes[$0...].starts(with: "1girl".utf8) })
    bytes[place] = 0x32
    let error = #expect(throws: ImageError.self) { try PictureInfo(decoding: bytes, of: "a.png") }
    #expect(error?.description.contains("checksum") == true)
  }

  @Test func formatsThatCannotHoldThePictureSayWhy() throws {
    let clear = try Picture(contentsOf: ImageFixture.path("rgba.png"))
    #expect(throws: ImageError.self) { try clear.encoded(as: .jpeg(quality: 90)) }
    let long = Picture(width: 16384, height: 1, channels: 1, filledWith: .black)
    let error = #expect(throws: ImageError.self) { try long.encoded(as: .webp(quality: 90)) }
    #expect(error?.detail.contains("16383") == true)
  }

  @Test func filesAreNeverReplacedUnasked() throws {
    let picture = try Picture(contentsOf: ImageFixture.path("rgb.png"))
    try ImageFixture.withFolder { folder in
      let path = "\(folder)/a.png"
      try picture.write(to: path, as: .png)
      let error = #expect(throws: ImageError.self) { try picture.flipped().write(to: path, as: .png) }
      #expect(error?.kind == .exists)
      #expect(try Picture(contentsOf: path) == picture)
      // Also when the name is taken between the check and the end.
      #expect(throws: ImageError.self) { try NewFile.write([1], to: path, replacing: false) }
      #expect(try Picture(contentsOf: path) == picture)
      try picture.flipped().write(to: path, as: .png, replacing: true)
      #expect(try Picture(contentsOf: path) == picture.flipped())
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["a.png"])
      let lost = #expect(throws: ImageError.self) { try picture.write(to: "\(folder)/no/a.png", as: .png) }
      #expect(lost?.kind == .cannotWrite)
    }
  }

  @Test func endingsNameEncodings() {
    #expect(ImageEncoding(forPath: "a/b.PNG") == .png)
    #expect(ImageEncoding(forPath: "b.jpeg") == .jpeg(quality: 95))
    #expect(ImageEncoding(forPath: "b.webp") == .webp(quality: 95))
    #expect(ImageEncoding(forPath: "b.gif") == nil)
    #expect(ImageEncoding(forPath: "b") == nil)
  }

  @Test(arguments: ["/nonexistent/libvips.so.42", "libc.so.6", "/usr/lib/libSystem.B.dylib"])
  func withoutLibvipsTheErrorSaysWhatToInstall(named: String) {
    guard case .failure(let error) = ImageLibrary.open(named: named) else {
      Issue.record("\(named) was taken for libvips")
      return
    }
    #expect(error.kind == .unavailable)
    #expect(error.detail.contains("install it with") && error.detail.contains("TROUPE_VIPS"))
  }

  @Test func theReportNamesWhatWorks() throws {
    let report = try ImageCodecs.report
    #expect(report.version.hasPrefix("8."))
    #expect(report.readable.contains(.png) && report.readable.contains(.jpeg) && report.readable.contains(.webp))
    #expect(report.writable == [.png, .jpeg, .webp])
    #expect(Set(report.readable + report.missing) == Set(ImageFormat.allCases))
    #expect(report.missing.allSatisfy { !report.readable.contains($0) })
    try ImageCodecs.availability.get()
  }
}
