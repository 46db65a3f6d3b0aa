import Adapters

/// What `troupe inspect` prints of one file.
struct InspectView {
  let file: Inspection
  let style: Style
  let width: Int
  private let showsTags: Bool
  private let showsModules: Bool
  private let showsMetadata: Bool

  init(
    _ file: Inspection, showsTags: Bool = false, showsModules: Bool = false, showsMetadata: Bool = false,
    style: Style = .output, width: Int = Terminal.width
  ) {
    self.file = file
    self.showsTags = showsTags
    self.showsModules = showsModules
    self.showsMetadata = showsMetadata
    self.style = style
    self.width = width
  }

  /// The whole screen.
  func lines() -> [String] {
    var blocks = [title, identity]
    switch file.kind {
    case .lora: blocks += [training, cast, images, notes, strength]
    case .checkpoint: blocks += [components]
    case .other: blocks += [largest]
    }
    if showsTags { blocks.append(tags) }
    if showsModules { blocks += [modules, unmatched] }
    if showsMetadata { blocks.append(metadata) }
    blocks.append(warnings)
    return Array(blocks.filter { !$0.isEmpty }.joined(separator: [""]))
  }

  /// Text from the file, safe to print.
  func safe(_ text: String) -> String { Terminal.sanitised(text) }

  private var title: [String] {
    let size = Numbers.bytes(file.size)
    let name = TextTable.cut(safe(file.name), to: width - Terminal.columns(of: size) - 2)
    let gap = width - Terminal.columns(of: name) - Terminal.columns(of: size)
    return [
      style.bold(name) + String(repeating: " ", count: max(2, gap)) + size,
      style.dim(String(repeating: "─", count: width)),
    ]
  }

  private var identity: [String] {
    var facts = FactList("What it is")
    switch file.kind {
    case .lora:
      facts.add("For", file.architecture == .unknown ? "unknown base model" : file.architecture.label)
      facts.add("Kind", kind)
      facts.add("Layers", layers)
      facts.add("Rank", rank)
      facts.add("Alpha", alpha)
      facts.add("Tokens", tokens)
      facts.add("Stored as", storage)
    case .checkpoint:
      facts.add(
        "Kind",
        file.architecture == .unknown
          ? "base model or component of an unknown family"
          : "\(file.architecture.label) base model or component")
      facts.add("Predicts", prediction)
      facts.add("Files", file.checkpoint?.files.map { "\($0), read as one" })
      facts.add("Size", "\(Numbers.scaled(file.parameters)) parameters in \(file.tensors) tensors")
      facts.add("Numbers", numbers)
    case .other:
      facts.add("Kind", "a sound safetensors file, but neither a LoRA nor a checkpoint this version knows")
      facts.add(
        "Size",
        "\(Numbers.scaled(file.parameters)) numbers in \(file.tensors) tensor\(file.tensors == 1 ? "" : "s")")
      facts.add("Numbers", numbers)
    }
    addHashes(&facts)
    return facts.lines(width: width, style: style)
  }

  private var kind: String? {
    let sorted = file.variants.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
    guard sorted.count > 1 else { return file.variant?.label }
    return sorted.map { "\($0.value) \(Variant(rawValue: $0.key)?.label ?? $0.key)" }.joined(separator: ", ")
  }

  private var layers: String? {
    guard file.modules > 0 else { return file.unmatchedKeys.isEmpty ? nil : "none this version knows" }
    let parts =
      file.parts.count == 1
      ? "all \(file.parts[0].part.label)"
      : file.parts.map { "\($0.part.label) \($0.modules)" }.joined(separator: ", ")
    let kernels = file.kernels.filter { $0.key != "linear" }.sorted { $0.key < $1.key }
      .map { "\($0.value) convolutions \($0.key.replacing("x", with: "×"))" }
    return (["\(file.modules): \(parts)"] + kernels).joined(separator: "; ")
  }

  private var rank: String? {
    guard let low = file.rank.min, let middle = file.rank.median, let high = file.rank.max else { return nil }
    return low == high ? "\(low)" : "\(low) to \(high), half of the layers at most \(middle)"
  }

  private var alpha: String? {
    guard let low = file.alpha.min, let high = file.alpha.max else { return nil }
    let value = low == high ? Numbers.short(low) : "\(Numbers.short(low)) to \(Numbers.short(high))"
    let source: String
    switch file.alpha.source {
    case "tensor": source = "stored beside the weights"
    case "metadata": source = "from lora_adapter_metadata in the header"
    case "adapter_config.json": source = "from adapter_config.json beside the file"
    case "assumed": source = "assumed, none is stored"
    default:
      source = file.alpha.sources.sorted { $0.key < $1.key }.map { "\($0.value) × \($0.key)" }.joined(
        separator: ", ")
    }
    let scales = (file.alpha.minScale, file.alpha.maxScale)
    let scale =
      if let low = scales.0, let high = scales.1 {
        high - low < 0.0005
          ? "scale \(Numbers.short(low))" : "scale \(Numbers.short(low)) to \(Numbers.short(high))"
      } else {
        ""
      }
    return "\(value) (\(source)); \(scale)"
  }

  /// The trigger words that bring their vectors along.
  private var tokens: String? {
    guard !file.embeddings.isEmpty else { return nil }
    return file.embeddings.map { embedding in
      let vectors = embedding.vectors.map {
        "\($0.count) × \($0.width) for \($0.encoder.label)\($0.isOutput ? "'s output" : "")"
      }
      return "\(safe(embedding.token)) (\(vectors.joined(separator: ", ")))"
    }.joined(separator: ", ")
  }

  private var storage: String? {
    let dialects = file.dialects.filter { $0 != .unknown }.map(\.label).joined(separator: " and ")
    return [numbers, dialects].filter { !$0.isEmpty }.joined(separator: ", keys of ")
  }

  private var numbers: String {
    let sorted = file.dtypes.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
    return sorted.count == 1
      ? sorted[0].key : sorted.map { "\($0.key) × \($0.value)" }.joined(separator: ", ")
  }

  private var prediction: String? {
    guard let checkpoint = file.checkpoint, let prediction = checkpoint.prediction else { return nil }
    return prediction.label + (checkpoint.hasZeroTerminalSNR ? ", zero terminal SNR" : "")
  }

  private func addHashes(_ facts: inout FactList) {
    guard let short = file.hashes.autov2, let tensors = file.hashes.autov3 else {
      let isOne = file.checkpoint?.files == nil
      facts.add("Hashes", isOne ? "not computed (--hash)" : "each file has its own (troupe hash)")
      return
    }
    facts.add("AutoV2", short)
    let verdict =
      switch file.hashes.storedOk {
      case true?: style.green("✓ as stored in the file")
      case false?: style.red("✗ the file states another")
      case nil: style.dim("none is stored to compare with")
      }
    facts.add("AutoV3", "\(tensors)  \(verdict)")
  }

  private var warnings: [String] {
    file.warnings.flatMap { warning in
      let text = safe(warning.text)
      let lines = TextWrap.lines(text, width: width, indent: 2)
      guard let first = lines.first else { return [String]() }
      let mark = warning.level == .warning ? style.yellow("⚠") : style.cyan("·")
      return [mark + first.dropFirst(1)] + lines.dropFirst()
    }
  }
}

extension Numbers {
  /// A number with at most three significant digits after the point, without needless zeros.
  static func short(_ value: Double) -> String {
    if value == value.rounded(), abs(value) < 1e9 { return fixed(value, 0) }
    var text = fixed(value, abs(value) < 0.01 ? 5 : 3)
    guard text.contains(".") else { return text }
    while text.hasSuffix("0") { text.removeLast() }
    return text
  }

  /// A large count in thousands, millions or billions.
  static func scaled(_ count: Int) -> String {
    var value = Double(count)
    for unit in ["", " thousand", " million"] {
      if value < 1000 {
        return unit.isEmpty ? "\(count)" : fixed(value, value < 10 ? 2 : value < 100 ? 1 : 0) + unit
      }
      value /= 1000
    }
    return fixed(value, 2) + " billion"
  }
}
