import ArgumentParser

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// Options of every command that computes.
struct ComputeOptions: ParsableArguments {
  @Option(name: .long, help: ArgumentHelp("How many layers are computed at once.", valueName: "count"))
  var workers: Int = ComputeOptions.cores

  func validate() throws {
    guard (1...256).contains(workers) else { throw ValidationError("--workers must be from 1 to 256.") }
  }

  /// The processor cores that are online.
  static var cores: Int { max(1, min(256, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN))))) }
}
