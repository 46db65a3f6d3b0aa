internal import TOML

extension CaptionRule {
  /// Takes the keys of captions out of a table; what is not given is as in `base`.
  init(_ fields: inout TOMLFields, base: CaptionRule) throws(TOMLError) {
    self = base
    if let value = try fields.anyText("prefix") { prefix = value }
    if let value = try fields.anyText("suffix") { suffix = value }
    if let value = try fields.text("separator") { separator = value }
    if let value = try fields.text("secondary_separator") { secondarySeparator = value }
    if let value = try fields.integer("keep_tokens", in: 0...1000) { keptTags = value }
    if let value = try fields.text("keep_tokens_separator") { keptTagsSeparator = value }
    if let value = try fields.bool("shuffle") { shuffles = value }
    if let value = try fields.number("dropout", in: 0...1) { dropout = value }
    if let value = try fields.integer("dropout_every_epochs", in: 0...1_000_000) { dropoutEpochs = value }
    if let value = try fields.number("tag_dropout", in: 0...1) { tagDropout = value }
    if let value = try fields.bool("wildcards") { expandsWildcards = value }
    if let value = try fields.integer("warmup_first", in: 0...1000) { warmUpFirst = value }
    if let value = try fields.number("warmup", in: 0...1e9) { warmUpSteps = value }
  }
}
