/// The sizes that pictures are brought to, and which picture goes to which; sd-scripts' rule.
///
/// A list of sizes of about one area and many shapes is made once; a picture goes to the one whose ratio of width to
/// height differs least from its own, is scaled to cover it, and cropped.
public struct BucketRule: Sendable, Hashable {
  /// The size that gives the area.
  public let resolution: PixelSize
  /// The shortest side of a bucket, a multiple of ``step``.
  public let shortest: Int
  /// The longest side of a bucket, a multiple of ``step``.
  public let longest: Int
  /// What the sides are multiples of.
  public let step: Int
  /// Whether small pictures are enlarged; where not, ``sizes`` is empty and each picture makes its own bucket.
  public let enlarges: Bool
  /// The list of sizes, in order of width and height.
  public let sizes: [PixelSize]

  /// Why a rule cannot be.
  public struct Refusal: Error, Sendable, Hashable, CustomStringConvertible {
    /// What is wrong and what to do; a clause.
    public var description: String
  }

  /// A rule of these numbers; `shortest` is rounded down and `longest` up to multiples of `step`.
  ///
  /// - Throws: ``Refusal`` when the resolution does not lie between the two or a number is not positive.
  public init(
    resolution: PixelSize, shortest: Int = 256, longest: Int = 1024, step: Int = 64, enlarges: Bool = true
  ) throws(Refusal) {
    let largest = 1 << 16
    guard step >= 8, step <= 1024, step.isMultiple(of: 8) else {
      throw Refusal(description: "the step of buckets is a multiple of 8 from 8 to 1024, \(step) was given")
    }
    guard min(resolution.width, resolution.height, shortest) > 0,
      max(resolution.width, resolution.height, longest) <= largest
    else {
      throw Refusal(description: "sides are from 1 to \(largest) pixels; correct the resolution or the bucket sides")
    }
    let (low, high) = (shortest / step * step, (longest + step - 1) / step * step)
    guard min(resolution.width, resolution.height) >= low else {
      throw Refusal(
        description: "the shortest bucket side \(low) is longer than the resolution \(resolution); make it smaller")
    }
    guard max(resolution.width, resolution.height) <= high else {
      throw Refusal(
        description: "the longest bucket side \(high) is shorter than the resolution \(resolution); make it larger")
    }
    guard resolution.area >= step * step else {
      throw Refusal(description: "a resolution of \(resolution) holds no bucket of step \(step); make it larger")
    }
    (self.resolution, self.shortest, self.longest, self.step) = (resolution, low, high, step)
    self.enlarges = enlarges
    sizes = enlarges ? Self.sizes(area: resolution.area, shortest: low, longest: high, step: step) : []
  }

  /// One size for all pictures, whatever their shape.
  public static func single(_ size: PixelSize) -> BucketRule { BucketRule(only: size) }

  private init(only size: PixelSize) {
    resolution = size
    (shortest, longest, step) = (min(size.width, size.height), max(size.width, size.height), 8)
    enlarges = true
    sizes = [size]
  }

  private static func sizes(area: Int, shortest: Int, longest: Int, step: Int) -> [PixelSize] {
    let side = Int(Double(area).squareRoot() / Double(step)) * step
    var found: Set = [PixelSize(side)]
    // A side of 0 has no other side.
    for width in stride(from: max(shortest, step), through: longest, by: step) {
      let height = min(longest, area / width / step * step)
      guard height >= max(shortest, step) else { continue }
      found.formUnion([PixelSize(width, height), PixelSize(height, width)])
    }
    return found.sorted()
  }

  /// Where a picture goes.
  ///
  /// A picture in no-enlarging mode that is smaller than the step has no bucket: nil.
  public func placement(of picture: PixelSize) -> BucketPlacement? {
    guard picture.width > 0, picture.height > 0 else { return nil }
    return enlarges ? covering(picture) : shrinking(picture)
  }

  private func covering(_ picture: PixelSize) -> BucketPlacement? {
    let ratio = picture.ratio
    var bucket = picture
    if !sizes.contains(picture) {
      // The first of equals, as in the list's order.
      guard let nearest = sizes.min(by: { abs($0.ratio - ratio) < abs($1.ratio - ratio) }) else { return nil }
      bucket = nearest
    }
    // The side that is tighter fills its own; rounding is to the nearest, halves up.
    let scale =
      ratio > bucket.ratio
      ? Double(bucket.height) / Double(picture.height) : Double(bucket.width) / Double(picture.width)
    return BucketPlacement(
      picture: picture, bucket: bucket,
      resized: PixelSize(Self.rounded(picture.width, scale), Self.rounded(picture.height, scale)))
  }

  private func shrinking(_ picture: PixelSize) -> BucketPlacement? {
    var resized = picture
    let ratio = picture.ratio
    if picture.area > resolution.area {
      let width = (Double(resolution.area) * ratio).squareRoot()
      let height = Double(resolution.area) / width
      let byWidth = stepped(width)
      let byHeight = stepped(height)
      let heightOfWidth = stepped(Double(byWidth) / ratio)
      let widthOfHeight = stepped(Double(byHeight) * ratio)
      // Extreme shapes round one side to nothing; the other way of rounding may still do.
      let widthError = heightOfWidth > 0 ? abs(Double(byWidth) / Double(heightOfWidth) - ratio) : .infinity
      let heightError = byHeight > 0 ? abs(Double(widthOfHeight) / Double(byHeight) - ratio) : .infinity
      resized =
        widthError < heightError
        ? PixelSize(byWidth, Int(Double(byWidth) / ratio + 0.5))
        : PixelSize(Int(Double(byHeight) * ratio + 0.5), byHeight)
    }
    let bucket = PixelSize(resized.width / step * step, resized.height / step * step)
    guard bucket.width > 0, bucket.height > 0 else { return nil }
    return BucketPlacement(picture: picture, bucket: bucket, resized: resized)
  }

  private func stepped(_ side: Double) -> Int { Int(side + 0.5) / step * step }
  private static func rounded(_ side: Int, _ scale: Double) -> Int { Int(Double(side) * scale + 0.5) }
}
