/// One kind of layer of a transformer, in diffusers' naming and in the model's own; `#` stands for a block's number.
struct LayerTemplate: Sendable {
  /// diffusers' path, which is the layer's identity.
  ///
  /// Where diffusers keeps apart what the model stores as one, it is a name in diffusers' manner that no file has.
  var name: String
  /// The path in the model's own code; nil where that has no such layer of its own.
  var original: String?
  /// The layers that diffusers keeps apart, and which rows are theirs; nil for a layer that is one everywhere.
  var parts: RowParts?

  init(_ name: String, _ original: String?, parts: RowParts? = nil) {
    self.name = name
    self.original = original
    self.parts = parts
  }

  /// A layer that both namings call alike.
  init(_ name: String) { self.init(name, name) }
}

extension [LayerTemplate] {
  /// These templates within a block: `block("transformer_blocks.#", "double_blocks.#", […])`.
  static func block(_ name: String, _ original: String, _ layers: [LayerTemplate]) -> [LayerTemplate] {
    layers.map { layer in
      LayerTemplate(
        "\(name).\(layer.name)", layer.original.map { "\(original).\($0)" },
        parts: layer.parts.map { $0.within(name) })
    }
  }
}
