/// A pattern over the full path of a layer, such as `unet.up_blocks.*.attentions.**.attn2.to_k`.
///
/// The path is compared segment by segment, and all of it must match: `?` stands for one character, `*` for any number
/// of characters within one segment, and the segment `**` for any number of segments, none included. A path begins with
/// its network: `unet`, `transformer`, `te1`, `te2`, `te3` or `llm`. So `unet.up_blocks.*.attn2.*` names nothing, because
/// four segments stand between the level and `attn2`; `unet.up_blocks.**.attn2.**` names all cross-attention on the way up.
public struct LayerPattern: Sendable, Hashable, Comparable, CustomStringConvertible {
  /// The pattern as written.
  public let text: String
  private let segments: [Segment]

  private enum Segment: Sendable, Hashable {
    case any
    case glob([Character])
  }

  /// Reads a pattern.
  ///
  /// - Throws: ``LayerWeightsError`` with the rule `pattern` when it is empty, has an empty segment, holds `**` beside
  ///   other characters or begins with something that no network is called.
  public init(_ text: String) throws(LayerWeightsError) {
    func refusal(_ detail: String) -> LayerWeightsError {
      LayerWeightsError(text: text, rule: .pattern, detail: detail)
    }
    guard !text.isEmpty else { throw refusal("a pattern is wanted, nothing was given; write one such as unet.**") }
    guard text.utf8.count <= 1000 else {
      throw refusal("a pattern of at most 1000 bytes is wanted, \(text.utf8.count) were given; write a shorter one")
    }
    var segments: [Segment] = []
    for piece in text.split(separator: ".", omittingEmptySubsequences: false) {
      guard !piece.isEmpty else {
        throw refusal("a segment between two dots is empty; write * for any one segment and ** for any number")
      }
      if piece == "**" {
        // Two in a row say what one says.
        if segments.last != .any { segments.append(.any) }
      } else if piece.contains("**") {
        throw refusal("** stands alone between dots, \"\(piece)\" was given; write * within a segment")
      } else {
        segments.append(.glob(Array(piece)))
      }
    }
    if case .glob(let first)? = segments.first,
      !ModelPart.allCases.contains(where: { Self.matches(Array($0.rawValue), first) })
    {
      throw refusal(
        "a path begins with unet, transformer, te1, te2, te3 or llm, \"\(String(first))\" was given; write unet.… or **.…"
      )
    }
    self.text = text
    self.segments = segments
  }

  /// The pattern as written.
  public var description: String { text }

  /// Whether the pattern names the layer.
  public func matches(_ path: ModulePath) -> Bool {
    let pieces = path.description.split(separator: ".").map(Array.init)
    // A mismatch falls back to the last ** alone: an earlier one could only take what this one can take as well.
    var (piece, segment) = (0, 0)
    var fallback: (piece: Int, segment: Int)?
    while piece < pieces.count {
      if segment < segments.count {
        switch segments[segment] {
        case .any:
          fallback = (piece, segment)
          segment += 1
          continue
        case .glob(let glob) where Self.matches(pieces[piece], glob):
          (piece, segment) = (piece + 1, segment + 1)
          continue
        case .glob: break
        }
      }
      guard let last = fallback else { return false }
      fallback = (last.piece + 1, last.segment)
      (piece, segment) = (last.piece + 1, last.segment + 1)
    }
    return segments[segment...].allSatisfy { $0 == .any }
  }

  /// Whether a text is one that a pattern of `?` and `*` describes.
  private static func matches(_ text: [Character], _ glob: [Character]) -> Bool {
    var (i, j) = (0, 0)
    var fallback: (i: Int, j: Int)?
    while i < text.count {
      if j < glob.count, glob[j] == "*" {
        fallback = (i, j)
        j += 1
      } else if j < glob.count, glob[j] == "?" || glob[j] == text[i] {
        (i, j) = (i + 1, j + 1)
      } else if let last = fallback {
        fallback = (last.i + 1, last.j)
        (i, j) = (last.i + 1, last.j + 1)
      } else {
        return false
      }
    }
    return glob[j...].allSatisfy { $0 == "*" }
  }

  /// The order of the texts.
  public static func < (a: LayerPattern, b: LayerPattern) -> Bool { a.text < b.text }
}
