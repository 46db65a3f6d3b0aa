public import Adapters

/// How much of each layer of one source a merge takes.
///
/// Four kinds of rules are applied in this order; each replaces what the ones before it gave to the layers it names:
///
/// 1. the strength of each network (``textEncoder1``, ``textEncoder2``, ``textEncoder3``, ``unet``),
/// 2. block weights (``blocks``); blocks without one, and layers outside the blocks, keep the network's strength,
/// 3. patterns (``patterns``), of which the last that names a layer counts,
/// 4. exclusion (``excluded``): such layers are left out whatever the others say.
///
/// The weight multiplies the source's own strength.
public struct LayerWeights: Sendable, Hashable, CustomStringConvertible {
  /// A pattern and the weight of the layers it names.
  public struct Rule: Sendable, Hashable {
    /// The layers.
    public var pattern: LayerPattern
    /// Their weight; finite.
    public var weight: Double

    /// Creates a rule.
    public init(pattern: LayerPattern, weight: Double) {
      self.pattern = pattern
      self.weight = weight
    }
  }

  /// The strength of the first text encoder.
  public var textEncoder1 = 1.0
  /// The strength of the second text encoder of SDXL and SD 3.
  public var textEncoder2 = 1.0
  /// The strength of T5.
  public var textEncoder3 = 1.0
  /// The strength of the denoising network, a UNet or a transformer.
  public var unet = 1.0
  /// Weights of blocks.
  public var blocks: BlockWeights?
  /// Weights of layers by their path.
  public var patterns: [Rule] = []
  /// What is left out.
  public var excluded: [LayerPattern] = []

  /// Creates the weights that take everything as it is.
  public init() {}

  /// Every layer at the source's own strength.
  public static let all = LayerWeights()

  /// What multiplies the source's strength at a layer; 0 leaves the layer out.
  public func weight(of path: ModulePath) -> Double {
    if excluded.contains(where: { $0.matches(path) }) { return 0 }
    if let rule = patterns.last(where: { $0.pattern.matches(path) }) { return rule.weight }
    if let blocks, let block = ModelBlock(of: path), let weight = blocks.weights[block] { return weight }
    switch path.part {
    case .unet, .transformer: return unet
    // A language model takes the place of the first text encoder.
    case .textEncoder1, .languageModel: return textEncoder1
    case .textEncoder3: return textEncoder3
    case .textEncoder2: return textEncoder2
    }
  }

  /// The patterns, of weights and of exclusion, that name none of the layers.
  ///
  /// A pattern with a slip of the pen changes nothing, silently; a merge can say so with this.
  public func unusedPatterns(among paths: some Collection<ModulePath>) -> [LayerPattern] {
    (patterns.map(\.pattern) + excluded).filter { pattern in !paths.contains { pattern.matches($0) } }
  }

  /// The rules in the form that ``parse(_:architecture:)`` reads; empty for ``all``.
  public var description: String {
    var rules: [String] = []
    if textEncoder1 != 1 { rules.append("te1=\(Self.text(textEncoder1))") }
    if textEncoder2 != 1 { rules.append("te2=\(Self.text(textEncoder2))") }
    if textEncoder3 != 1 { rules.append("te3=\(Self.text(textEncoder3))") }
    if unet != 1 { rules.append("unet=\(Self.text(unet))") }
    if let blocks, !blocks.weights.isEmpty { rules.append("blocks=\(blocks)") }
    rules += patterns.map { "\($0.pattern)=\(Self.text($0.weight))" }
    rules += excluded.map { "exclude=\($0)" }
    return rules.joined(separator: ";")
  }
}

extension LayerWeights {
  /// Reads rules such as `te=0.5`, `lbw=1,0,0,…`, `blocks=MID,OUT=0.5`, `unet.**.attn2.**=0.5` and
  /// `exclude=te2.**`.
  ///
  /// `te` sets all text encoders, `te1`, `te2` and `te3` one each and win over it; `lbw` and `blocks` are two names of one
  /// rule, see ``BlockWeights/init(_:architecture:)``. The order in which different kinds are written does not matter.
  ///
  /// - Parameters:
  ///   - texts: one rule each, or several with `;` between them.
  ///   - architecture: the base model of the source, which decides how block weights are read; `unknown` accepts any
  ///     of their lengths, for a first check.
  /// - Throws: ``LayerWeightsError``.
  public static func parse(
    _ texts: [String], architecture: Architecture
  ) throws(LayerWeightsError) -> LayerWeights {
    var result = LayerWeights()
    var networks: [String: Double] = [:]
    for text in texts {
      for piece in text.split(separator: ";") {
        let rule = piece.filter { !$0.isWhitespace }
        guard !rule.isEmpty else { continue }
        guard let equals = rule.firstIndex(of: "="), equals != rule.startIndex else {
          throw LayerWeightsError(
            text: rule, rule: .form,
            detail: "a rule is name=value, this has no name or no value; write one such as te=0.5 or unet.**.attn2.**=0"
          )
        }
        let name = String(rule[..<equals])
        let value = rule[rule.index(after: equals)...]
        switch name.lowercased() {
        case "te", "te1", "te2", "te3", "unet": networks[name.lowercased()] = try number(value, in: rule)
        case "lbw", "blocks": result.blocks = try BlockWeights(String(value), architecture: architecture)
        case "exclude": result.excluded.append(try LayerPattern(String(value)))
        default:
          guard name.contains(where: { ".*?".contains($0) }) else {
            throw LayerWeightsError(
              text: rule, rule: .form,
              detail: "there is no rule \"\(name)\"; there are te, te1, te2, te3, unet, lbw, blocks, exclude "
                + "and patterns such as unet.**.attn2.**")
          }
          result.patterns.append(Rule(pattern: try LayerPattern(name), weight: try number(value, in: rule)))
        }
      }
    }
    result.textEncoder1 = networks["te1"] ?? networks["te"] ?? 1
    result.textEncoder2 = networks["te2"] ?? networks["te"] ?? 1
    result.textEncoder3 = networks["te3"] ?? networks["te"] ?? 1
    result.unet = networks["unet"] ?? 1
    return result
  }

  /// ``parse(_:architecture:)`` of one text.
  public static func parse(_ text: String, architecture: Architecture) throws(LayerWeightsError) -> LayerWeights {
    try parse([text], architecture: architecture)
  }

  /// A finite number.
  static func number(_ value: some StringProtocol, in text: String) throws(LayerWeightsError) -> Double {
    guard let number = Double(value), number.isFinite else {
      throw LayerWeightsError(
        text: text, rule: .number, detail: "a weight is a finite number, \"\(value)\" was given; write one such as 0.5")
    }
    return number
  }

  /// The shortest text of a number, without `.0`.
  static func text(_ number: Double) -> String {
    Int(exactly: number).map(String.init) ?? "\(number)"
  }
}
