public import Diffusion

/// How words become tokens, as far as it is known.
public enum CheckVocabulary: Sendable {
  /// By the model's tokenizers.
  case known(ModelTokenizers)
  /// The model cannot be opened; the reason is a sentence.
  case noModel(String)
  /// The model came without a vocabulary and there is none here; the reason is a sentence.
  case noVocabulary(String)
  /// No model is named.
  case notAsked

  /// The vocabulary of a base model.
  ///
  /// - Parameters:
  ///   - checkpoint: the model's file or folder; nil where none is named.
  ///   - environment: the value of an environment variable, which may name CLIP's vocabulary.
  public init(checkpoint: String?, environment: (String) -> String?) {
    guard let checkpoint else {
      self = .notAsked
      return
    }
    let model: ModelCheckpoint
    do { model = try ModelCheckpoint(path: checkpoint) } catch {
      self = .noModel("\(error)")
      return
    }
    do { self = .known(try ModelTokenizers(model, environment: environment)) } catch {
      self = .noVocabulary("\(error)")
    }
  }
}
