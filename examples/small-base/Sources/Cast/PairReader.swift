import Images

/// Says who stands side by side in a picture.
///
/// The picture is cut where the fewest pixels stand out from its background; each half's figure is then brought to the
/// size and the place of a doll, and read as pictures of one are.
struct PairReader {
  /// A figure of the picture.
  struct Seen: Sendable {
    var reading: IdentityReader.Reading
    /// The figure at the size and place of a doll, before the picture's background.
    var figure: Picture
  }

  /// How far a channel is from the background's where something stands, of 1: four times what the autoencoder errs.
  private static let contrast: Float = 0.12
  /// A column that so many pixels stand in, or fewer, may part two figures: hands may touch.
  private static let bridge = 8
  /// The fewest pixels of a figure.
  private static let area = 150
  /// The columns where two figures may part.
  private static let middle = 20..<44

  private let reader: IdentityReader

  init(_ reader: IdentityReader) { self.reader = reader }

  /// Reads a picture of 64 × 64 pixels in three channels.
  /// - Parameter omitted: poses that the left and the right figure are not compared with, to judge the reader by.
  /// - Returns: who is seen from left to right; one for a picture that cannot be parted, none for an empty one.
  func read(_ picture: Picture, without omitted: [CastPose?] = [nil, nil]) -> [Seen] {
    let raster = Raster(picture.rgba())
    let background = raster.border
    let rows = (0..<raster.side).map { y in
      (0..<raster.side).map { x in Self.stands(raster[x, y], background) }
    }
    let columns = (0..<raster.side).map { x in rows.count { $0[x] } }
    func area(_ range: Range<Int>) -> Int { columns[range].reduce(0, +) }
    let seam = Self.middle.min { (columns[$0], abs(2 * $0 - 63)) < (columns[$1], abs(2 * $1 - 63)) } ?? 32
    let halves = [0..<seam, seam..<raster.side]
    guard columns[seam] <= Self.bridge, halves.allSatisfy({ area($0) >= Self.area }) else {
      guard area(0..<raster.side) >= Self.area else { return [] }
      return [Seen(reading: reader.read(picture), figure: picture)]
    }
    return zip(halves, omitted).map { half, pose in
      let inside = rows.indices.filter { y in half.contains { rows[y][$0] } }
      let across = half.filter { columns[$0] > 0 }
      let box = (
        x: across[0], y: inside[0], width: across[across.count - 1] - across[0] + 1,
        height: inside[inside.count - 1] - inside[0] + 1
      )
      let cut = picture.cropped(x: box.x, y: box.y, width: box.width, height: box.height)
      // How tall a pose is differs; the height that fits best is the right one.
      func seen(_ height: Int) -> Seen {
        let figure = Self.placed(cut, height: height, background)
        return Seen(reading: reader.read(figure, without: pose), figure: figure)
      }
      return Self.otherHeights.map(seen).reduce(seen(Self.usualHeight)) { best, next in
        next.reading.distance < best.reading.distance ? next : best
      }
    }
  }

  /// The heights that a figure is tried at, in pixels.
  private static let (usualHeight, otherHeights) = (60, [57, 54])

  /// A figure with its feet where dolls' are, in the middle.
  static func placed(_ cut: Picture, height: Int, _ background: SIMD4<Float>) -> Picture {
    let width = min(Canvas.side, max(1, (cut.width * height + cut.height / 2) / cut.height))
    let colour = (0..<3).map { UInt8((background[$0] * 255).rounded()) }
    let canvas = Picture(
      width: Canvas.side, height: Canvas.side,
      filledWith: Colour(red: colour[0], green: colour[1], blue: colour[2]))
    var result = canvas
    result.paste(
      cut.resized(width: width, height: height), x: (Canvas.side - width) / 2, y: CastSprites.ground - height)
    return result
  }

  private static func stands(_ pixel: SIMD4<Float>, _ background: SIMD4<Float>) -> Bool {
    let difference = pixel - background
    return (0..<3).contains { abs(difference[$0]) > contrast }
  }
}
