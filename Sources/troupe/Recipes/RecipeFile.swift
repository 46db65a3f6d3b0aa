import Adapters
import Merge

/// A merge as a person writes it down: `troupe merge --recipe cast.toml`.
///
/// Everything is as written: paths are relative to the recipe's folder (see ``path(of:recipe:)``), and what is not said
/// is nil. ``canonicalText`` is the same recipe in one fixed spelling.
struct RecipeFile: Sendable, Hashable, Codable {
  /// A parameter of a method.
  enum Option: Sendable, Hashable, Codable {
    case bool(Bool)
    case integer(Int)
    case number(Double)
    case text(String)

    init(from decoder: any Decoder) throws {
      let container = try decoder.singleValueContainer()
      if let value = try? container.decode(Bool.self) {
        self = .bool(value)
      } else if let value = try? container.decode(Int.self) {
        self = .integer(value)
      } else if let value = try? container.decode(Double.self) {
        self = .number(value)
      } else {
        self = .text(try container.decode(String.self))
      }
    }

    func encode(to encoder: any Encoder) throws {
      var container = encoder.singleValueContainer()
      switch self {
      case .bool(let value): try container.encode(value)
      case .integer(let value): try container.encode(value)
      case .number(let value): try container.encode(value)
      case .text(let value): try container.encode(value)
      }
    }

    /// The number, of either kind.
    var double: Double? {
      switch self {
      case .integer(let value): Double(value)
      case .number(let value): value
      default: nil
      }
    }
  }

  /// A pattern over layers and the weight of what it names.
  struct Layer: Sendable, Hashable, Codable {
    var pattern: String
    var weight: Double
  }

  /// One LoRA.
  struct Source: Sendable, Hashable, Codable {
    /// The file as written.
    var file: String
    var strength: Double?
    var te: Double?
    var te1: Double?
    var te2: Double?
    var unet: Double?
    /// Block weights as ``BlockWeights`` reads them; a list is joined with commas.
    var blocks: String?
    /// Patterns in the order of the text, of which the last that names a layer counts.
    var layers: [Layer] = []

    /// What of each layer to take, once the source's base model is known.
    ///
    /// - Parameter exclude: the patterns of ``RecipeFile/exclude``.
    func layerWeights(
      architecture: Architecture, exclude: [String]
    ) throws(LayerWeightsError) -> LayerWeights {
      var result = LayerWeights()
      result.textEncoder1 = te1 ?? te ?? 1
      result.textEncoder2 = te2 ?? te ?? 1
      result.unet = unet ?? 1
      if let blocks { result.blocks = try BlockWeights(blocks, architecture: architecture) }
      for layer in layers {
        result.patterns.append(.init(pattern: try LayerPattern(layer.pattern), weight: layer.weight))
      }
      for pattern in exclude { result.excluded.append(try LayerPattern(pattern)) }
      return result
    }
  }

  var method: String?
  var rank: Int?
  var convRank: Int?
  /// The name of a number format, as on the command line.
  var dtype: String?
  /// The name of a dialect, as on the command line.
  var to: String?
  /// The file to write, relative to the recipe's folder.
  var output: String?
  var lambda: Double?
  var normalise: Bool?
  /// Layers to leave out of every source.
  var exclude: [String] = []
  /// Parameters of the method.
  var options: [String: Option] = [:]
  /// The LoRAs; at least one.
  var sources: [Source] = []

  /// A path of a recipe as the program opens it: relative to the recipe's folder.
  static func path(of file: String, recipe: String) -> String {
    guard !file.hasPrefix("/"), let slash = recipe.lastIndex(of: "/") else { return file }
    return recipe[...slash] + file
  }
}
