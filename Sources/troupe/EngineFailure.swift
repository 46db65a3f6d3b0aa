import Diffusion
import Images
import Torch

/// Errors of the models and of pictures, as a sentence and an exit code.
struct EngineFailure {
  let text: String
  let code: Failure.Code

  /// `nil` for errors from elsewhere.
  init?(_ error: any Error) {
    switch error {
    case let error as TorchError where error.kind == .unavailable:
      self.init("\(error.message); `troupe doctor` tells what to install", .running)
    case let error as TorchError where error.kind == .outOfMemory:
      self.init("the memory does not suffice: take smaller pictures, --batch 1 or --dtype bf16", .running)
    case let error as TorchError where error.kind == .processes: self.init(error.message, .running)
    case let error as TorchError: self.init("libtorch: \(Self.firstLine(error.message))", .running)
    case let error as DiffusionError: self.init(error.description, .input)
    case let error as CheckpointError:
      self.init(error.description, [.overflow, .writer].contains(error.rule) ? .running : .input)
    case let error as TokenizerError: self.init(error.description, .input)
    case let error as TextConditioningError: self.init(error.description, .usage)
    case let error as SamplingError: self.init("\(error)", .usage)
    case let error as ImageError:
      let code: Failure.Code =
        switch error.kind {
        case .exists: .usage
        case .cannotWrite, .unavailable, .missingCodec: .running
        default: .input
        }
      self.init(error.description, code)
    default: return nil
    }
  }

  private init(_ text: String, _ code: Failure.Code) {
    self.text = text
    self.code = code
  }

  /// libtorch adds pages of its own call stack.
  private static func firstLine(_ text: String) -> String {
    text.split(separator: "\n").first.map(String.init) ?? text
  }
}
