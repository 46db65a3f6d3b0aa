/// The channels a caller wants.
public enum PictureForm: Sendable, Hashable {
  /// As the file has them: 1 to 4.
  case stored
  /// Three; what is transparent shows the background.
  case rgb(background: Colour)
  /// Four; alpha is 255 where the file has none.
  case rgba
}

extension Picture {
  /// The picture with these channels.
  public func converted(to form: PictureForm) -> Picture {
    switch form {
    case .stored: self
    case .rgb(let background): rgb(over: background)
    case .rgba: rgba()
    }
  }

  /// Three channels: grey repeated, and alpha flattened onto a background.
  ///
  /// A sample becomes `(sample · alpha + background · (255 − alpha)) / 255`, rounded to the nearest.
  public func rgb(over background: Colour = .white) -> Picture {
    if channels == 3 { return self }
    let behind = background.bytes(channels: 3).map(Int.init)
    let source = bytes.span
    let coloured = channels == 4
    let result = Self.samples(width * height * 3) { target in
      for pixel in 0..<width * height {
        let start = pixel * channels
        let alpha = hasAlpha ? Int(source[start + channels - 1]) : 255
        for channel in 0..<3 {
          let sample = Int(source[coloured ? start + channel : start])
          target[pixel * 3 + channel] = UInt8((sample * alpha + behind[channel] * (255 - alpha) + 127) / 255)
        }
      }
    }
    return Picture(width: width, height: height, channels: 3, bytes: result)
  }

  /// Four channels: grey repeated, alpha 255 where there is none.
  public func rgba() -> Picture {
    if channels == 4 { return self }
    let source = bytes.span
    let result = Self.samples(width * height * 4) { target in
      for pixel in 0..<width * height {
        let start = pixel * channels
        for channel in 0..<3 {
          target[pixel * 4 + channel] = source[channels == 3 ? start + channel : start]
        }
        target[pixel * 4 + 3] = channels == 2 ? source[start + 1] : 255
      }
    }
    return Picture(width: width, height: height, channels: 4, bytes: result)
  }

  /// Where the picture is opaque: alpha as a grey picture, 255 everywhere without one.
  public func alpha() -> Picture {
    let source = bytes.span
    let result = Self.samples(width * height) { target in
      for pixel in 0..<width * height {
        target[pixel] = hasAlpha ? source[pixel * channels + channels - 1] : 255
      }
    }
    return Picture(width: width, height: height, channels: 1, bytes: result)
  }
}
