extension Inspection {
  /// What the layers themselves tell, as fields beside those of the record.
  public var fields: [RecipeField] {
    func spread<Value: Equatable>(_ low: Value?, _ high: Value?, _ text: (Value) -> String) -> String? {
      guard let low, let high else { return nil }
      return low == high ? text(low) : "\(text(low)) to \(text(high))"
    }
    let kinds = variants.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
    let entries: [(String, String, String?)] = [
      ("layers_architecture", "For", architecture == .unknown ? nil : architecture.label),
      (
        "layers_variant", "Kind",
        kinds.isEmpty
          ? variant?.label : kinds.map { Variant(rawValue: $0.key)?.label ?? $0.key }.joined(separator: ", ")
      ),
      ("layers_count", "Layers", modules > 0 ? "\(modules)" : nil),
      ("layers_rank", "Rank of layers", spread(rank.min, rank.max) { "\($0)" }),
      ("layers_alpha", "Alpha of layers", spread(alpha.min, alpha.max, PlainText.number)),
      (
        "layers_scale", "Scale of layers",
        spread(alpha.minScale, alpha.maxScale) { PlainText.number(($0 * 1000).rounded() / 1000) }
      ),
      ("layers_numbers", "Stored as", dtype),
      ("layers_strength", "Strength ‖ΔW‖", strength?.norm.map { PlainText.number(($0 * 100).rounded() / 100) }),
    ]
    return entries.compactMap { id, label, value in
      value.map { RecipeField(id: id, group: "Layers", label: label, value: $0, source: "layers") }
    }
  }
}
