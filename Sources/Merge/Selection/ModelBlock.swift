public import Adapters

/// A block of the model as block weights count them: `BASE`, then `IN00`…`IN11`, `MID`, `OUT00`…`OUT11`.
///
/// The numbers are those of the original naming (`input_blocks.4` is `IN04`), whatever naming a file uses. SD 1.x and
/// 2.x have all 26; SDXL has `IN00`…`IN08` and `OUT00`…`OUT08`.
public struct ModelBlock: Sendable, Hashable, Comparable, CustomStringConvertible {
  /// The place among all 26 blocks: 0 is `BASE`, 1 is `IN00`, 13 is `MID`, 14 is `OUT00`.
  public let index: Int

  private init(unchecked index: Int) { self.index = index }

  /// A block by its place; nil when it is not from 0 to 25.
  public init?(index: Int) {
    guard (0..<Self.count).contains(index) else { return nil }
    self.index = index
  }

  /// How many blocks there are.
  public static let count = 26
  /// Every text encoder.
  public static let base = ModelBlock(unchecked: 0)
  /// The block in the middle of the UNet.
  public static let middle = ModelBlock(unchecked: 13)
  /// Every block, in the order of a list of 26.
  public static let all = (0..<count).map { ModelBlock(unchecked: $0) }

  /// The block that a layer belongs to.
  ///
  /// Layers of every text encoder are `BASE`. The rule for the UNet is `down_blocks.i.….j` → `IN(3i + j + 1)`, a
  /// downsampler → `IN(3i + 3)`, `up_blocks.i.….j` → `OUT(3i + j)`, an upsampler → `OUT(3i + 2)`, `conv_in` → `IN00`.
  ///
  /// - Returns: nil for layers outside the numbered blocks (time and label embedding, `conv_out`) and for names that no
  ///   Stable Diffusion UNet has.
  public init?(of path: ModulePath) {
    guard path.part.isDenoiser else {
      self = .base
      return
    }
    // Block weights count a UNet's blocks; a transformer has others.
    guard path.part == .unet else { return nil }
    let pieces = path.name.split(separator: ".")
    guard let first = pieces.first else { return nil }
    if first == "conv_in" {
      self.init(unchecked: 1)
      return
    }
    if first == "mid_block" {
      self = .middle
      return
    }
    guard pieces.count > 3, let level = Int(pieces[1]), (0..<4).contains(level), let item = Int(pieces[3]) else {
      return nil
    }
    switch (first, pieces[2]) {
    case ("down_blocks", "resnets"), ("down_blocks", "attentions"):
      guard (0..<2).contains(item) else { return nil }
      self.init(unchecked: 1 + 3 * level + item + 1)
    case ("down_blocks", "downsamplers"):
      // The last level of SD 1.x has no downsampler; a file that claims one has no block to put it in.
      guard item == 0, level < 3 else { return nil }
      self.init(unchecked: 1 + 3 * (level + 1))
    case ("up_blocks", "resnets"), ("up_blocks", "attentions"):
      guard (0..<3).contains(item) else { return nil }
      self.init(unchecked: 14 + 3 * level + item)
    case ("up_blocks", "upsamplers"):
      guard item == 0 else { return nil }
      self.init(unchecked: 14 + 3 * level + 2)
    default: return nil
    }
  }

  /// `BASE`, `IN04`, `MID` or `OUT05`.
  public var description: String {
    switch index {
    case 0: "BASE"
    case 13: "MID"
    case 1..<13: "IN" + Self.twoDigits(index - 1)
    default: "OUT" + Self.twoDigits(index - 14)
    }
  }

  /// A block by its name, in either case and with one digit or two; nil when there is none.
  public init?(_ name: some StringProtocol) {
    let name = name.uppercased()
    switch name {
    case "BASE": self = .base
    case "MID", "M00": self = .middle
    default:
      let prefix = name.hasPrefix("IN") ? 2 : name.hasPrefix("OUT") ? 3 : 0
      let digits = name.dropFirst(prefix)
      guard prefix > 0, (1...2).contains(digits.count), digits.allSatisfy(\.isASCII), digits.allSatisfy(\.isNumber),
        let number = Int(digits), (0..<12).contains(number)
      else { return nil }
      self.init(unchecked: (prefix == 2 ? 1 : 14) + number)
    }
  }

  /// Whether a base model has the block.
  ///
  /// For an unknown base model the answer is yes for every block.
  public func exists(in architecture: Architecture) -> Bool {
    guard architecture == .sdxl else { return true }
    return index <= 9 || index == 13 || (14...22).contains(index)
  }

  /// The order of a list of 26.
  public static func < (a: ModelBlock, b: ModelBlock) -> Bool { a.index < b.index }

  private static func twoDigits(_ number: Int) -> String { (number < 10 ? "0" : "") + String(number) }
}
