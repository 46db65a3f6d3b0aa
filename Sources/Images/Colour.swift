/// A colour of sRGB, 8 bits a channel.
public struct Colour: Sendable, Hashable, Codable {
  /// Red, 0 to 255.
  public var red: UInt8
  /// Green, 0 to 255.
  public var green: UInt8
  /// Blue, 0 to 255.
  public var blue: UInt8

  /// Makes a colour.
  public init(red: UInt8, green: UInt8, blue: UInt8) {
    self.red = red
    self.green = green
    self.blue = blue
  }

  /// A grey.
  public init(grey: UInt8) { self.init(red: grey, green: grey, blue: grey) }

  /// White.
  public static let white = Colour(grey: 255)
  /// Black.
  public static let black = Colour(grey: 0)

  /// The bytes of a pixel with so many channels.
  ///
  /// Grey is by the weights of Rec. 601, as Pillow's `convert("L")` has it.
  func bytes(channels: Int) -> [UInt8] {
    let weighted = Int(red) * 19595 + Int(green) * 38470 + Int(blue) * 7471
    let grey = UInt8((weighted + 0x8000) >> 16)
    return switch channels {
    case 1: [grey]
    case 2: [grey, 255]
    case 3: [red, green, blue]
    default: [red, green, blue, 255]
    }
  }
}
