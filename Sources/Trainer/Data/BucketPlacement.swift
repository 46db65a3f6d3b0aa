/// How a picture becomes the one of its bucket: resized to cover it, then cropped.
public struct BucketPlacement: Sendable, Hashable {
  /// The upright picture's size.
  public var picture: PixelSize
  /// The size after all.
  public var bucket: PixelSize
  /// The size after resizing, before cropping; nowhere smaller than the bucket.
  public var resized: PixelSize

  /// A placement of these sizes.
  public init(picture: PixelSize, bucket: PixelSize, resized: PixelSize) {
    (self.picture, self.bucket, self.resized) = (picture, bucket, resized)
  }

  /// Pixels that are cut off in all, in each direction.
  public var excess: PixelSize {
    PixelSize(max(0, resized.width - bucket.width), max(0, resized.height - bucket.height))
  }

  /// The window of the resized picture in the middle; odd pixels are cut at the right and at the bottom.
  public var centred: CropWindow { CropWindow(left: excess.width / 2, top: excess.height / 2, size: bucket) }

  /// A window at a random place.
  public func random(using random: inout CounterRandom) -> CropWindow {
    CropWindow(left: random.below(excess.width + 1), top: random.below(excess.height + 1), size: bucket)
  }

  /// Left and top of a crop as SDXL is told, by what really was cut; `flipped` when the window was mirrored afterwards.
  ///
  /// In pixels of the resized picture, as the base model was trained.
  public func condition(of window: CropWindow, flipped: Bool = false) -> CropCondition {
    CropCondition(
      original: picture, left: flipped ? max(0, resized.width - window.left - bucket.width) : window.left,
      top: window.top, target: bucket)
  }

  /// Left and top as sd-scripts tells SDXL: by the size of the picture as if it were *fitted into* the bucket.
  ///
  /// A 4:3 picture in a square bucket of 1024 gives top 128 and left 0, though it is cropped by 170 on the left.
  public func kohyaCondition(flipped: Bool = false) -> CropCondition {
    let (width, height) = (Double(bucket.width), Double(bucket.height))
    let (innerWidth, innerHeight) =
      bucket.ratio > picture.ratio ? (height * picture.ratio, height) : (width, width / picture.ratio)
    let left = ((width - innerWidth) / 2).rounded(.down)
    let top = ((height - innerHeight) / 2).rounded(.down)
    return CropCondition(
      original: picture, left: Int(flipped ? width - (left + innerWidth) : left), top: Int(top), target: bucket)
  }
}

/// A rectangle of a resized picture.
public struct CropWindow: Sendable, Hashable {
  /// Columns before it.
  public var left: Int
  /// Rows above it.
  public var top: Int
  /// Its size.
  public var size: PixelSize

  /// A window of these numbers.
  public init(left: Int, top: Int, size: PixelSize) { (self.left, self.top, self.size) = (left, top, size) }
}

/// What SDXL is told of a picture's size and crop.
public struct CropCondition: Sendable, Hashable {
  /// The picture's size before resizing.
  public var original: PixelSize
  /// Columns cut at the left.
  public var left: Int
  /// Rows cut at the top.
  public var top: Int
  /// The bucket's size.
  public var target: PixelSize

  /// A condition of these numbers.
  public init(original: PixelSize, left: Int, top: Int, target: PixelSize) {
    (self.original, self.left, self.top, self.target) = (original, left, top, target)
  }
}
