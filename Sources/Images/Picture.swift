/// A picture in memory: 8 bits a sample, sRGB, rows from top to bottom.
public struct Picture: Sendable, Equatable {
  /// Pixels in a row, at least 1.
  public let width: Int
  /// Rows, at least 1.
  public let height: Int
  /// 1 grey, 2 grey and alpha, 3 RGB, 4 RGBA; alpha is not multiplied into the colours.
  public let channels: Int
  /// `height × width × channels` samples, interleaved.
  public internal(set) var bytes: [UInt8]

  /// Makes a picture of samples.
  ///
  /// The number of bytes must be `width × height × channels`: anything else is a mistake of the program.
  public init(width: Int, height: Int, channels: Int, bytes: [UInt8]) {
    precondition(width > 0 && height > 0 && (1...4).contains(channels), "a picture has pixels and 1 to 4 channels")
    precondition(bytes.count == width * height * channels, "a picture has width × height × channels bytes")
    self.width = width
    self.height = height
    self.channels = channels
    self.bytes = bytes
  }

  /// A picture of one colour.
  public init(width: Int, height: Int, channels: Int = 3, filledWith colour: Colour) {
    let pixel = colour.bytes(channels: channels)
    let bytes = Self.samples(width * height * channels) { buffer in
      for index in 0..<width * height * channels { buffer[index] = pixel[index % channels] }
    }
    self.init(width: width, height: height, channels: channels, bytes: bytes)
  }

  /// Whether the last channel is alpha.
  public var hasAlpha: Bool { channels == 2 || channels == 4 }

  /// The samples of one pixel.
  public subscript(x: Int, y: Int) -> ArraySlice<UInt8> {
    precondition((0..<width).contains(x) && (0..<height).contains(y), "a pixel outside the picture")
    let start = (y * width + x) * channels
    return bytes[start..<start + channels]
  }

  /// Samples that a function fills in.
  static func samples(_ count: Int, _ fill: (inout MutableSpan<UInt8>) -> Void) -> [UInt8] {
    var result = [UInt8](repeating: 0, count: count)
    var span = result.mutableSpan
    fill(&span)
    return result
  }
}
