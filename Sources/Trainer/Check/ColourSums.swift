internal import Images

/// How colourful the visible pixels of a picture are.
struct ColourSums {
  /// Hasler and Süsstrunk's measure (2003): `√(σ²(R−G) + σ²((R+G)/2−B)) + 0.3 √(μ²(R−G) + μ²((R+G)/2−B))`.
  let colourfulness: Double
  /// Whether at most one visible pixel in a hundred has channels that differ by more than JPEG's noise.
  let isGreyscale: Bool

  /// Most samples that are looked at: enough for three digits.
  private static let samples = 250_000
  /// What compression may make of grey, of 255.
  private static let noise = 16

  /// Sums over a picture of three channels; pixels less opaque than a half are not seen.
  init(_ picture: Picture, alpha: Picture?) {
    let pixels = picture.width * picture.height
    // An odd step, so that it does not keep to a few columns.
    let step = pixels > Self.samples ? pixels / Self.samples | 1 : 1
    let (source, opacity) = (picture.bytes, alpha?.bytes)
    var (count, coloured) = (0, 0)
    var (first, second) = (SIMD2<Double>.zero, SIMD2<Double>.zero)
    for pixel in stride(from: 0, to: pixels, by: step) {
      if let opacity, opacity[pixel] < 128 { continue }
      let (red, green, blue) = (Int(source[pixel * 3]), Int(source[pixel * 3 + 1]), Int(source[pixel * 3 + 2]))
      count += 1
      if max(red, green, blue) - min(red, green, blue) > Self.noise { coloured += 1 }
      let opponent = SIMD2(Double(red - green), Double(red + green) / 2 - Double(blue))
      first += opponent
      second += opponent * opponent
    }
    guard count > 0 else {
      (colourfulness, isGreyscale) = (0, true)
      return
    }
    let mean = first / Double(count)
    let variance = second / Double(count) - mean * mean
    colourfulness =
      max(0, variance.x + variance.y).squareRoot() + 0.3 * (mean.x * mean.x + mean.y * mean.y).squareRoot()
    isGreyscale = coloured * 100 <= count
  }
}
