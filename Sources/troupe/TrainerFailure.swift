import Trainer

/// Errors of data sets and training, as a sentence and an exit code; ``Failure`` knows those of configuration files.
struct TrainerFailure {
  let text: String
  let code: Failure.Code

  /// `nil` for errors from elsewhere.
  init?(_ error: any Error) {
    switch error {
    case let error as DatasetPictures.Refusal: self.init(error.description)
    case let error as PictureFolder.Refusal: self.init(error.description)
    case let error as BucketRule.Refusal: self.init(error.description)
    case let error as SamplerStateError: self.init(error.description)
    case let error as OptimisationError: self.init(error.message, error.kind == .computation ? .running : .input)
    case let error as RunFilesError: self.init(error.description, error.kind == .other ? .input : .usage)
    default: return nil
    }
  }

  private init(_ text: String, _ code: Failure.Code = .input) {
    self.text = text
    self.code = code
  }
}
