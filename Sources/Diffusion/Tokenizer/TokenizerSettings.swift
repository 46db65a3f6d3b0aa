import SafeTensors

/// What `tokenizer_config.json` and the files beside it say about special tokens.
struct TokenizerSettings {
  /// A special token by its role.
  struct Named: Equatable {
    var content: String
    var normalised = false
  }

  var start = Named(content: "<|startoftext|>")
  var end = Named(content: "<|endoftext|>")
  var unknown = Named(content: "<|endoftext|>")
  var padding = Named(content: "<|endoftext|>")
  /// Tokens that the files declare with ids; they say more than the roles do.
  var added: [SpecialToken] = []

  init() {}

  /// Reads the files of a folder that are there.
  init(folder: String) throws(TokenizerError) {
    // The older file comes last: where both name a token, the reference takes its word.
    for name in ["tokenizer_config.json", "special_tokens_map.json"] {
      let path = "\(folder)/\(name)"
      guard let document = try JSONFile.object(path) else { continue }
      try read(document, path)
    }
    let path = "\(folder)/added_tokens.json"
    for member in try JSONFile.object(path)?.members ?? [] {
      guard let id = member.value.int.flatMap({ Int32(exactly: $0) }), id >= 0 else {
        throw TokenizerError(path: path, problem: "token \"\(member.name)\" should have a whole number as its id")
      }
      added.append(SpecialToken(content: member.name, id: id, normalised: true))
    }
  }

  private mutating func read(_ document: JSONValue, _ path: String) throws(TokenizerError) {
    if let named = try Self.named("bos_token", document, path) { start = named }
    if let named = try Self.named("eos_token", document, path) { end = named }
    if let named = try Self.named("unk_token", document, path) { unknown = named }
    if let named = try Self.named("pad_token", document, path) { padding = named }
    for member in document["added_tokens_decoder"]?.members ?? [] {
      added.append(try Self.added(member.value, id: Int(member.name), path))
    }
  }

  /// A token of `added_tokens_decoder`, or of `added_tokens` in `tokenizer.json`.
  static func added(_ value: JSONValue, id: Int?, _ path: String) throws(TokenizerError) -> SpecialToken {
    guard let id = id.flatMap({ Int32(exactly: $0) }), id >= 0, let content = value["content"]?.string else {
      throw TokenizerError(path: path, problem: "an added token lacks its id or its \"content\"")
    }
    guard value["single_word"]?.bool != true else {
      throw TokenizerError(
        path: path, problem: "the added token \"\(content)\" is \"single_word\", which no CLIP tokenizer needs")
    }
    return SpecialToken(content: content, id: id, normalised: value["normalized"]?.bool ?? false)
  }

  private static func named(_ key: String, _ document: JSONValue, _ path: String) throws(TokenizerError) -> Named? {
    switch document[key] {
    case nil, .null: return nil
    case .string(let content): return Named(content: content)
    case .some(let value):
      guard let content = value["content"]?.string else {
        throw TokenizerError(path: path, problem: "\"\(key)\" should be a token's text, and is \(value.kind)")
      }
      return Named(content: content, normalised: value["normalized"]?.bool ?? false)
    }
  }
}
