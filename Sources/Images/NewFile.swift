internal import Synchronization

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// Writes whole files that appear under their name only when they are complete.
enum NewFile {
  private static let number = Atomic<Int>(0)

  /// Refuses a name that is taken.
  static func check(_ path: String, replacing: Bool) throws(ImageError) {
    guard unsafe replacing || access(path, F_OK) != 0 else { throw taken(path) }
  }

  static func write(_ bytes: [UInt8], to path: String, replacing: Bool) throws(ImageError) {
    // Beside the target, because a file can only be renamed within one file system.
    let temporary = "\(path).\(getpid())-\(number.add(1, ordering: .relaxed).newValue).part"
    let descriptor = unsafe open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw failure("made", path) }
    var isFinished = false
    defer { if !isFinished { unsafe unlink(temporary) } }
    do {
      defer { close(descriptor) }
      try writeAll(bytes, to: descriptor, path: path)
      guard fsync(descriptor) == 0 else { throw failure("synced", path) }
    }
    if replacing {
      guard unsafe rename(temporary, path) == 0 else { throw failure("renamed into place", path) }
      isFinished = true
    } else if unsafe link(temporary, path) != 0 {
      // A second name never replaces the first, not even one that appeared just now; `rename` would.
      if errno == EEXIST { throw taken(path) }
      // Some file systems have no second names.
      try check(path, replacing: false)
      guard unsafe rename(temporary, path) == 0 else { throw failure("renamed into place", path) }
      isFinished = true
    }
    syncFolder(of: path)
  }

  private static func writeAll(_ bytes: [UInt8], to descriptor: Int32, path: String) throws(ImageError) {
    var written = 0
    while written < bytes.count {
      let step = unsafe bytes.withUnsafeBytes { buffer in
        unsafe systemWrite(descriptor, buffer.baseAddress.map { unsafe $0 + written }, buffer.count - written)
      }
      if step < 0, errno == EINTR { continue }
      guard step > 0 else { throw failure("written", path) }
      written += step
    }
  }

  private static func systemWrite(_ descriptor: Int32, _ bytes: UnsafeRawPointer?, _ count: Int) -> Int {
    #if canImport(Glibc)
    unsafe Glibc.write(descriptor, bytes, count)
    #elseif canImport(Musl)
    unsafe Musl.write(descriptor, bytes, count)
    #else
    unsafe Darwin.write(descriptor, bytes, count)
    #endif
  }

  /// The name itself is kept by the folder; where a folder cannot be synced, the file still is.
  private static func syncFolder(of path: String) {
    let folder = path.lastIndex(of: "/").map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
    let descriptor = unsafe open(folder, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return }
    fsync(descriptor)
    close(descriptor)
  }

  private static func taken(_ path: String) -> ImageError {
    ImageError(.exists, of: path, "exists already and is not replaced; choose another name or remove it")
  }

  private static func failure(_ what: String, _ path: String) -> ImageError {
    ImageError(.cannotWrite, of: path, "cannot be \(what): \(ImageFile.systemMessage())")
  }
}
