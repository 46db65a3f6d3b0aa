import Images

/// A square picture as numbers: red, green and blue multiplied by alpha, and alpha, all from 0 to 1.
struct Raster: Sendable {
  let side: Int
  private var pixels: [SIMD4<Float>]

  /// Takes a square picture of four channels.
  init(_ picture: Picture) {
    side = picture.width
    pixels = (0..<picture.width * picture.height).map { index in
      let bytes = picture.bytes[4 * index..<4 * index + 4].map(Float.init)
      return SIMD4(bytes[0], bytes[1], bytes[2], 255) * (bytes[3] / (255 * 255))
    }
  }

  private init(side: Int, pixels: [SIMD4<Float>]) { (self.side, self.pixels) = (side, pixels) }

  subscript(x: Int, y: Int) -> SIMD4<Float> { pixels[y * side + x] }

  /// At half the size: each pixel the mean of four.
  func halved() -> Raster {
    var half = [SIMD4<Float>](repeating: .zero, count: side / 2 * (side / 2))
    for y in 0..<side {
      for x in 0..<side { half[y / 2 * (side / 2) + x / 2] += self[x, y] * 0.25 }
    }
    return Raster(side: side / 2, pixels: half)
  }

  /// The colour of most of the border above and at the sides: the middle one of each channel.
  var border: SIMD4<Float> {
    let places = (0..<side).map { self[0, $0] } + (0..<side).map { self[side - 1, $0] } + pixels.prefix(side)
    var colour = SIMD4<Float>(0, 0, 0, 1)
    for channel in 0..<3 {
      let sorted = places.map { $0[channel] }.sorted()
      colour[channel] = sorted[sorted.count / 2]
    }
    return colour
  }

  /// For every row, the sum of squared distances of colours to a figure that is moved and stands before a background.
  func distances(to figure: Raster, _ background: SIMD4<Float>, _ x: Int, _ y: Int) -> [Float] {
    (0..<side).map { row in
      var sum: Float = 0
      let source = row - y
      let isInside = source >= 0 && source < side
      for column in 0..<side {
        var pixel = background
        if isInside, column >= x, column - x < side {
          let own = figure[column - x, source]
          pixel = own + background * (1 - own.w)
        }
        // Alpha is 1 in both.
        let difference = self[column, row] - pixel
        sum += (difference * difference).sum()
      }
      return sum
    }
  }
}
