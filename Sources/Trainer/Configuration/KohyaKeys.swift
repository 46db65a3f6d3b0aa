internal import TOML

/// The keys of sd-scripts' dataset configuration, with what they take and where they may stand.
enum KohyaKeys {
  /// What a key takes.
  enum Kind: Sendable {
    case bool
    case integer(ClosedRange<Int>)
    case number(ClosedRange<Double>)
    case text
    case size
    case numberPair
    case table
  }

  /// Of every subset.
  static let subset: [String: Kind] = [
    "color_aug": .bool, "face_crop_aug_range": .numberPair, "flip_aug": .bool, "num_repeats": .integer(0...1_000_000),
    "random_crop": .bool, "shuffle_caption": .bool, "keep_tokens": .integer(0...1000), "keep_tokens_separator": .text,
    "secondary_separator": .text, "caption_separator": .text, "enable_wildcard": .bool,
    "token_warmup_min": .integer(0...1000), "token_warmup_step": .number(0...1e9), "caption_prefix": .text,
    "caption_suffix": .text, "custom_attributes": .table, "resize_interpolation": .text,
    "caption_dropout_every_n_epochs": .integer(0...1_000_000), "caption_dropout_rate": .number(0...1),
    "caption_tag_dropout_rate": .number(0...1),
  ]
  /// Of subsets whose captions lie beside the pictures; datasets and the general table may give them too.
  static let beside: [String: Kind] = ["caption_extension": .text, "class_tokens": .text, "cache_info": .bool]
  /// Of one subset alone.
  static let besideOnly: [String: Kind] = ["image_dir": .text, "is_reg": .bool, "alpha_mask": .bool]
  /// Of one subset with a metadata file.
  static let metadataOnly: [String: Kind] = ["metadata_file": .text, "image_dir": .text, "alpha_mask": .bool]
  /// Of one subset with masks or other conditions.
  static let conditionOnly: [String: Kind] = [
    "image_dir": .text, "conditioning_data_dir": .text, "caption_extension": .text, "cache_info": .bool,
  ]
  /// Of datasets and the general table.
  static let dataset: [String: Kind] = [
    "batch_size": .integer(1...1024), "bucket_no_upscale": .bool, "bucket_reso_steps": .integer(8...1024),
    "enable_bucket": .bool, "max_bucket_reso": .integer(64...16384), "min_bucket_reso": .integer(1...8192),
    "validation_seed": .integer(0...Int(UInt32.max)), "validation_split": .number(0...1), "resolution": .size,
    "network_multiplier": .number(-100...100), "resize_interpolation": .text,
  ]

  /// Values by key; the first table that has a key decides.
  struct Values: Sendable {
    var layers: [[String: TOMLValue]]

    subscript(_ key: String) -> TOMLValue? { layers.lazy.compactMap { $0[key] }.first }
    func bool(_ key: String) -> Bool { if case .bool(let value) = self[key] { value } else { false } }
    func int(_ key: String) -> Int? { if case .integer(let value) = self[key] { value } else { nil } }
    func number(_ key: String) -> Double? { self[key]?.double }
    func text(_ key: String) -> String? { if case .string(let value) = self[key] { value } else { nil } }
    func size(_ key: String) -> PixelSize? {
      switch self[key] {
      case .integer(let side): PixelSize(side)
      case .array(let sides): PixelSize(side(sides.first), side(sides.last))
      default: nil
      }
    }
    func pair(_ key: String) -> ClosedRange<Double>? {
      guard case .array(let items) = self[key], let a = items.first?.double, let b = items.last?.double else {
        return nil
      }
      return min(a, b)...max(a, b)
    }
    private func side(_ value: TOMLValue?) -> Int { if case .integer(let side) = value { side } else { 0 } }
  }

  /// Takes the keys of these groups out of a table; anything else is refused.
  static func read(
    _ fields: inout TOMLFields, _ groups: [String: Kind]...
  ) throws(TOMLError) -> [String: TOMLValue] {
    var values: [String: TOMLValue] = [:]
    for (key, kind) in groups.flatMap({ $0 }).sorted(by: { $0.key < $1.key }) {
      guard let value = try checked(key, kind, &fields) else { continue }
      values[key] = value
    }
    try fields.finish()
    return values
  }

  private static func checked(
    _ key: String, _ kind: Kind, _ fields: inout TOMLFields
  ) throws(TOMLError) -> TOMLValue? {
    switch kind {
    case .bool: return try fields.bool(key).map { .bool($0) }
    case .integer(let range): return try fields.integer(key, in: range).map { .integer($0) }
    case .number(let range): return try fields.number(key, in: range).map { .number($0) }
    case .text: return try fields.anyText(key).map { .string($0) }
    case .size:
      return try fields.integers(key, count: 1...2, in: 64...8192).map { sides in
        .array([.integer(sides[0]), .integer(sides.count > 1 ? sides[1] : sides[0])])
      }
    case .numberPair:
      let items = try fields.list(key)
      guard items.isEmpty || items.count == 2 && items.allSatisfy({ $0.double != nil }) else {
        throw fields.refusal(key, "\(key) takes two numbers, such as [1.0, 2.0]")
      }
      return items.isEmpty ? nil : .array(items)
    case .table: return try fields.table(key).map { .table($0) }
    }
  }
}
