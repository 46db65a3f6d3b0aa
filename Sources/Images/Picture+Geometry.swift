extension Picture {
  /// The part of `width × height` pixels whose upper left corner is at `x`, `y`; it must lie inside.
  public func cropped(x: Int, y: Int, width: Int, height: Int) -> Picture {
    precondition(
      x >= 0 && y >= 0 && width > 0 && height > 0 && x + width <= self.width && y + height <= self.height,
      "a crop lies inside the picture")
    var result: [UInt8] = []
    result.reserveCapacity(width * height * channels)
    for row in y..<y + height {
      let start = (row * self.width + x) * channels
      result += bytes[start..<start + width * channels]
    }
    return Picture(width: width, height: height, channels: channels, bytes: result)
  }

  /// Every pixel as a square of `times` × `times`, so that small pictures stay sharp; `times` must be at least 1.
  public func enlarged(times: Int) -> Picture {
    precondition(times > 0, "a picture is enlarged once at least")
    if times == 1 { return self }
    let source = bytes.span
    let side = width * times
    let result = Self.samples(bytes.count * times * times) { target in
      for y in 0..<height * times {
        for x in 0..<side {
          let from = (y / times * width + x / times) * channels
          let to = (y * side + x) * channels
          for channel in 0..<channels { target[to + channel] = source[from + channel] }
        }
      }
    }
    return Picture(width: side, height: height * times, channels: channels, bytes: result)
  }

  /// Left and right exchanged.
  public func flipped() -> Picture {
    let source = bytes.span
    let result = Self.samples(bytes.count) { target in
      for y in 0..<height {
        for x in 0..<width {
          let from = (y * width + width - 1 - x) * channels
          let to = (y * width + x) * channels
          for channel in 0..<channels { target[to + channel] = source[from + channel] }
        }
      }
    }
    return Picture(width: width, height: height, channels: channels, bytes: result)
  }

  /// Puts another picture onto this one, its upper left corner at `x`, `y`.
  ///
  /// What would stand outside is cut off. The other picture is flattened onto `background` where this one has no alpha,
  /// and its channels are brought to this one's; it replaces what is there and is not blended with it.
  public mutating func paste(_ other: Picture, x: Int, y: Int, background: Colour = .white) {
    let other = other.matching(channels, background: background)
    let left = max(0, x)
    let right = min(width, x + other.width)
    guard left < right else { return }
    for row in max(0, y)..<max(0, y, min(height, y + other.height)) {
      let from = ((row - y) * other.width + left - x) * channels
      let to = (row * width + left) * channels
      let count = (right - left) * channels
      bytes.replaceSubrange(to..<to + count, with: other.bytes[from..<from + count])
    }
  }

  /// A larger picture with this one at `x`, `y`, and a colour around it; alpha there is 255.
  public func extended(width: Int, height: Int, x: Int, y: Int, colour: Colour) -> Picture {
    var result = Picture(width: width, height: height, channels: channels, filledWith: colour)
    result.paste(self, x: x, y: y)
    return result
  }

  /// The size in which a picture fits into a box and keeps its shape; it is never enlarged.
  public func size(fitting width: Int, _ height: Int) -> (width: Int, height: Int) {
    let scale = min(1, Double(width) / Double(self.width), Double(height) / Double(self.height))
    return (
      max(1, Int((Double(self.width) * scale).rounded())), max(1, Int((Double(self.height) * scale).rounded()))
    )
  }

  /// The picture with a number of channels.
  ///
  /// Colours become grey by the weights of Rec. 601.
  func matching(_ count: Int, background: Colour) -> Picture {
    if count == channels { return self }
    switch count {
    case 3: return rgb(over: background)
    case 4: return rgba()
    default:
      let colours = count == 1 ? rgb(over: background) : rgba()
      var result: [UInt8] = []
      result.reserveCapacity(width * height * count)
      for start in stride(from: 0, to: colours.bytes.count, by: colours.channels) {
        let colour = Colour(
          red: colours.bytes[start], green: colours.bytes[start + 1], blue: colours.bytes[start + 2])
        result += colour.bytes(channels: 1)
        if count == 2 { result.append(colours.bytes[start + 3]) }
      }
      return Picture(width: width, height: height, channels: count, bytes: result)
    }
  }
}
