import Adapters

extension InspectView {
  /// How strong each part is, and in how many directions.
  var strength: [String] {
    guard !file.parts.isEmpty else { return [] }
    guard let whole = file.strength else {
      return [style.bold("Strength"), "  not measured (leave out --no-weights)"]
    }
    var table = TextTable(
      [.left, .right, .right, .right, .right, .left],
      header: ["part", "layers", "‖ΔW‖", "effective rank", "σ₁ share", "energy"])
    func cells(
      _ label: String, _ count: Int, _ norm: Double?, _ rank: Double?, _ leading: Double?, _ most: Int?
    ) -> [String] {
      let of = most.map { " of \($0)" } ?? ""
      return [
        label, "\(count)", Numbers.fixed(norm, 2), rank.map { Numbers.fixed($0, 1) + of } ?? "–",
        Numbers.percent(leading),
      ]
    }
    for part in file.parts {
      let share = part.energyShare
      let bar = share.map { (width < 72 ? "" : Self.bar($0) + " ") + Numbers.percent($0) } ?? "–"
      // A LoKr's or LoHa's stored rank is not the number of its directions.
      table.add(
        cells(
          part.part.label, part.modules, part.norm, part.effectiveRank, part.leadingShare,
          hasPlainRank ? part.rank.max : nil) + [bar])
    }
    if file.parts.count > 1 {
      table.add(
        cells(
          "all", file.modules, whole.norm, whole.effectiveRank, whole.leadingShare,
          hasPlainRank ? file.rank.max : nil))
    }
    return [style.bold("Strength")] + table.lines(indent: 2, width: width, style: style)
  }

  private var hasPlainRank: Bool {
    file.variants.keys.allSatisfy { [Variant.lora, .locon, .tucker, .vector].map(\.rawValue).contains($0) }
  }

  /// A bar of ten columns, in eighths.
  static func bar(_ share: Double) -> String {
    let eighths = Int((min(1, max(0, share)) * 80).rounded())
    let rest = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"][eighths % 8]
    let bar = String(repeating: "█", count: eighths / 8) + rest
    return bar + String(repeating: "░", count: 10 - bar.count)
  }

  /// Every layer, under its block.
  var modules: [String] {
    guard let layers = file.layers, !layers.isEmpty else { return [] }
    var lines = [style.bold("Layers")]
    var start = layers.startIndex
    while start < layers.endIndex {
      let end = layers[start...].firstIndex { $0.block != layers[start].block } ?? layers.endIndex
      var table = TextTable(
        [.right, .right, .right, .right, .right, .left, .left],
        header: ["rank", "alpha", "scale", "‖ΔW‖", "σ₁", layers[start].block])
      for layer in layers[start..<end] {
        table.add([
          layer.rank > 0 ? "\(layer.rank)" : "–",
          layer.alphaSource == .none ? "–" : Numbers.short(layer.alpha),
          Numbers.short(layer.scale), layer.norm.map { Numbers.fixed($0, 3) } ?? "–",
          Numbers.percent(layer.leadingShare),
          Self.shortName(layer) + (layer.variant == file.variant ? "" : " (\(layer.variant.label))"),
        ])
      }
      lines += table.lines(indent: 1, width: width, style: style)
      start = end
    }
    return lines
  }

  /// The layer's name without what its block says already.
  private static func shortName(_ layer: Inspection.Layer) -> String {
    var pieces = layer.name.split(separator: ".").map(String.init)
    switch pieces.first {
    case "down_blocks", "up_blocks": pieces.removeFirst(min(2, pieces.count))
    case "mid_block": pieces.removeFirst()
    case "text_model": pieces.removeFirst(min(2, pieces.count))
    default: break
    }
    return pieces.map { $0 == "transformer_blocks" ? "transformer" : $0 }.joined(separator: ".")
  }

  /// Every key that belongs to no layer, under its reason.
  var unmatched: [String] {
    guard !file.unmatchedKeys.isEmpty else { return [] }
    var reasons: [String] = []
    var keys: [String: [String]] = [:]
    for entry in file.unmatched {
      if keys[entry.reason] == nil { reasons.append(entry.reason) }
      keys[entry.reason, default: []].append(entry.key)
    }
    return [style.bold("Unmatched keys")]
      + reasons.flatMap { reason in
        ["  \(reason): \(keys[reason]?.count ?? 0)"] + (keys[reason] ?? []).map { "    \(safe($0))" }
      }
  }

  /// The networks of a checkpoint.
  var components: [String] {
    guard let checkpoint = file.checkpoint else { return [] }
    var table = TextTable(
      [.left, .right, .right, .left], header: ["component", "tensors", "parameters", "numbers"])
    for component in checkpoint.components {
      let numbers = component.dtypes.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
      table.add([
        component.name, "\(component.tensors)", Numbers.scaled(component.parameters),
        numbers.count == 1
          ? numbers[0].key : numbers.map { "\($0.key) × \($0.value)" }.joined(separator: ", "),
      ])
    }
    return [style.bold("Components")] + table.lines(indent: 2, width: width, style: style)
  }

  /// The largest tensors of a file of no known kind.
  var largest: [String] {
    guard !file.largest.isEmpty else { return [] }
    var table = TextTable([.right, .left, .left, .left], header: ["size", "numbers", "shape", "tensor"])
    for tensor in file.largest {
      let shape = tensor.shape.isEmpty ? "scalar" : tensor.shape.map(String.init).joined(separator: "×")
      table.add([Numbers.bytes(tensor.bytes), tensor.dtype, shape, safe(tensor.name)])
    }
    let title = file.tensors > file.largest.count ? "Largest tensors" : "Tensors"
    return [style.bold(title)] + table.lines(indent: 2, width: width, style: style)
  }
}
