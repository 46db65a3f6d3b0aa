/// A family of transformers: its layers, and what tells its files from those of families with layers of the same names.
struct LayerFamily: Sendable {
  let architecture: Architecture
  let table: LayerTable
  /// The widths that models of the family have.
  let widths: Set<Int>
  /// One more than the greatest number of a block, of two kinds where the family has two.
  let blocks: Int
  let singleBlocks: Int
  /// How many times as wide as its input the first feed-forward layer of Black Forest Labs' blocks is; nil where any.
  var expansion: Int?

  /// All families; of those that fit a file alike, the first is taken.
  static let all = [
    LayerFamily(
      architecture: .flux1, table: LayerTable(FluxLayers.flux1), widths: [3072], blocks: 19, singleBlocks: 38,
      expansion: 4),
    LayerFamily(
      architecture: .chroma, table: LayerTable(FluxLayers.chroma), widths: [3072], blocks: 19, singleBlocks: 38,
      expansion: 4),
    // Gated: two matrices of three times the width.
    LayerFamily(
      architecture: .flux2, table: LayerTable(Flux2Layers.all), widths: [3072, 4096, 6144], blocks: 8, singleBlocks: 48,
      expansion: 6),
    LayerFamily(
      architecture: .qwenImage, table: LayerTable(QwenImageLayers.all), widths: [3072], blocks: 60, singleBlocks: 0),
    LayerFamily(
      architecture: .sd3, table: LayerTable(SD3Layers.all), widths: [1536, 2432], blocks: 38, singleBlocks: 0),
    LayerFamily(
      architecture: .hunyuan, table: LayerTable(HunyuanLayers.all), widths: [2048, 3072, 3584], blocks: 60,
      singleBlocks: 40, expansion: 4),
    LayerFamily(
      architecture: .wan, table: LayerTable(WanLayers.all), widths: [1536, 2048, 3072, 5120], blocks: 40,
      singleBlocks: 0),
    LayerFamily(
      architecture: .zImage, table: LayerTable(ZImageLayers.all), widths: [3840], blocks: 30, singleBlocks: 0),
    LayerFamily(
      architecture: .lumina2, table: LayerTable(Lumina2Layers.all), widths: [2304], blocks: 26, singleBlocks: 0),
    LayerFamily(
      architecture: .anima, table: LayerTable(AnimaLayers.all), widths: [2048, 5120], blocks: 36, singleBlocks: 0),
    LayerFamily(
      architecture: .krea2, table: LayerTable(Krea2Layers.all), widths: [6144], blocks: 64, singleBlocks: 0),
  ]

  /// The family of a base model; nil for those of Stable Diffusion's UNet and for unknown ones.
  static func of(_ architecture: Architecture) -> LayerFamily? { all.first { $0.architecture == architecture } }

  /// A layer's path in the model's own code; nil where that keeps the layer as a part of another.
  static func original(_ name: String, _ architecture: Architecture) -> String? {
    guard let family = of(architecture), let place = family.table.find(dotted: name) else { return nil }
    return family.table.original(place)
  }

  /// Whether diffusers keeps the layer as several, or in another order.
  func isComposite(_ path: ModulePath) -> Bool {
    path.part == .transformer && table.find(dotted: path.name).map { table.templates[$0.index].parts != nil } ?? false
  }

  /// The layers that diffusers keeps apart of one that the model stores as one, and their rows in it; nil for all others.
  func parts(of path: ModulePath, outputs: Int, inputs: Int) -> [(path: ModulePath, rows: [Range<Int>])]? {
    guard path.part == .transformer, let place = table.find(dotted: path.name) else { return nil }
    return table.parts(place, outputs: outputs, inputs: inputs)?.map {
      (ModulePath(part: .transformer, name: $0.name), $0.rows)
    }
  }
}
