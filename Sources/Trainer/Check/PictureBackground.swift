internal import Images

extension PictureFacts.Background {
  /// How far a channel may be from the edge's usual colour, of 255: what compression and paper make of one colour.
  private static let tolerance = 20

  /// The background of a picture of three channels with its alpha, if any.
  ///
  /// Only the upper edge and the upper two thirds of both sides are looked at: the subject may stand on the lower one.
  init(_ picture: Picture, alpha: Picture?) {
    let (width, height) = (picture.width, picture.height)
    let depth = max(1, min(width, height) / 64)
    var places: [Int] = []
    for y in 0..<max(1, height * 2 / 3) {
      // The side pixels of lower rows, and the whole of the upper ones.
      for x in 0..<width where y < depth || x < depth || x >= width - depth { places.append(y * width + x) }
    }
    if let alpha {
      let clear = places.count { alpha.bytes[$0] < 128 }
      if clear * 2 > places.count {
        self = .transparent
        return
      }
      places.removeAll { alpha.bytes[$0] < 128 }
    }
    let source = picture.bytes
    let usual = (0..<3).map { channel in
      places.map { source[$0 * 3 + channel] }.sorted()[places.count / 2]
    }
    let near = places.count { place in
      (0..<3).allSatisfy { abs(Int(source[place * 3 + $0]) - Int(usual[$0])) <= Self.tolerance }
    }
    guard near * 10 >= places.count * 8 else {
      self = .busy
      return
    }
    let (low, high) = (Int(usual.min() ?? 0), Int(usual.max() ?? 0))
    self = low >= 190 ? .plainLight : high <= 65 ? .plainDark : .plainColoured
  }
}
