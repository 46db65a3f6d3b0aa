/// How the rows of a layer that a model stores as one are shared among the layers that diffusers keeps apart.
struct RowParts: Sendable, Hashable {
  /// Which rows are whose.
  enum Rule: Sendable, Hashable {
    /// As many rows for each: query, key and value.
    case equal
    /// Rows in these proportions, as where fewer heads have keys than queries.
    case weighted([Int])
    /// As many rows as the layer has inputs for each but the last, which has the rest.
    case widthThenRest
    /// One layer whose halves stand in the other order.
    case exchangedHalves
    /// The same where the layer is twice as high as wide; else one layer whose rows stand as they are.
    case exchangedIfTwo
  }

  var rule: Rule
  /// The layers, in the order of the rows.
  var names: [String]

  func within(_ block: String) -> RowParts { RowParts(rule: rule, names: names.map { "\(block).\($0)" }) }

  /// The rows of each part, in the part's own order; nil where a layer of this size has no such parts.
  func rows(outputs: Int, inputs: Int) -> [[Range<Int>]]? {
    guard outputs > 0 else { return nil }
    func inOrder(_ heights: [Int]) -> [[Range<Int>]]? {
      guard heights.allSatisfy({ $0 > 0 }), heights.reduce(0, +) == outputs else { return nil }
      var start = 0
      return heights.map { height in
        defer { start += height }
        return [start..<start + height]
      }
    }
    switch rule {
    case .equal: return inOrder(names.map { _ in outputs / names.count })
    case .weighted(let weights):
      let unit = outputs / weights.reduce(0, +)
      return inOrder(weights.map { $0 * unit })
    case .widthThenRest:
      let width = names.count - 1
      // A product of small tensors can claim any width.
      guard inputs > 0, inputs < outputs, outputs - width * inputs > 0 else { return nil }
      return inOrder(Array(repeating: inputs, count: width) + [outputs - width * inputs])
    case .exchangedHalves:
      guard outputs % 2 == 0 else { return nil }
      return [[outputs / 2..<outputs, 0..<outputs / 2]]
    case .exchangedIfTwo: return outputs == 2 * inputs ? [[inputs..<outputs, 0..<inputs]] : [[0..<outputs]]
    }
  }
}

extension RowParts {
  /// The rows of every part, where those of some are known; nil where these do not fit each other.
  ///
  /// - Parameters:
  ///   - known: the rows of each part; nil for one that is not trained.
  ///   - inputs: the layer's input features.
  func heights(_ known: [Int?], inputs: Int) -> [Int]? {
    guard known.count == names.count, let first = known.lazy.compactMap({ $0 }).first else { return nil }
    var heights: [Int]
    switch rule {
    case .equal, .exchangedHalves, .exchangedIfTwo: heights = known.map { _ in first }
    case .weighted(let weights):
      let units = zip(known, weights).compactMap { height, weight in height.map { $0 / weight } }
      heights = weights.map { $0 * (units.first ?? 0) }
    case .widthThenRest:
      heights = known.map { _ in inputs }
      // The feed-forward part of these blocks is four times as wide where it is not known.
      heights[names.count - 1] = known[names.count - 1] ?? 4 * inputs
    }
    return zip(known, heights).allSatisfy { $0 == nil || $0 == $1 } ? heights : nil
  }

  /// Query, key and value of the picture's stream.
  static let attention = RowParts(rule: .equal, names: ["attn.to_q", "attn.to_k", "attn.to_v"])
  /// Query, key and value of the text's stream.
  static let addedAttention = RowParts(
    rule: .equal, names: ["attn.add_q_proj", "attn.add_k_proj", "attn.add_v_proj"])
  /// Query, key, value and the way into the feed-forward part, of a block that computes them at once.
  static let attentionAndMLP = RowParts(
    rule: .widthThenRest, names: ["attn.to_q", "attn.to_k", "attn.to_v", "proj_mlp"])

  /// A final modulation whose scale and shift diffusers stores in the other order.
  static func exchanged(_ name: String) -> RowParts { RowParts(rule: .exchangedHalves, names: [name]) }
}
