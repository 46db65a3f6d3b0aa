#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// A file that grows at its end, one whole record after another.
///
/// What was appended survives the process at once, and the machine after ``sync()``. One writer at a time.
package struct AppendingFile: ~Copyable, Sendable {
  /// What becomes of a file that already has the name.
  package enum Existing: Sendable {
    case refuse, extend
  }

  /// The file.
  package let path: String
  private let descriptor: Int32

  /// Opens a file at its end, or makes it.
  /// - Throws: ``SafeTensorsError`` with rule `exists` or `cannotWrite`.
  package init(path: String, existing: Existing = .extend) throws(SafeTensorsError) {
    let flags = O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | (existing == .refuse ? O_EXCL : 0)
    descriptor = unsafe open(path, flags, 0o644)
    self.path = path
    guard descriptor >= 0 else {
      if existing == .refuse, errno == EEXIST {
        throw SafeTensorsError(path: path, rule: .exists, detail: "exists already; choose another name or remove it")
      }
      throw failure("opened")
    }
  }

  deinit {
    if descriptor >= 0 { close(descriptor) }
  }

  /// Appends a record, or nothing: of one that does not fit on the disk no part remains.
  /// - Throws: ``SafeTensorsError`` with rule `cannotWrite`.
  package func append(_ bytes: [UInt8]) throws(SafeTensorsError) {
    let end = lseek(descriptor, 0, SEEK_END)
    do {
      try SafeTensorsWriter.writeAll(unsafe bytes.span.bytes, to: descriptor, path: path)
    } catch {
      if end >= 0 { ftruncate(descriptor, end) }
      throw error
    }
  }

  /// Waits until everything is on the disk.
  /// - Throws: ``SafeTensorsError`` with rule `cannotWrite`.
  package func sync() throws(SafeTensorsError) {
    guard fsync(descriptor) == 0 else { throw failure("synced") }
  }

  private func failure(_ what: String) -> SafeTensorsError {
    SafeTensorsError(path: path, rule: .cannotWrite, detail: "cannot be \(what): \(systemMessage(errno))")
  }
}
