import Images
import Testing

@Suite struct GeometryTests {
  /// Sums of up to 140 products in single precision, against Pillow's double: a value near a half may round the other
  /// way, and dividing by a small alpha makes more of it.
  @Test(arguments: ImageFixture.shared.resize) func resizingIsPillows(of entry: ImageFixture.Resizing) {
    let picture = Picture(
      width: entry.width, height: entry.height, channels: entry.channels, bytes: ImageFixture.bytes(hex: entry.samples))
    let result = picture.resized(width: entry.toWidth, height: entry.toHeight)
    #expect(result.width == entry.toWidth && result.height == entry.toHeight && result.channels == entry.channels)
    #expect(ImageFixture.difference(result.bytes, ImageFixture.bytes(hex: entry.expected)) <= 1)
  }

  @Test(arguments: ImageFixture.shared.flatten) func flatteningRoundsToTheNearest(of entry: ImageFixture.Flattening) {
    let picture = Picture(
      width: entry.width, height: entry.height, channels: entry.channels, bytes: ImageFixture.bytes(hex: entry.samples))
    let background = Colour(red: entry.background[0], green: entry.background[1], blue: entry.background[2])
    #expect(picture.rgb(over: background).bytes == ImageFixture.bytes(hex: entry.expected))
  }

  @Test func enlargedPixelsAreSquares() {
    let picture = Picture(width: 2, height: 1, channels: 2, bytes: [1, 2, 3, 4])
    let row: [UInt8] = [1, 2, 1, 2, 3, 4, 3, 4]
    #expect(picture.enlarged(times: 2) == Picture(width: 4, height: 2, channels: 2, bytes: row + row))
    #expect(picture.enlarged(times: 1) == picture)
  }

  @Test func resizingToTheSameSizeChangesNothing() throws {
    let picture = try Picture(contentsOf: ImageFixture.path("rgba.png"))
    #expect(picture.resized(width: 19, height: 13) == picture)
  }

  /// What is invisible has a colour too, and it must not be seen after resizing.
  @Test func invisibleColoursDoNotBleed() {
    var bytes: [UInt8] = []
    for x in 0..<16 { bytes += x < 8 ? [0, 255, 0, 0] : [255, 0, 0, 255] }
    let result = Picture(width: 16, height: 1, channels: 4, bytes: bytes).resized(width: 5, height: 1)
    for x in 0..<5 where result[x, 0].last ?? 0 > 0 {
      #expect(Array(result[x, 0].prefix(3)) == [255, 0, 0])
    }
  }

  static let numbered = Picture(width: 3, height: 2, channels: 1, bytes: [1, 2, 3, 4, 5, 6])

  @Test func cropsAndFlips() {
    #expect(Self.numbered.cropped(x: 1, y: 0, width: 2, height: 2).bytes == [2, 3, 5, 6])
    #expect(Self.numbered.flipped().bytes == [3, 2, 1, 6, 5, 4])
    #expect(Self.numbered.flipped().flipped() == Self.numbered)
  }

  @Test func pastingCutsOffWhatStandsOutside() {
    for (x, y, expected) in [
      (-1, 0, [2, 3, 0, 5, 6, 0]), (2, 1, [0, 0, 0, 0, 0, 1]), (0, -1, [4, 5, 6, 0, 0, 0]), (3, 0, [0, 0, 0, 0, 0, 0]),
      (0, 5, [0, 0, 0, 0, 0, 0]), (-9, -9, [0, 0, 0, 0, 0, 0]),
    ] as [(Int, Int, [UInt8])] {
      var picture = Picture(width: 3, height: 2, channels: 1, filledWith: .black)
      picture.paste(Self.numbered, x: x, y: y)
      #expect(picture.bytes == expected, "at \(x), \(y)")
    }
    var colours = Picture(width: 1, height: 1, channels: 3, filledWith: .black)
    colours.paste(Picture(width: 1, height: 1, channels: 4, bytes: [9, 9, 9, 0]), x: 0, y: 0, background: .white)
    #expect(colours.bytes == [255, 255, 255])
  }

  @Test func extendingAndFitting() {
    let larger = Self.numbered.extended(width: 5, height: 3, x: 1, y: 1, colour: .white)
    #expect(larger.bytes == [255, 255, 255, 255, 255, 255, 1, 2, 3, 255, 255, 4, 5, 6, 255])
    let wide = Picture(width: 200, height: 100, channels: 1, filledWith: .black)
    #expect(wide.size(fitting: 100, 100) == (100, 50))
    #expect(wide.size(fitting: 400, 400) == (200, 100))
    #expect(wide.size(fitting: 1, 1) == (1, 1))
  }
}
