/// A model that people train LoRAs on because other models descend from it.
struct FoundationModel: Sendable {
  /// The name for people.
  var label: String
  /// Beginnings of its file names, in letters and digits only.
  var stems: [String]
  /// Words that its file names may contain besides those any file name may.
  var words: [String] = []
  /// What it predicts, where all its versions agree.
  var prediction: PredictionType?
  /// SHA-256 of its published files.
  var hashes: [String] = []

  /// The family of its layers; nil where its versions are of several.
  var family: Architecture? { Self.families[label] }

  private static let families: [String: Architecture] = [
    "Stable Diffusion 1.x": .sd1, "Stable Diffusion 2.x": .sd2, "NovelAI anime (SD 1.x)": .sd1, "SDXL base 1.0": .sdxl,
    "Illustrious XL": .sdxl, "NoobAI-XL": .sdxl, "Pony Diffusion": .sdxl, "Animagine XL": .sdxl, "Kohaku XL": .sdxl,
    "Flux.1": .flux1, "Flux.2": .flux2, "Stable Diffusion 3": .sd3, "Chroma": .chroma, "Qwen-Image": .qwenImage,
    "Z-Image": .zImage, "Wan": .wan, "Lumina 2": .lumina2, "Hunyuan": .hunyuan, "Anima": .anima,
  ]

  static let all: [FoundationModel] = [
    FoundationModel(
      label: "Stable Diffusion 1.x",
      stems: [
        "v15", "v14", "sdv15", "sdv14", "sdv1", "sd15", "sd14", "stablediffusionv1", "stablediffusion1",
      ],
      prediction: .epsilon,
      hashes: ["6ce0161689b3853acaa03779ec93eafe75a02f4ced659bee03f50797806fa2fa"]),
    FoundationModel(
      label: "Stable Diffusion 2.x",
      stems: [
        "v21", "v20", "sdv2", "sd21", "sd20", "stablediffusion2", "stablediffusionv2", "512base", "768v",
      ],
      words: ["nonema"]),
    FoundationModel(
      label: "NovelAI anime (SD 1.x)", stems: ["animefull", "animesfw", "novelai", "nai"], words: ["leak"],
      prediction: .epsilon),
    FoundationModel(
      label: "Waifu Diffusion", stems: ["wd12", "wd13", "wd14", "wd15", "waifudiffusion"],
      words: ["anime", "e", "illusion", "ink"]),
    FoundationModel(
      label: "SDXL base 1.0",
      stems: ["sdxlbase", "sdxl", "stablediffusionxlbase", "stablediffusionxl", "sdxl10"],
      prediction: .epsilon,
      hashes: ["31e35c80fc4829d14f90153f4c74cd59c90b779f6afe05a74cd6120b893f7e5b"]),
    FoundationModel(
      label: "Illustrious XL", stems: ["illustriousxl", "illustrious"], words: ["early", "release"]),
    FoundationModel(
      label: "NoobAI-XL", stems: ["noobaixl", "noobai", "naixl", "noobxl"],
      words: ["naixl", "earlyaccess", "s"]),
    FoundationModel(
      label: "Pony Diffusion", stems: ["ponydiffusionv6xl", "ponydiffusion", "ponyv6", "ponyxl", "pony"],
      words: ["startwiththisone"], prediction: .epsilon,
      hashes: ["67ab2fd8ec439a89b3fedb15cc65f54336af163c7eb5e4f2acc98f090a29b0b3"]),
    FoundationModel(
      label: "Animagine XL", stems: ["animaginexl", "animagine"], words: ["opt", "zero"], prediction: .epsilon
    ),
    FoundationModel(
      label: "Kohaku XL", stems: ["kohakuxl", "kohaku"],
      words: ["alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "nyan"]),
    FoundationModel(
      label: "Flux.1", stems: ["flux1", "fluxdev", "fluxschnell", "flux"],
      words: ["dev", "schnell", "kontext", "krea"],
      prediction: .flow,
      hashes: ["4610115bb0c89560703c892c59ac2742fa821e60ef5871b33493ba544683abd7"]),
    FoundationModel(label: "Flux.2", stems: ["flux2"], words: ["dev", "klein", "b"], prediction: .flow),
    FoundationModel(
      label: "Stable Diffusion 3", stems: ["sd3", "stablediffusion3"],
      words: ["medium", "large", "turbo", "incl", "clips", "t", "xxl"], prediction: .flow),
    FoundationModel(
      label: "Chroma", stems: ["chroma"], words: ["unlocked", "hd", "radiance"], prediction: .flow),
    FoundationModel(label: "Qwen-Image", stems: ["qwenimage"], words: ["edit", "plus"], prediction: .flow),
    FoundationModel(label: "Z-Image", stems: ["zimage"], words: ["turbo", "de"], prediction: .flow),
    FoundationModel(
      label: "Wan", stems: ["wan21", "wan22", "wan"], words: ["t", "i", "b", "high", "low", "noise"]),
    FoundationModel(label: "Lumina 2", stems: ["lumina2", "luminaimage"], prediction: .flow),
    FoundationModel(
      label: "Hunyuan", stems: ["hunyuanimage", "hunyuanvideo", "hunyuan"], words: ["t", "i"]),
    FoundationModel(label: "Anima", stems: ["anima"], words: ["preview"]),
  ]

  /// What any model's file name may contain without naming another model: versions, precisions, packings.
  private static let commonWords = [
    "v", "x", "xl", "version", "rev", "r", "base", "model", "weights", "stable", "final", "full", "latest",
    "original",
    "official", "release", "guided", "pruned", "emaonly", "nonema", "noema", "ema", "only", "vprediction",
    "epsilonprediction", "vpred", "epsilon", "prediction", "pred", "eps", "bakedvae", "novae", "withvae",
    "vaefix",
    "vae", "fixed", "fix", "diffusers", "inpainting", "fp", "bf", "f", "float", "half", "e4m3fn", "e5m2",
    "scaled", "sft",
  ]

  /// The model a normalised name belongs to, and the words in the name that this model does not explain.
  static func match(_ name: String) -> (model: FoundationModel, extra: String)? {
    var best: (model: FoundationModel, stem: String)?
    for model in all {
      for stem in model.stems where name.hasPrefix(stem) && stem.utf8.count > best?.stem.utf8.count ?? 0 {
        best = (model, stem)
      }
    }
    guard let best else { return nil }
    let words = (commonWords + best.model.words).sorted { $0.utf8.count > $1.utf8.count }
    var rest = name.dropFirst(best.stem.count)
    while let first = rest.first {
      if first.isNumber {
        rest = rest.dropFirst()
      } else if let word = words.first(where: { rest.hasPrefix($0) }) {
        rest = rest.dropFirst(word.count)
      } else {
        return (best.model, String(rest))
      }
    }
    return (best.model, "")
  }
}
