internal import CTorch

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

extension Engine {
  #if os(macOS)
  static let fileName = "libTroupeTorch.dylib"
  #else
  static let fileName = "libTroupeTorch.so"
  #endif

  static func open() -> Result<Engine, TorchError> {
    var candidates: [String] = []
    if let named = unsafe getenv("TROUPE_ENGINE") {
      // A named library is the only one: another in its place would be a surprise.
      candidates = [unsafe String(cString: named)]
    } else if let image = unsafe troupe_torch_image() {
      // Beside the program; the bundles of macOS keep their programs three folders deep.
      var folder = unsafe String(cString: image)[...]
      for _ in 0..<4 {
        guard let slash = folder.lastIndex(of: "/") else { break }
        folder = folder[..<slash]
        candidates.append("\(folder)/\(fileName)")
        candidates.append("\(folder)/../lib/\(fileName)")
      }
    }
    guard let path = candidates.first(where: { unsafe access($0, R_OK) == 0 }) else {
      return .failure(
        TorchError(
          .unavailable,
          unsafe getenv("TROUPE_ENGINE") == nil
            ? "\(fileName) was not found beside the program; build it with `swift build` or name it in TROUPE_ENGINE"
            : "\(candidates[0]), which TROUPE_ENGINE names, cannot be read; correct or unset it"))
    }
    // libgomp reads this when it is loaded: threads that wait by spinning take the cores that others need.
    unsafe setenv("OMP_WAIT_POLICY", "passive", 0)
    var reason: UnsafePointer<CChar>?
    guard let table = unsafe troupe_torch_open(path, &reason) else {
      let why = unsafe reason.map { unsafe String(cString: $0) } ?? "no reason given"
      return .failure(TorchError(.unavailable, "\(path) could not be opened: \(why)"))
    }
    let engine = unsafe Engine(table: table, path: path)
    engine.setThreads(defaultThreads())
    return .success(engine)
  }

  /// `TROUPE_THREADS`, or one for each core.
  private static func defaultThreads() -> Int {
    if let text = unsafe getenv("TROUPE_THREADS"), let count = Int(unsafe String(cString: text)), count > 0 {
      return count
    }
    return max(1, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN))))
  }
}
