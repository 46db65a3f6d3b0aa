/// The identity of one layer of the base model, whatever dialect a file names it in.
///
/// The name is the layer's dotted path in diffusers, because it is the one naming that loses nothing:
/// `down_blocks.1.attentions.0.transformer_blocks.0.attn1.to_q`.
public struct ModulePath: Sendable, Hashable, CustomStringConvertible {
  /// The network.
  public let part: ModelPart
  /// The dotted path within the network.
  public let name: String
  /// What the layer does.
  public let role: Role
  /// The block it belongs to: `down0`…`down3`, `mid`, `up0`…`up3`, `in`, `out` of a UNet, `block0`…, `single0`…,
  /// `refiner0`…, `in`, `out` of a transformer, `te1`, `te2`, `te3`, `llm`.
  public let block: String
  /// The layer's place in the model's own order, which sorting follows.
  private let order: Int

  /// Creates an identity; a name that no table has sorts after all others.
  public init(part: ModelPart, name: String) {
    let order: Int? =
      switch part {
      case .unet: UNetModules.order[name]
      case .transformer: Self.order(of: name)
      case .textEncoder1, .textEncoder2, .textEncoder3, .languageModel: TextEncoderModules.order[name]
      }
    self.init(part: part, name: name, order: order ?? .max)
  }

  /// Creates an identity whose place in its table is known.
  init(part: ModelPart, name: String, order: Int) {
    let pieces = name.split(separator: ".")
    self.part = part
    self.name = name
    self.order = order
    role = Role(part: part, pieces: pieces)
    block = Self.block(part: part, pieces: pieces)
  }

  /// Part and name, such as `unet.mid_block.attentions.0.proj_in`.
  public var description: String { "\(part.rawValue).\(name)" }

  /// The width of the layer's kernel where the name tells it: 3 for the 3×3 convolutions of the UNet, else 1.
  ///
  /// Files that store a convolution's ΔW flattened need it to be written back with its kernel.
  public var kernelWidth: Int {
    guard part == .unet else { return 1 }
    let text = name.utf8
    // Asked for every layer of thousands of files: nothing is cut out or compared as characters.
    let start = text.lastIndex(of: UInt8(ascii: ".")).map { text.index(after: $0) } ?? text.startIndex
    let last = text[start...]
    return last.first == UInt8(ascii: "c") && Self.convolutions.contains { last.elementsEqual($0.utf8) } ? 3 : 1
  }

  private static let convolutions = ["conv1", "conv2", "conv", "conv_in", "conv_out"]

  private static func block(part: ModelPart, pieces: [Substring]) -> String {
    guard part.isDenoiser else { return part.rawValue }
    if part == .transformer { return TransformerBlock(pieces).name }
    switch pieces.first {
    case "down_blocks" where pieces.count > 1: return "down\(pieces[1])"
    case "up_blocks" where pieces.count > 1: return "up\(pieces[1])"
    case "mid_block": return "mid"
    case "conv_out", "conv_norm_out": return "out"
    default: return "in"
    }
  }

  /// A transformer's layers by block, and within one by name.
  private static func order(of name: String) -> Int { TransformerBlock(name.split(separator: ".")).order }

  /// Names of blocks in the order in which they are shown: from the prompt to the picture; unknown ones last.
  public static func inOrder(_ blocks: some Sequence<String>) -> [String] {
    Set(blocks).map { (place($0), $0) }.sorted { $0 < $1 }.map(\.1)
  }

  /// The place of a block among all that a model can have.
  public static func place(_ block: String) -> Int { blockOrder[block] ?? TransformerBlock.place(block) ?? .max }

  private static let blockOrder = Dictionary(
    uniqueKeysWithValues: (["te1", "te2", "te3", "llm", "in"] + (0...3).map { "down\($0)" } + ["mid"]
      + (0...3).map { "up\($0)" }).enumerated().map { ($1, $0) } + [("out", 1 << 20)])
}

extension ModulePath {
  /// Part and name are the identity; all else follows from them.
  public static func == (a: ModulePath, b: ModulePath) -> Bool { a.part == b.part && a.name == b.name }

  /// Part and name.
  public func hash(into hasher: inout Hasher) {
    hasher.combine(part)
    hasher.combine(name)
  }
}

extension ModulePath: Comparable {
  /// By part, then in the model's own order.
  public static func < (a: ModulePath, b: ModulePath) -> Bool {
    if a.part != b.part { return a.part < b.part }
    if a.order != b.order { return a.order < b.order }
    // Numbers within names by their value, so that block 10 follows block 9.
    return a.name.naturallyPrecedes(b.name)
  }
}
