/// A width and a height in pixels.
public struct PixelSize: Sendable, Hashable, Comparable, CustomStringConvertible {
  /// Pixels in a row.
  public var width: Int
  /// Rows.
  public var height: Int

  /// A size of these sides.
  public init(_ width: Int, _ height: Int) { (self.width, self.height) = (width, height) }

  /// A square.
  public init(_ side: Int) { self.init(side, side) }

  /// Pixels in all.
  public var area: Int { width * height }
  /// Width over height.
  public var ratio: Double { Double(width) / Double(height) }
  /// The size as `width×height`.
  public var description: String { "\(width)×\(height)" }

  /// Order by width, then by height.
  public static func < (a: PixelSize, b: PixelSize) -> Bool { (a.width, a.height) < (b.width, b.height) }
}
