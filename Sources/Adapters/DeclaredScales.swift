import SafeTensors

/// What an adapter's configuration says of alphas, where the tensors do not: diffusers keeps it in the header
/// (`lora_adapter_metadata`), PEFT in `adapter_config.json` beside the file.
struct DeclaredScales {
  private struct Component {
    var alpha: Double
    var patterns: [(pattern: String, alpha: Double)]
    var rankStabilised: Bool
    var source: Alpha.Source
  }

  private var components: [ModelPart: Component] = [:]
  /// Why the header's configuration could not be used; shown as a warning by whoever inspects the file.
  private(set) var problem: String?
  /// Whether GLoRA layers are scaled by `alpha / √rank`: LyCORIS' other variants write `alpha · √rank` into the file
  /// then, this one does not.
  private(set) var isRankStabilisedGLoRA = false

  /// Reads what there is for a file: the header first, then the file beside it.
  init(file: SafeTensorsFile, readsSidecar: Bool = true) throws(AdapterError) {
    if let arguments = file.header.metadata["ss_network_args"].flatMap(LenientJSON.parse),
      let value = arguments["rs_lora"]
    {
      isRankStabilisedGLoRA = value.bool ?? ["true", "1", "yes"].contains(value.string?.lowercased())
    }
    if let text = file.header.metadata["lora_adapter_metadata"] {
      do {
        let json = try JSONParser.parse(text)
        for (part, prefix) in [
          (ModelPart.unet, "unet."), (.textEncoder1, "text_encoder."), (.textEncoder2, "text_encoder_2."),
        ] {
          components[part] = Self.component(json, prefix: prefix, source: .metadata)
        }
      } catch {
        problem = "lora_adapter_metadata is not JSON: \(error.message)"
      }
    }
    guard readsSidecar, components.isEmpty, file.path.hasSuffix(".safetensors") else { return }
    let folder = file.path.lastIndex(of: "/").map { String(file.path[...$0]) } ?? ""
    let path = folder + "adapter_config.json"
    let bytes: [UInt8]
    do {
      guard let found = try TextFile.contents(path) else { return }
      // The same folder may hold LoRAs of other kinds, which the configuration does not speak of.
      guard file.header.tensors.contains(where: { $0.name.contains("lora_A") }) else { return }
      bytes = found
    } catch {
      throw AdapterError(path: path, rule: .sidecar, detail: error.detail)
    }
    do {
      let json = try JSONParser.parse(bytes)
      guard let component = Self.component(json, prefix: "", source: .adapterConfig) else { return }
      for part in ModelPart.allCases { components[part] = component }
    } catch {
      throw AdapterError(
        path: path, rule: .sidecar, detail: "is not JSON (\(error.message)); mend it or move it away from the adapter")
    }
  }

  private static func component(_ json: JSONValue, prefix: String, source: Alpha.Source) -> Component? {
    guard let alpha = json["\(prefix)lora_alpha"]?.number, alpha.isFinite else { return nil }
    let patterns = json["\(prefix)alpha_pattern"]?.members ?? []
    return Component(
      alpha: alpha, patterns: patterns.compactMap { member in member.value.number.map { (member.name, $0) } },
      rankStabilised: json["\(prefix)use_rslora"]?.bool ?? false, source: source)
  }

  /// The declared alpha of a layer, its source, and whether the scale is `alpha / √rank` (rsLoRA).
  func alpha(of path: ModulePath) -> (value: Double, source: Alpha.Source, rankStabilised: Bool)? {
    guard let component = components[path.part] else { return nil }
    // PEFT matches a pattern against the end of the layer's name, at a dot.
    let match = component.patterns.first { pattern, _ in
      if path.name == pattern || path.name.hasSuffix("." + pattern) { return true }
      guard let regex = try? Regex("(.*\\.)?(\(pattern))") else { return false }
      return path.name.wholeMatch(of: regex) != nil
    }
    return (match?.alpha ?? component.alpha, component.source, component.rankStabilised)
  }
}
