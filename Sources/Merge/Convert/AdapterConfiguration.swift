import Adapters
import SafeTensors

/// PEFT's configuration of an adapter: the ranks and alphas that its tensors do not tell.
struct AdapterConfiguration: Sendable {
  var ranks: [(path: ModulePath, rank: Int, alpha: Double)]
  var usesDoRA = false

  /// The members of `adapter_config.json`, with a prefix before each name as diffusers has in its metadata.
  ///
  /// The commonest rank and alpha stand for all layers, the others in patterns; a pattern is a layer's full name.
  func members(prefix: String = "") -> [JSONValue.Member] {
    let rank = Self.commonest(ranks.map(\.rank)) ?? 0
    let alpha = Self.commonest(ranks.map(\.alpha)) ?? 0
    let names = ranks.map(\.path.name)
    let alphas = ranks.filter { $0.alpha != alpha }.map {
      JSONValue.Member(name: $0.path.name, value: Self.number($0.alpha))
    }
    let others = ranks.filter { $0.rank != rank }.map {
      JSONValue.Member(name: $0.path.name, value: .unsigned(UInt64(max(0, $0.rank))))
    }
    let members: [(String, JSONValue)] = [
      ("alpha_pattern", .object(alphas)),
      ("bias", .string("none")), ("fan_in_fan_out", .bool(false)), ("inference_mode", .bool(true)),
      ("init_lora_weights", .bool(true)), ("lora_alpha", Self.number(alpha)), ("lora_dropout", .double(0)),
      ("peft_type", .string("LORA")), ("r", .unsigned(UInt64(max(0, rank)))),
      ("rank_pattern", .object(others)),
      ("target_modules", .array(names.map { .string($0) })), ("use_dora", .bool(usesDoRA)),
      ("use_rslora", .bool(false)),
    ]
    return members.map { JSONValue.Member(name: prefix + $0.0, value: $0.1) }
  }

  /// Whole numbers without a decimal point, as PEFT itself writes them.
  private static func number(_ value: Double) -> JSONValue {
    UInt64(exactly: value).map { .unsigned($0) } ?? .double(value)
  }

  private static func commonest<Value: Hashable & Comparable>(_ values: [Value]) -> Value? {
    let counts = values.reduce(into: [Value: Int]()) { $0[$1, default: 0] += 1 }
    return counts.max { ($0.value, $1.key) < ($1.value, $0.key) }?.key
  }
}
