/// What a picture's contents say, read once per file.
public struct PictureFacts: Sendable, Hashable {
  /// What lies behind the subject, by the picture's upper edges.
  public enum Background: String, Sendable, Codable, CaseIterable {
    /// Most of the edge is transparent.
    case transparent
    /// One light colour.
    case plainLight = "plain-light"
    /// One dark colour.
    case plainDark = "plain-dark"
    /// One other colour.
    case plainColoured = "plain-coloured"
    /// Anything else.
    case busy

    /// Whether there is nothing to see in it.
    public var isPlain: Bool { self != .busy }
  }

  /// The SHA-256 of the file, 64 hexadecimal digits.
  public var hash: String
  /// What the picture looks like, for comparison.
  public var likeness: PictureLikeness
  /// How colourful it is: 0 is grey, 15 slightly and 80 highly colourful (Hasler, Süsstrunk 2003).
  public var colourfulness: Double
  /// Whether at most one pixel in a hundred has a colour.
  public var isGreyscale: Bool
  /// What lies behind the subject.
  public var background: Background
}

/// A picture reduced to what near-duplicates share.
public struct PictureLikeness: Sendable, Hashable {
  /// For each of 8 rows of 9 places whether brightness rises from one to the next: the difference hash.
  public var hash: UInt64
  /// The same of the mirrored picture.
  public var mirrored: UInt64
  /// 16 × 16 mean colours, red, green and blue, row by row.
  public var colours: [UInt8]

  /// How two pictures resemble one another.
  public enum Resemblance: Sendable, Hashable {
    /// As they are.
    case alike
    /// One of them mirrored.
    case mirrored
  }

  /// The most bits in which hashes of near-duplicates differ: one in eight, where unrelated pictures differ in half.
  static let hashLimit = 8
  /// The most by which mean colours of near-duplicates differ on average, of 255.
  static let colourLimit = 6.0

  /// Whether two pictures show the same: another size, format or compression of it, or retouched a little.
  ///
  /// Parts cut out of a picture are not recognised.
  public func resemblance(_ other: PictureLikeness) -> Resemblance? {
    if (hash ^ other.hash).nonzeroBitCount <= Self.hashLimit, difference(other, mirrored: false) <= Self.colourLimit {
      return .alike
    }
    if (hash ^ other.mirrored).nonzeroBitCount <= Self.hashLimit, difference(other, mirrored: true) <= Self.colourLimit
    {
      return .mirrored
    }
    return nil
  }

  private func difference(_ other: PictureLikeness, mirrored: Bool) -> Double {
    let side = Self.side
    guard colours.count == side * side * 3, other.colours.count == colours.count else { return .infinity }
    var sum = 0
    for place in 0..<side * side {
      let (row, column) = (place / side, place % side)
      let there = row * side + (mirrored ? side - 1 - column : column)
      for channel in 0..<3 { sum += abs(Int(colours[place * 3 + channel]) - Int(other.colours[there * 3 + channel])) }
    }
    return Double(sum) / Double(colours.count)
  }

  static let side = 16
}
