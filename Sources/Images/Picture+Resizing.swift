#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

extension Picture {
  /// The picture at exactly this size, by Lanczos with three lobes.
  ///
  /// The kernel is widened by the scale when the picture shrinks, and cut off and normalised at the edges, as Pillow does
  /// it; sums are kept in single precision between both directions, where Pillow rounds and cuts to bytes. Colours are
  /// multiplied by alpha first, so that what is invisible does not bleed. It is computed here and not by libvips, whose
  /// shortcuts differ between versions: a data set then has the same pixels on every machine.
  public func resized(width: Int, height: Int) -> Picture {
    precondition(width > 0 && height > 0, "a picture has pixels")
    if width == self.width, height == self.height { return self }
    let across = Taps(from: self.width, to: width)
    let down = Taps(from: self.height, to: height)
    // Only the rows that are asked for, which are all of them but for rounding.
    var narrow = [SIMD4<Float>](repeating: .zero, count: width * self.height)
    var line = [SIMD4<Float>](repeating: .zero, count: self.width)
    for y in 0..<self.height {
      read(row: y, into: &line)
      Self.convolve(line, across, into: &narrow, at: y * width)
    }
    let result = Self.samples(width * height * channels) { target in
      var sums = [SIMD4<Float>](repeating: .zero, count: width)
      for y in 0..<height {
        Self.combine(narrow, down, row: y, into: &sums)
        for x in 0..<width {
          let pixel = finished(sums[x])
          for channel in 0..<channels { target[(y * width + x) * channels + channel] = pixel[channel] }
        }
      }
    }
    return Picture(width: width, height: height, channels: channels, bytes: result)
  }

  /// A row as numbers, colours multiplied by alpha.
  private func read(row: Int, into line: inout [SIMD4<Float>]) {
    let source = bytes.span
    var target = line.mutableSpan
    for x in 0..<width {
      let start = (row * width + x) * channels
      var pixel = SIMD4<Float>.zero
      for channel in 0..<channels { pixel[channel] = Float(source[start + channel]) }
      if hasAlpha {
        let alpha = pixel[channels - 1]
        pixel *= alpha / 255
        pixel[channels - 1] = alpha
      }
      target[x] = pixel
    }
  }

  private func finished(_ sum: SIMD4<Float>) -> SIMD4<UInt8> {
    var pixel = sum
    if hasAlpha {
      let alpha = pixel[channels - 1]
      // Below a half it is invisible, and dividing by almost nothing gives no colour.
      pixel = alpha >= 0.5 ? pixel * (255 / alpha) : .zero
      pixel[channels - 1] = alpha
    }
    // Lobes overshoot at edges.
    pixel = (pixel + 0.5).rounded(.down).clamped(lowerBound: .zero, upperBound: SIMD4(repeating: 255))
    return SIMD4<UInt8>(truncatingIfNeeded: SIMD4<Int32>(pixel))
  }

  private static func convolve(
    _ line: [SIMD4<Float>], _ taps: Taps, into target: inout [SIMD4<Float>], at offset: Int
  ) {
    let source = line.span
    let weights = taps.weights.span
    var result = target.mutableSpan
    for x in 0..<taps.starts.count {
      let start = taps.starts[x]
      var sum = SIMD4<Float>.zero
      for tap in 0..<taps.counts[x] { sum += source[start + tap] * weights[x * taps.room + tap] }
      result[offset + x] = sum
    }
  }

  private static func combine(
    _ rows: [SIMD4<Float>], _ taps: Taps, row: Int, into sums: inout [SIMD4<Float>]
  ) {
    let width = sums.count
    let source = rows.span
    var result = sums.mutableSpan
    for x in 0..<width { result[x] = .zero }
    for tap in 0..<taps.counts[row] {
      let weight = taps.weights[row * taps.room + tap]
      let start = (taps.starts[row] + tap) * width
      for x in 0..<width { result[x] += source[start + x] * weight }
    }
  }
}

/// Which samples make a new one, and how much of each, along one direction.
struct Taps {
  /// The first sample of each new one.
  var starts: [Int] = []
  /// How many samples each takes.
  var counts: [Int] = []
  /// `room` weights for each, those after its count unused.
  var weights: [Float] = []
  /// The most samples one takes.
  var room: Int

  init(from old: Int, to new: Int) {
    let scale = Double(old) / Double(new)
    let stretch = max(scale, 1)
    let reach = 3 * stretch
    room = Int(reach.rounded(.up)) * 2 + 1
    weights = [Float](repeating: 0, count: room * new)
    for index in 0..<new {
      let centre = (Double(index) + 0.5) * scale
      let first = max(0, Int(centre - reach + 0.5))
      let last = min(old, Int(centre + reach + 0.5))
      let values = (first..<last).map { Self.lanczos((Double($0) - centre + 0.5) / stretch) }
      let sum = values.reduce(0, +)
      starts.append(first)
      counts.append(values.count)
      for (tap, value) in values.enumerated() { weights[index * room + tap] = Float(value / sum) }
    }
  }

  private static func lanczos(_ x: Double) -> Double {
    guard x != 0 else { return 1 }
    guard abs(x) < 3 else { return 0 }
    let angle = Double.pi * x
    return 3 * sin(angle) * sin(angle / 3) / (angle * angle)
  }
}
