/// diffusers' and PEFT's stems: the layer's own dotted path behind a prefix for the network.
enum DottedNames {
  private static let prefixes: [(prefix: String, part: ModelPart)] = [
    ("unet.", .unet), ("text_encoder_2.", .textEncoder2), ("text_encoder.", .textEncoder1),
  ]
  private static let peftPrefix = "base_model.model."

  static func resolve(_ stem: String) -> ResolvedStem? {
    var rest = stem[...]
    var part: ModelPart?
    var isPEFT = false
    // Prefixes come in either order: `unet.base_model.model.` as well as `base_model.model.unet.`.
    var again = true
    while again {
      again = false
      if rest.hasPrefix(peftPrefix) {
        rest = rest.dropFirst(peftPrefix.count)
        isPEFT = true
        again = true
      }
      for (prefix, named) in prefixes where part == nil && rest.hasPrefix(prefix) {
        rest = rest.dropFirst(prefix.count)
        part = named
        again = true
      }
    }
    let (name, isProcessor) = withoutProcessor(String(rest))
    let dialect: Dialect = isProcessor ? .diffusersProcessor : isPEFT ? .peft : .diffusers
    if part == nil || part == .unet, UNetModules.contains(name) {
      return ResolvedStem(path: .init(part: .unet, name: name), dialect: dialect)
    }
    if part != .unet, TextEncoderModules.contains(name) {
      return ResolvedStem(path: .init(part: part ?? .textEncoder1, name: name), dialect: dialect)
    }
    return nil
  }

  /// `attn1.processor.to_q_lora` names what `attn1.to_q` is.
  private static func withoutProcessor(_ name: String) -> (String, Bool) {
    guard name.hasSuffix("_lora") else { return (name, false) }
    var pieces = name.dropLast("_lora".count).split(separator: ".").map(String.init)
    let marker = pieces.firstIndex(of: "processor")
    if let marker { pieces.remove(at: marker) }
    if pieces.last == "to_out" { pieces.append("0") }
    return (pieces.joined(separator: "."), true)
  }

  /// The stem of a layer in diffusers' files (`peft` false) or in a raw PEFT adapter of one network.
  static func stem(of path: ModulePath, peft: Bool) -> String {
    if peft { return peftPrefix + path.name }
    switch path.part {
    case .unet: return "unet." + path.name
    case .textEncoder1: return "text_encoder." + path.name
    case .textEncoder2: return "text_encoder_2." + path.name
    }
  }
}
