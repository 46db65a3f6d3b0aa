import SafeTensors

/// Whether a base model's name is that of a model people train on, or of one made from such a model.
///
/// It is a judgement by name; the few published files whose hash is known are recognised whatever their name.
public struct BaseAssessment: Sendable, Codable, Equatable {
  /// What the base model seems to be.
  public enum Kind: String, Sendable, Codable, CaseIterable {
    /// A model that others descend from.
    case foundation
    /// A fine-tune or a merge of such models.
    case derivative
    /// The name tells nothing, or there is none.
    case unknown
  }

  /// What the base model seems to be.
  public var kind: Kind
  /// The foundation model, or the one that a derivative's name mentions.
  public var foundation: String?
  /// What a name of this kind promises that the model predicts.
  public var expectedPrediction: PredictionType?
  /// Why it was judged so; one sentence.
  public var reason: String
  /// Why it matters for blending; one sentence.
  public var consequence: String

  init(name: String?, hash: String?) {
    let stored = name?.trimmed ?? ""
    let plain = stored.lastPathComponent.withoutModelExtension.lettersAndDigits
    let match = FoundationModel.match(plain)
    let byHash = hash.flatMap { hash in FoundationModel.all.first { $0.hashes.contains(hash) } }
    if let byHash {
      kind = .foundation
      foundation = byHash.label
      reason = "Its checksum is that of a published file of \(byHash.label)."
    } else if !Self.isTelling(plain) {
      kind = .unknown
      foundation = nil
      reason =
        stored.isEmpty
        ? "The file does not name its base model."
        : "The name “\(stored.shortened(to: 80))” does not tell which model it is."
    } else if let match, match.extra.isEmpty {
      kind = .foundation
      foundation = match.model.label
      reason = "The name is that of \(match.model.label)."
    } else {
      kind = .derivative
      foundation = Self.related(plain)
      reason = Self.derivation(plain)
    }
    expectedPrediction = Self.promised(plain, match?.model ?? byHash)
    consequence = Self.consequence(kind)
  }

  /// A bare number, a checksum or a general word says nothing.
  private static func isTelling(_ name: String) -> Bool {
    if name.allSatisfy(\.isNumber) { return false }
    if name.utf8.count >= 8, name.allSatisfy(\.isHexDigit), name.contains(where: \.isNumber) { return false }
    let general = [
      "model", "checkpoint", "ckpt", "base", "basemodel", "unet", "transformer", "diffusionpytorchmodel",
      "last",
      "final", "output", "test", "my", "mymodel", "sd", "main", "safetensors",
    ]
    return !general.contains(name)
  }

  private static func derivation(_ name: String) -> String {
    if let sign = ["mix", "merge", "blend"].first(where: name.contains) {
      return "Its name contains “\(sign)”, as those of merged models do."
    }
    if let known = knownDerivatives.first(where: { name.hasPrefix($0.stem) }) {
      return "\(known.label) is a fine-tune or a merge of other models."
    }
    if let family = related(name) { return "The name refers to \(family) but adds to it." }
    if hasVersion(name) { return "It is a version of a series that is not on the list of foundation models." }
    return "It is not on the list of foundation models, so it is most likely a fine-tune or a merge."
  }

  /// The foundation model that a derivative's name mentions.
  private static func related(_ name: String) -> String? {
    for (word, label) in [
      ("illustrious", "Illustrious XL"), ("noobai", "NoobAI-XL"), ("animagine", "Animagine XL"),
      ("kohakuxl", "Kohaku XL"), ("pony", "Pony Diffusion"), ("flux", "Flux"), ("sdxl", "SDXL"),
    ] where name.contains(word) { return label }
    return nil
  }

  private static func hasVersion(_ name: String) -> Bool {
    zip(name, name.dropFirst()).contains { $0 == "v" && $1.isNumber }
  }

  /// A name's own words come before what is usual for the model.
  private static func promised(_ name: String, _ model: FoundationModel?) -> PredictionType? {
    if ["vpred", "vparam"].contains(where: name.contains) { return .velocity }
    if ["epspred", "epsilonpred"].contains(where: name.contains) { return .epsilon }
    if model?.label == "NoobAI-XL", name.contains("eps") { return .epsilon }
    return model?.prediction
  }

  private static func consequence(_ kind: Kind) -> String {
    switch kind {
    case .foundation:
      "LoRAs trained on a foundation model fit most models that descend from it, and blend best with each other."
    case .derivative:
      "A LoRA trained on a derivative also carries what sets that derivative apart, so characters from different "
        + "bases blend less predictably and look different on other models."
    case .unknown:
      "Characters trained on different bases blend less predictably; check that these were trained on the same one."
    }
  }

  private static let knownDerivatives: [(stem: String, label: String)] = [
    ("anylora", "AnyLoRA"), ("anything", "Anything"), ("counterfeit", "Counterfeit"),
    ("abyssorange", "AbyssOrangeMix"),
    ("realisticvision", "Realistic Vision"), ("dreamshaper", "DreamShaper"), ("meina", "MeinaMix"),
    ("revanimated", "ReV Animated"), ("juggernaut", "Juggernaut"), ("wai", "WAI"), ("hassaku", "Hassaku"),
    ("deliberate", "Deliberate"), ("realvis", "RealVisXL"), ("cyberrealistic", "CyberRealistic"),
    ("epicrealism", "epiCRealism"), ("chillout", "ChilloutMix"), ("cetus", "Cetus-Mix"),
    ("majicmix", "majicMIX"),
    ("novaanime", "Nova Anime"), ("rouwei", "RouWei"), ("openxl", "openxl"), ("pastel", "Pastel-Mix"),
  ]
}
