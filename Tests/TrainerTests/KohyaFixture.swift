import Foundation
import Trainer

/// Outcomes of sd-scripts itself, made by scripts/oracles/make_dataset_fixture.py.
struct KohyaFixture: Decodable {
  struct SizeList: Decodable {
    var resolution: [Int]
    var min: Int
    var max: Int
    var step: Int
    var sizes: [[Int]]
  }
  struct Placements: Decodable {
    var resolution: [Int]
    var min: Int
    var max: Int
    var step: Int
    var noUpscale: Bool
    var rows: [[Int]]
  }
  enum Option: Decodable {
    case bool(Bool)
    case number(Double)
    case text(String)
    init(from decoder: any Decoder) throws {
      let container = try decoder.singleValueContainer()
      if let value = try? container.decode(Bool.self) {
        self = .bool(value)
      } else if let value = try? container.decode(Double.self) {
        self = .number(value)
      } else {
        self = .text(try container.decode(String.self))
      }
    }
    var number: Double { if case .number(let value) = self { value } else { 0 } }
    var text: String? { if case .text(let value) = self { value } else { nil } }
    var isTrue: Bool { if case .bool(let value) = self { value } else { false } }
  }
  struct Captions: Decodable {
    struct Outcome: Decodable {
      var epoch: Int
      var step: Int
      var text: String
      var out: String
    }
    var options: [String: Option]
    var seed: Int
    var steps: Int
    var outcomes: [Outcome]

    var rule: CaptionRule {
      var rule = CaptionRule()
      rule.alwaysRemovesSeparator = false
      for (key, value) in options {
        switch key {
        case "shuffle_caption": rule.shuffles = value.isTrue
        case "keep_tokens": rule.keptTags = Int(value.number)
        case "keep_tokens_separator": rule.keptTagsSeparator = value.text
        case "caption_prefix": rule.prefix = value.text
        case "caption_suffix": rule.suffix = value.text
        case "caption_tag_dropout_rate": rule.tagDropout = value.number
        case "caption_dropout_rate": rule.dropout = value.number
        case "caption_dropout_every_n_epochs": rule.dropoutEpochs = Int(value.number)
        case "enable_wildcard": rule.expandsWildcards = value.isTrue
        case "secondary_separator": rule.secondarySeparator = value.text
        case "caption_separator": rule.separator = value.text ?? ""
        case "token_warmup_step": rule.warmUpSteps = value.number
        case "token_warmup_min": rule.warmUpFirst = Int(value.number)
        default: fatalError("the fixture has an option \(key) that the test does not know")
        }
      }
      return rule
    }
  }
  struct Match: Decodable {
    var train: Int
    var sets: [[Int]]
    var repeats: [Int]
  }
  struct Batches: Decodable {
    var seed: Int
    var batch: Int
    var buckets: [Int]
    var epochs: [[[Int]]]
  }
  struct Draws: Decodable {
    var seed: Int
    var unit: [Double]
    var below: [Int]
    var wideSeed: Int
    var wide: UInt32
  }

  var lists: [SizeList]
  var placements: [Placements]
  var captions: [Captions]
  var matches: [Match]
  var batches: [Batches]
  var python: Draws

  static func read() throws -> KohyaFixture {
    let data = try Data(contentsOf: URL(filePath: Fixtures.path("dataset/sd-scripts.json")))
    return try JSONDecoder().decode(KohyaFixture.self, from: data)
  }
}
