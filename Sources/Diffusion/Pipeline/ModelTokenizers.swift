import Adapters

/// The tokenizers of a model's text encoders.
public struct ModelTokenizers: Sendable {
  /// The first encoder's.
  public let first: CLIPTokenizer
  /// SDXL's second encoder's, which pads with `!`.
  public let second: CLIPTokenizer?

  /// Puts tokenizers together.
  public init(_ first: CLIPTokenizer, _ second: CLIPTokenizer? = nil) {
    self.first = first
    self.second = second
  }

  /// Reads a model's own tokenizers, or CLIP's where it came without.
  /// - Parameter environment: the value of an environment variable, which may name CLIP's vocabulary.
  /// - Throws: ``TokenizerError``.
  public init(_ checkpoint: ModelCheckpoint, environment: (String) -> String?) throws {
    func read(_ folder: String, _ padding: CLIPTokenizer.Padding) throws -> CLIPTokenizer {
      guard let own = checkpoint.tokenizerFolder(folder) else {
        return try .standard(padding: padding, environment: environment)
      }
      return try CLIPTokenizer(folder: own)
    }
    first = try read("tokenizer", checkpoint.configuration.family == .sd2 ? .exclamationMark : .end)
    second = checkpoint.configuration.textEncoder2 == nil ? nil : try read("tokenizer_2", .exclamationMark)
  }
}
