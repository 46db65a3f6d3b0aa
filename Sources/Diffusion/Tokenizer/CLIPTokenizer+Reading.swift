extension CLIPTokenizer {
  /// What fills chunks up where no file says it.
  public enum Padding: Sendable, Hashable {
    /// The end token: SD 1.x, and SDXL's first encoder.
    case end
    /// The token 0, `!`: SD 2.x, and SDXL's second encoder.
    ///
    /// As in diffusers, `!` is then a special token wherever it stands in a text.
    case exclamationMark
  }

  /// Reads the tokenizer of a diffusers model from its folder.
  ///
  /// That is `tokenizer.json`, or `vocab.json` with `merges.txt`, and the special tokens' files beside them.
  /// - Throws: ``TokenizerError`` when a file is missing or damaged.
  public init(folder: String) throws(TokenizerError) {
    let settings = try TokenizerSettings(folder: folder)
    let whole = "\(folder)/tokenizer.json"
    // As in transformers the newer file counts when both are there.
    if try JSONFile.contents(whole) != nil {
      try self.init(Vocabulary(tokenizer: whole), settings, path: whole)
      return
    }
    let path = "\(folder)/vocab.json"
    guard try JSONFile.contents(path) != nil else {
      throw TokenizerError(path: folder, problem: "the folder has no tokenizer.json and no vocab.json")
    }
    try self.init(Vocabulary(vocabulary: path, merges: "\(folder)/merges.txt"), settings, path: path)
  }

  /// Reads CLIP's original vocabulary, the unpacked `bpe_simple_vocab_16e6.txt`.
  /// - Throws: ``TokenizerError`` when the file is missing or damaged.
  public init(bpe path: String, padding: Padding = .end) throws(TokenizerError) {
    var settings = TokenizerSettings()
    if padding == .exclamationMark { settings.padding.content = "!" }
    try self.init(Vocabulary(bpe: path), settings, path: path)
  }

  /// Where CLIP's own vocabulary lies, which single-file checkpoints come without.
  ///
  /// `TROUPE_VOCABULARY` names it, or else it is where `scripts/fetch-vocabulary` puts it:
  /// `${XDG_CACHE_HOME:-~/.cache}/troupe/clip/bpe_simple_vocab_16e6.txt`.
  /// - Parameter environment: the value of an environment variable, nil where it is not set.
  /// - Returns: the path, whether or not there is such a file; nil when neither variable nor `HOME` is set.
  public static func standardVocabularyPath(_ environment: (String) -> String?) -> String? {
    func value(_ name: String) -> String? { environment(name).flatMap { $0.isEmpty ? nil : $0 } }
    if let path = value("TROUPE_VOCABULARY") { return path }
    guard let cache = value("XDG_CACHE_HOME") ?? value("HOME").map({ "\($0)/.cache" }) else { return nil }
    return "\(cache)/troupe/clip/bpe_simple_vocab_16e6.txt"
  }

  /// Reads CLIP's own vocabulary from where it lies on this machine.
  /// - Parameter environment: the value of an environment variable, nil where it is not set.
  /// - Throws: ``TokenizerError``, which names the script that fetches the file, when it is missing.
  public static func standard(
    padding: Padding = .end, environment: (String) -> String?
  ) throws(TokenizerError) -> CLIPTokenizer {
    guard let path = standardVocabularyPath(environment) else {
      throw TokenizerError(
        path: "bpe_simple_vocab_16e6.txt",
        problem: "CLIP's vocabulary is nowhere to be found; run scripts/fetch-vocabulary FILE and set "
          + "TROUPE_VOCABULARY to that file")
    }
    guard try JSONFile.contents(path) != nil else {
      throw TokenizerError(
        path: path,
        problem: "CLIP's vocabulary is not there; run scripts/fetch-vocabulary, or set TROUPE_VOCABULARY to its file")
    }
    return try CLIPTokenizer(bpe: path, padding: padding)
  }
}
