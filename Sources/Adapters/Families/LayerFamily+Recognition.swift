import SafeTensors

extension LayerFamily {
  /// The family that a file's layers are of; nil where they are of Stable Diffusion's UNet, or of none that is known.
  ///
  /// The family that knows the most layers is taken. Families share names: of those that know equally many, widths,
  /// proportions and numbers of blocks decide, then metadata, then the prefix, then the order of ``all``.
  static func recognised(_ stems: [String], _ file: SafeTensorsFile) -> LayerFamily? {
    let spellings = stems.compactMap(TransformerSpelling.init)
    guard !spellings.isEmpty else { return nil }
    var best: [(family: LayerFamily, places: [LayerTable.Place?])] = []
    var most = 0
    for family in all {
      let places = spellings.map { $0.find(in: family.table) }
      let known = places.count { $0 != nil }
      guard known > 0, known >= most else { continue }
      if known > most { best = [] }
      most = known
      best.append((family, places))
    }
    guard best.count > 1 else { return best.first?.family }
    let sizes = Sizes(stems, file)
    var rest = best.map(\.family)
    func keep(_ test: (LayerFamily) -> Bool) {
      let kept = rest.filter(test)
      if !kept.isEmpty { rest = kept }
    }
    keep { family in sizes.widths.allSatisfy { family.widths.contains($0) } }
    keep { family in sizes.expansion.map { family.expansion == $0 } ?? true }
    keep { family in
      guard let places = best.first(where: { $0.family.architecture == family.architecture })?.places else {
        return true
      }
      return places.allSatisfy { place in
        guard let place, let block = place.block else { return true }
        return block
          < (family.table.templates[place.index].name.hasPrefix("single") ? family.singleBlocks : family.blocks)
      }
    }
    if let named = Architecture.named(in: file.header.metadata) { keep { $0.architecture == named } }
    // Bare paths of diffusers' names are how Qwen-Image's are written; Flux.1's stand behind `transformer.`.
    if spellings.allSatisfy(\.isBare) { keep { $0.architecture == .qwenImage } }
    return rest.first
  }

  /// What the factors tell of the model's size.
  private struct Sizes {
    /// The inputs of attention's queries.
    var widths: Set<Int> = []
    /// The outputs of the first feed-forward layer of Black Forest Labs' blocks over its inputs.
    var expansion: Int?

    init(_ stems: [String], _ file: SafeTensorsFile) {
      let queries = ["to_q", "to_qkv", "qkv", "add_q_proj", "linear1", "to_qkv_mlp_proj"]
      for stem in stems {
        guard let down = Self.first(["lora_down.weight", "lora_A.weight", "lora_A.default.weight"], stem, file),
          down.shape.count == 2
        else { continue }
        if queries.contains(where: stem.hasSuffix) { widths.insert(down.shape[1]) }
        if ["img_mlp.0", "img_mlp_0", "txt_mlp.0", "txt_mlp_0"].contains(where: stem.hasSuffix),
          let up = Self.first(["lora_up.weight", "lora_B.weight", "lora_B.default.weight"], stem, file),
          let outputs = up.shape.first, down.shape[1] > 0
        {
          expansion = outputs / down.shape[1]
        }
      }
    }

    private static func first(_ endings: [String], _ stem: String, _ file: SafeTensorsFile) -> TensorInfo? {
      endings.lazy.compactMap { file["\(stem).\($0)"] }.first
    }
  }
}
