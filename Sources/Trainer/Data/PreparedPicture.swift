public import Images

/// A picture as the network is shown it: upright, on a background, resized, cropped, perhaps mirrored.
public struct PreparedPicture: Sendable {
  /// Red, green and blue, of the bucket's size.
  public let picture: Picture
  /// What counts in a masked loss, one channel of the bucket's size, 0 (left out) to 255; nil where everything does.
  public let mask: Picture?

  /// Reads and prepares a picture.
  ///
  /// - Parameters:
  ///   - path: the picture's file.
  ///   - maskPath: a file whose brightness is the mask, stretched to the picture; it comes before transparency.
  ///   - rule: what lies behind transparent parts, and whether they are left out of the loss.
  ///   - view: what is cut out.
  /// - Throws: `ImageError`.
  public init(path: String, mask maskPath: String? = nil, rule: ImageRule, view: PictureView) throws(ImageError) {
    let stored = try Picture(contentsOf: path)
    var mask: Picture?
    if let maskPath {
      mask = Self.brightness(try Picture(contentsOf: maskPath))
    } else if rule.masks, stored.hasAlpha {
      mask = stored.alpha()
    }
    // Flattened before it is resized: the colours of transparent pixels mean nothing, and would bleed into the edges.
    picture = Self.viewed(stored.rgb(over: rule.backgroundColour), view)
    self.mask = mask.map { Self.viewed($0, view) }
  }

  private static func viewed(_ picture: Picture, _ view: PictureView) -> Picture {
    let (resized, window) = (view.placement.resized, view.window)
    let whole = picture.resized(width: resized.width, height: resized.height)
    let cut = whole.cropped(x: window.left, y: window.top, width: window.size.width, height: window.size.height)
    return view.isFlipped ? cut.flipped() : cut
  }

  /// The mean of the three colours.
  private static func brightness(_ picture: Picture) -> Picture {
    let colours = picture.rgb(over: .black)
    let bytes = stride(from: 0, to: colours.bytes.count, by: 3).map { (start: Int) -> UInt8 in
      let sum = colours.bytes[start..<start + 3].reduce(0) { $0 + Int($1) }
      return UInt8((sum + 1) / 3)
    }
    return Picture(width: colours.width, height: colours.height, channels: 1, bytes: bytes)
  }
}
