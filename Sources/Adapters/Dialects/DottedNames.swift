/// diffusers' and PEFT's stems: the layer's own dotted path behind a prefix for the network.
enum DottedNames {
  private static let prefixes: [(prefix: String, part: ModelPart)] = [
    ("unet.", .unet), ("text_encoder_2.", .textEncoder2), ("text_encoder_3.", .textEncoder3),
    ("text_encoder.", .textEncoder1),
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
    guard part != .unet else { return nil }
    if part != .textEncoder3, TextEncoderModules.contains(name) {
      return ResolvedStem(path: .init(part: part ?? .textEncoder1, name: name), dialect: dialect)
    }
    // T5 is the second text encoder of Flux and the third of SD 3; its names tell it.
    if TextModels.t5.find(dotted: name) != nil {
      return ResolvedStem(path: .init(part: .textEncoder3, name: name), dialect: dialect)
    }
    let model = name.hasPrefix("model.") ? String(name.dropFirst("model.".count)) : name
    if part != nil, TextModels.language.find(dotted: model) != nil {
      return ResolvedStem(path: .init(part: .languageModel, name: model), dialect: dialect)
    }
    return nil
  }

  /// `attn1.processor.to_q_lora` names what `attn1.to_q` is.
  private static func withoutProcessor(_ name: String) -> (String, Bool) {
    guard name.hasSuffix("_lora") else { return (name, false) }
    var pieces = name.dropLast("_lora".count).split(separator: ".").map(String.init)
    let marker = pieces.firstIndex(of: "processor")
    if let marker { pieces.remove(at: marker) }
    if pieces.contains("self_attn"), let last = pieces.last {
      // Text encoders were patched in the same manner: `self_attn.to_q_lora` is what `self_attn.q_proj` does.
      let own = ["to_q": "q_proj", "to_k": "k_proj", "to_v": "v_proj", "to_out": "out_proj"]
      if let name = own[last] { pieces[pieces.count - 1] = name }
    } else if pieces.last == "to_out" {
      pieces.append("0")
    }
    return (pieces.joined(separator: "."), true)
  }

  /// The stem of a layer in diffusers' files (`peft` false) or in a raw PEFT adapter of one network.
  static func stem(of path: ModulePath, peft: Bool, architecture: Architecture) -> String {
    peft ? peftPrefix + path.name : "\(component(path.part, architecture)).\(path.name)"
  }

  /// What diffusers' pipelines call a network.
  static func component(_ part: ModelPart, _ architecture: Architecture) -> String {
    switch part {
    case .unet: "unet"
    case .transformer: "transformer"
    case .textEncoder1, .languageModel: "text_encoder"
    case .textEncoder2: "text_encoder_2"
    case .textEncoder3:
      architecture == .flux1 ? "text_encoder_2" : architecture == .sd3 ? "text_encoder_3" : "text_encoder"
    }
  }
}
