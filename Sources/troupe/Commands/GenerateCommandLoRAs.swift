import Adapters
import ArgumentParser
import Diffusion
import Merge
import SafeTensors

/// A LoRA on the command line: `file`, `file:0.8`, or `name=file:0.8` to be called by another name in prompts.
struct NamedLoRA: ExpressibleByArgument, Sendable {
  var name: String?
  var file: WeightedFile

  init?(argument: String) {
    var rest = argument[...]
    if let equals = argument.firstIndex(of: "="), equals != argument.startIndex,
      !argument[..<equals].contains(where: { "/.".contains($0) })
    {
      name = String(argument[..<equals])
      rest = argument[argument.index(after: equals)...]
    }
    guard let file = WeightedFile(argument: String(rest)) else { return nil }
    self.file = file
  }
}

/// The LoRAs of a run, and which of them act in which row.
struct GenerateLoRAs {
  /// One LoRA.
  struct Entry {
    var name: String
    var adapter: Adapter
    var strength: Double
    var weights: LayerWeights
    /// Whether any prompt names it: then it acts only where it is named.
    var isTagged = false
  }

  private(set) var entries: [Entry] = []
  private var loaded: [LoadedAdapter] = []

  /// Opens the files.
  /// - Throws: `ValidationError` for two LoRAs of one name and patterns that name no layer.
  init(_ loras: [NamedLoRA], layers: LayerOptions) async throws {
    let adapters = try await WeightedFile.open(loras.map(\.file))
    let names = WeightedFile.names(adapters)
    for (index, (lora, adapter)) in zip(loras, adapters).enumerated() {
      entries.append(
        Entry(
          name: lora.name ?? names[index], adapter: adapter, strength: lora.file.strength,
          weights: try layers.weights(index, of: loras.count, architecture: adapter.architecture)))
    }
    if let twin = entries.first(where: { one in entries.count { $0.name == one.name } > 1 }) {
      throw ValidationError("two --lora have the name \(twin.name); name one of them otherwise, as in other=FILE.")
    }
    let paths = adapters.flatMap { $0.modules.map(\.path) }
    if let unused = entries.lazy.flatMap({ $0.weights.unusedPatterns(among: paths) }).first {
      throw ValidationError(
        "the pattern \(unused.text) names no layer of these files; `troupe inspect --modules` lists them.")
    }
  }

  /// Remembers which LoRAs the prompts name.
  /// - Throws: `ValidationError` for a name that no file has.
  mutating func note(_ tags: [LoRATag]) throws {
    for tag in tags {
      guard let index = entries.firstIndex(where: { $0.name == tag.name }) else {
        let known = entries.isEmpty ? "there are none" : "there are: \(entries.map(\.name).joined(separator: ", "))"
        throw ValidationError(
          "the prompt asks for \(tag.text), but no --lora has that name (\(known)); add --lora \(tag.name)=FILE.")
      }
      entries[index].isTagged = true
    }
  }

  /// Reads the files for a model.
  mutating func load(for model: DiffusionModel) throws {
    loaded = try entries.map {
      try LoadedAdapter($0.adapter, sites: model.sites, model.precision.type, on: model.precision.device)
    }
  }

  /// The strengths in a row whose prompt has these tags.
  func strengths(_ tags: [LoRATag], times factor: Double) -> [Double] {
    entries.map { entry in
      let own = entry.isTagged ? tags.filter { $0.name == entry.name }.reduce(0) { $0 + $1.strength } : 1
      return entry.strength * own * factor
    }
  }

  /// What acts at these strengths.
  func adapters(_ strengths: [Double]) throws -> AdapterSet {
    try AdapterSet(
      zip(loaded, strengths).map { ($0, .uniform($1)) }, weight: { entries[$0].weights.weight(of: $1) })
  }

  /// The first 12 digits of the SHA-256 of each file's tensors (AutoV3).
  func hashes() throws -> [String] { try entries.map { String(try $0.adapter.file.tensorHash().prefix(12)) } }
}
