public import Adapters

/// A weight for each of some blocks.
public struct BlockWeights: Sendable, Hashable, CustomStringConvertible {
  /// The weights; blocks without one keep what other rules gave them.
  public private(set) var weights: [ModelBlock: Double]

  /// Reads weights by block name, such as `BASE,IN04-08=0.5,MID=1,OUT=0`, or a list of numbers, such as
  /// `1,0,0,0.5,…` (brackets around it are allowed).
  ///
  /// Names before a `=` share its value. A range runs in the model's order (`IN07-OUT02` takes `MID` along), `IN` and
  /// `OUT` alone mean all of their kind, and where a block is named twice the last counts.
  /// - Throws: ``LayerWeightsError``.
  public init(_ text: String, architecture: Architecture) throws(LayerWeightsError) {
    var body = Substring(text.filter { !$0.isWhitespace })
    if body.hasPrefix("["), body.hasSuffix("]") { body = body.dropFirst().dropLast() }
    let items = body.isEmpty ? [] : body.split(separator: ",", omittingEmptySubsequences: false)
    if items.contains(where: { $0.contains(where: { "=:".contains($0) }) || $0.first?.isLetter == true }) {
      try self.init(named: items, text: text, architecture: architecture)
    } else {
      var list: [Double] = []
      for item in items { list.append(try LayerWeights.number(item, in: text)) }
      try self.init(list: list, text: text, architecture: architecture)
    }
  }

  /// Reads a list of 12, 17, 20 or 26 weights in the order of sd-scripts and the LoRA block weight extension.
  ///
  /// 12 is BASE, IN04, 05, 07, 08, MID, OUT00–05 and 20 is BASE, IN00–08, MID, OUT00–08, both of SDXL; 17 is BASE,
  /// IN01, 02, 04, 05, 07, 08, MID, OUT03–11 of SD 1.x and 2.x; 26 is every block of either. The numbers of a list of
  /// 26 for blocks that SDXL lacks have no effect.
  /// - Throws: ``LayerWeightsError`` when the length does not fit the base model or a number is not finite.
  public init(list: [Double], architecture: Architecture) throws(LayerWeightsError) {
    try self.init(
      list: list, text: list.map { LayerWeights.text($0) }.joined(separator: ","), architecture: architecture)
  }

  private init(list: [Double], text: String, architecture: Architecture) throws(LayerWeightsError) {
    try Self.check(architecture, text: text)
    let isWanted = Self.lengths(for: architecture).contains(list.count)
    guard let places = Self.places[list.count], isWanted else {
      let wanted = Self.lengths(for: architecture).map(String.init)
      let model = architecture == .unknown ? "any base model" : architecture.label
      let words = wanted.count > 2 ? wanted.dropLast().joined(separator: ", ") : wanted[0]
      throw LayerWeightsError(
        text: text, rule: .count,
        detail: "\(words) or \(wanted.last ?? "") numbers are wanted for \(model), \(list.count) "
          + "\(list.count == 1 ? "was" : "were") given; write one for each block, or name blocks as in MID,OUT=0.5")
    }
    for weight in list where !weight.isFinite {
      throw LayerWeightsError(
        text: text, rule: .number, detail: "a weight is a finite number, \(weight) was given; write one such as 0.5")
    }
    let blocks = places.compactMap { ModelBlock(index: $0) }
    weights = Dictionary(zip(blocks, list)) { $1 }.filter { $0.key.exists(in: architecture) }
  }

  private init(named items: [Substring], text: String, architecture: Architecture) throws(LayerWeightsError) {
    try Self.check(architecture, text: text)
    weights = [:]
    var waiting: [ModelBlock] = []
    for item in items {
      let sides = item.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      waiting += try Self.blocks(sides[0], text: text, architecture: architecture)
      if sides.count == 2 {
        let weight = try LayerWeights.number(sides[1], in: text)
        for block in waiting { weights[block] = weight }
        waiting = []
      }
    }
    if let last = items.last, !waiting.isEmpty {
      throw LayerWeightsError(
        text: text, rule: .form, detail: "names end in =weight, \"\(last)\" has none; write \(last)=0.5")
    }
  }

  /// The blocks that a name, a range or a kind stands for.
  private static func blocks(
    _ name: Substring, text: String, architecture: Architecture
  ) throws(LayerWeightsError) -> [ModelBlock] {
    func refusal(_ name: Substring) -> LayerWeightsError {
      let names =
        architecture == .sdxl
        ? "BASE, IN00 to IN08, MID and OUT00 to OUT08" : "BASE, IN00 to IN11, MID and OUT00 to OUT11"
      let model = architecture == .unknown ? "A Stable Diffusion model" : architecture.label
      return LayerWeightsError(
        text: text, rule: .block, detail: "\(model) has the blocks \(names), \"\(name)\" was given; write one of these")
    }
    func block(_ name: Substring) throws(LayerWeightsError) -> ModelBlock {
      guard let block = ModelBlock(name), block.exists(in: architecture) else { throw refusal(name) }
      return block
    }
    switch name.uppercased() {
    case "IN": return ModelBlock.all.filter { (1..<13).contains($0.index) && $0.exists(in: architecture) }
    case "OUT": return ModelBlock.all.filter { $0.index > 13 && $0.exists(in: architecture) }
    default: break
    }
    let ends = name.split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
    let first = try block(ends[0])
    guard ends.count == 2 else { return [first] }
    // The second name of a range may leave out the kind: IN04-08.
    let kind = ends[0].prefix(while: \.isLetter)
    let last = try block(ends[1].first?.isNumber == true ? Substring("\(kind)\(ends[1])") : ends[1])
    guard first <= last else {
      throw LayerWeightsError(
        text: text, rule: .block,
        detail: "a range runs in the model's order, \"\(name)\" runs against it; write \(last)-\(first)")
    }
    return ModelBlock.all.filter { $0 >= first && $0 <= last && $0.exists(in: architecture) }
  }

  private static func check(_ architecture: Architecture, text: String) throws(LayerWeightsError) {
    switch architecture {
    case .sd1, .sd2, .sdxl, .unknown: return
    default:
      throw LayerWeightsError(
        text: text, rule: .architecture,
        detail: "block weights are for Stable Diffusion 1.x, 2.x and SDXL, the file is for \(architecture.label); "
          + "use patterns such as unet.**=0.5")
    }
  }

  private static func lengths(for architecture: Architecture) -> [Int] {
    switch architecture {
    case .sdxl: [12, 20, 26]
    case .sd1, .sd2: [17, 26]
    default: [12, 17, 20, 26]
    }
  }

  /// The places among the 26 blocks that the lists of each length name.
  private static let places: [Int: [Int]] = [
    12: [0, 5, 6, 8, 9, 13] + Array(14...19),
    17: [0, 2, 3, 5, 6, 8, 9, 13] + Array(17...25),
    20: Array(0...9) + [13] + Array(14...22),
    26: Array(0..<26),
  ]

  /// The weights by name, in the model's order; ``init(_:architecture:)`` reads it back.
  public var description: String {
    weights.sorted { $0.key < $1.key }.map { "\($0.key)=\(LayerWeights.text($0.value))" }.joined(separator: ",")
  }
}
