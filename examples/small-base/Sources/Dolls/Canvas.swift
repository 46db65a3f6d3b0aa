import Images

/// Draws dolls, and says which pixel shows what.
enum Canvas {
  /// Pixels in a row and in a column.
  static let side = 64
  /// How wide the darker edge of each part is, in pixels.
  private static let edge: Float = 0.8

  /// The doll's picture.
  static func picture(_ doll: Doll) -> Picture {
    var pixels = [SIMD3<Float>](repeating: numbers(doll.colour(.background)), count: side * side)
    for (part, shape) in Figure(doll).layers {
      fill(
        &pixels, placed(shape, doll), numbers(doll.colour(part)),
        edge: part == .ink || part == .lip || part == .blush ? 0 : edge)
    }
    return picture(pixels)
  }

  /// Fills a shape, smooth at its edge, which is darker over a width of `edge` pixels.
  static func fill(_ pixels: inout [SIMD3<Float>], _ shape: Shape, _ colour: SIMD3<Float>, edge: Float) {
    let line = colour * 0.55
    visit(shape) { index, distance in
      let outer = min(max(0.5 - distance, 0), 1)
      let inner = min(max(0.5 - distance - edge, 0), 1)
      let own = edge > 0 ? line + (colour - line) * inner : colour
      pixels[index] += (own - pixels[index]) * outer
    }
  }

  /// Colours from 0 to 255 as a picture.
  static func picture(_ pixels: [SIMD3<Float>]) -> Picture {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(3 * side * side)
    for pixel in pixels { for channel in 0..<3 { bytes.append(UInt8(pixel[channel].rounded())) } }
    return Picture(width: side, height: side, channels: 3, bytes: bytes)
  }

  /// What each pixel shows; `nil` along edges, where colours mix.
  static func labels(_ doll: Doll) -> [Part?] {
    var labels = [Part?](repeating: .background, count: side * side)
    for (part, shape) in Figure(doll).layers {
      let isThin = part == .ink || part == .lip || part == .blush
      visit(placed(shape, doll)) { index, distance in
        if isThin {
          if distance < -0.1 { labels[index] = part } else if distance < 0.6 { labels[index] = nil }
        } else if distance < -edge {
          labels[index] = part
        } else if distance < 0.5 {
          labels[index] = nil
        }
      }
    }
    return labels
  }

  static func numbers(_ colour: Colour) -> SIMD3<Float> {
    SIMD3(Float(colour.red), Float(colour.green), Float(colour.blue))
  }

  /// A shape of a doll's figure where it lies on the canvas.
  private static func placed(_ shape: Shape, _ doll: Doll) -> Shape {
    let scale: Float = doll.framing == .portrait ? 1.9 : 1
    let height: Float = doll.framing == .portrait ? 33 : doll.pose == .sitting ? 22.5 : 20
    let centre = Point(Float(side / 2 + doll.offset.x), height + Float(doll.offset.y))
    return Shape(box: (shape.box.low * scale + centre, shape.box.high * scale + centre)) {
      shape.distance(($0 - centre) / scale) * scale
    }
  }

  /// Calls `body` for every pixel near a shape, with its distance in pixels.
  private static func visit(_ shape: Shape, _ body: (Int, Float) -> Void) {
    let low = shape.box.low - 1.5
    let high = shape.box.high + 1.5
    let (left, right) = (max(0, Int(low.x)), min(side - 1, Int(high.x.rounded(.up))))
    let (top, bottom) = (max(0, Int(low.y)), min(side - 1, Int(high.y.rounded(.up))))
    guard left <= right, top <= bottom else { return }
    for y in top...bottom {
      for x in left...right { body(y * side + x, shape.distance(Point(Float(x) + 0.5, Float(y) + 0.5))) }
    }
  }
}
