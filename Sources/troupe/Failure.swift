import Adapters
import ArgumentParser
import LinearAlgebra
import Merge
import SafeTensors

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// An error on its way out: one sentence on standard error, and the exit code that tells scripts its kind.
struct Failure {
  /// The exit codes.
  enum Code: Int32 {
    /// A finding that the user asked to fail on.
    case finding = 1
    /// A wrong option or argument.
    case usage = 2
    /// A file that cannot be used.
    case input = 3
    /// Anything else that went wrong while running.
    case running = 4
  }

  private let error: any Error

  init(_ error: any Error) { self.error = error }

  /// Reports the error and ends the process.
  func exit() -> Never {
    switch error {
    case let code as ExitCode: Self.leave(code.rawValue)
    case let error as SafeTensorsError: Self.say(error.description, Self.code(of: error))
    case let error as AdapterError: Self.say(error.description, .input)
    case let error as LayerWeightsError: Self.say("\(error)", .usage)
    case let error as MetadataError: Self.say(error.description, error.isUsage ? .usage : .input)
    case let error as RecipeFileError: Self.say("\(error)", .input)
    case let error as MergeError where error.rule == .parameter: Self.say("--method: \(error.detail)", .usage)
    case let error as MergeError: Self.say(error.description, error.rule == .verification ? .running : .input)
    case let error as LinearAlgebraError: Self.say(error.description, error == .nonFinite ? .input : .running)
    case is CancellationError: Self.say("interrupted", .running)
    default:
      if let failure = EngineFailure(error) { Self.say(failure.text, failure.code) }
      if let failure = TrainerFailure(error) { Self.say(failure.text, failure.code) }
      Self.usage(error)
    }
  }

  /// What is the file's fault is bad input; a full disk is not.
  private static func code(of error: SafeTensorsError) -> Code {
    switch error.rule {
    case .cannotWrite, .writerMisuse: .running
    case .exists: .usage
    default: .input
    }
  }

  /// The argument parser's own errors, help and version texts among them.
  private static func usage(_ error: any Error) -> Never {
    let status = Troupe.exitCode(for: error)
    let text = Troupe.fullMessage(for: error)
    if status.isSuccess {
      print(text)
      leave(0)
    }
    Terminal.writeError(text + "\n")
    // 64 is the parser's code for bad usage.
    leave(status.rawValue == 64 ? Code.usage.rawValue : Code.running.rawValue)
  }

  private static func say(_ text: String, _ code: Code) -> Never {
    Terminal.writeError(Style.error.red("error:") + " \(Terminal.sanitised(text))\n")
    leave(code.rawValue)
  }

  private static func leave(_ status: Int32) -> Never {
    #if canImport(Glibc)
    Glibc.exit(status)
    #else
    Darwin.exit(status)
    #endif
  }
}

extension Failure {
  /// Ends with the exit code of a finding when a measured residual is above the tolerance that was asked for.
  static func check(_ residual: Double?, tolerance: Double?) throws {
    guard let tolerance, let residual, !(residual <= tolerance) else { return }
    Terminal.writeError("the residual \(Numbers.scientific(residual)) is above the tolerance \(tolerance)\n")
    throw ExitCode(Code.finding.rawValue)
  }
}
