#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// Small files that stand beside the weights.
package enum TextFile {
  /// The bytes of a file, or nil when there is no such file.
  /// - Throws: ``SafeTensorsError`` when it is there and cannot be read.
  package static func contents(_ path: String) throws(SafeTensorsError) -> [UInt8]? {
    guard unsafe access(path, F_OK) == 0 else { return nil }
    let contents = try FileContents(path: path)
    return contents.copy(0..<contents.count)
  }
  /// Gives a file other contents: under a temporary name first, so that a reader sees all of them or the old ones.
  /// - Throws: ``SafeTensorsError`` with rule `cannotWrite`.
  package static func replace(_ path: String, with bytes: [UInt8]) throws(SafeTensorsError) {
    let temporary = "\(path).\(getpid()).part"
    let descriptor = unsafe open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw failure("written", path) }
    var isFinished = false
    defer { if !isFinished { unsafe unlink(temporary) } }
    do {
      defer { close(descriptor) }
      try SafeTensorsWriter.writeAll(unsafe bytes.span.bytes, to: descriptor, path: path)
      guard fsync(descriptor) == 0 else { throw failure("synced", path) }
    }
    guard unsafe rename(temporary, path) == 0 else { throw failure("renamed into place", path) }
    isFinished = true
    SafeTensorsWriter.syncFolder(of: path)
  }

  private static func failure(_ what: String, _ path: String) -> SafeTensorsError {
    SafeTensorsError(path: path, rule: .cannotWrite, detail: "cannot be \(what): \(systemMessage(errno))")
  }
}
