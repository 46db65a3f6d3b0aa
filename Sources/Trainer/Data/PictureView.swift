internal import Diffusion

/// Which part of a picture one use of it shows, and whether it is mirrored.
public struct PictureView: Sendable, Hashable {
  /// How the picture is resized.
  public var placement: BucketPlacement
  /// What is cut out of the resized picture.
  public var window: CropWindow
  /// Whether the window is mirrored afterwards.
  public var isFlipped: Bool
  /// What is told of crops.
  public var offsets: ImageRule.Offsets

  /// A view of these parts.
  public init(placement: BucketPlacement, window: CropWindow, isFlipped: Bool, offsets: ImageRule.Offsets) {
    (self.placement, self.window, self.isFlipped, self.offsets) = (placement, window, isFlipped, offsets)
  }

  /// The view that a rule gives at one use.
  ///
  /// Draws a flip, then a crop, and each only where the rule asks for it.
  public init(_ placement: BucketPlacement, rule: ImageRule, using random: inout CounterRandom) {
    isFlipped = rule.flips && random.unit() < 0.5
    window = rule.crop == .random ? placement.random(using: &random) : placement.centred
    self.placement = placement
    offsets = rule.offsets
  }

  /// What SDXL is told of the view.
  public var condition: CropCondition {
    switch offsets {
    case .real: placement.condition(of: window, flipped: isFlipped)
    case .kohya: placement.kohyaCondition(flipped: isFlipped)
    }
  }
}

extension SizeConditioning {
  /// What SDXL is told of a crop.
  init(_ crop: CropCondition) {
    self.init(
      originalHeight: crop.original.height, originalWidth: crop.original.width, cropTop: crop.top, cropLeft: crop.left,
      targetHeight: crop.target.height, targetWidth: crop.target.width)
  }
}
