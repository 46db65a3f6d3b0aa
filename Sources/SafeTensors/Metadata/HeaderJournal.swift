#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// Writes a header over an old one of the same length, so that neither a crash nor a power cut costs the file.
///
/// A header is longer than what a disk writes at once, so one that is written over may be left half old and half new.
/// Before the first byte is changed, the old header is therefore copied to a file beside, the journal, which is synced
/// together with its folder. Then only the bytes that differ are written, in one call, and synced; the header is read
/// back; and only then the journal goes. Whenever that is interrupted, either the file is as it was, or the journal has
/// what it was. The journal is made exclusively, so that it also keeps a second edit away.
package enum HeaderJournal {
  /// The name of a file's journal.
  package static func path(of file: String) -> String { "\(file).header-before-edit" }

  /// Fails where an edit of a file was interrupted, or is under way.
  /// - Throws: ``SafeTensorsError`` with rule `interrupted`.
  package static func check(_ file: String) throws(SafeTensorsError) {
    guard FolderContents.exists(path(of: file)) else { return }
    throw interrupted(file)
  }

  private static func interrupted(_ file: String) -> SafeTensorsError {
    SafeTensorsError(
      path: file, rule: .interrupted,
      detail:
        "\(path(of: file)) lies beside it: another edit is under way, or one was interrupted; if none is, `troupe metadata recover` puts the old header back"
    )
  }

  /// Writes a new header over the old one.
  ///
  /// - Parameters:
  ///   - file: the file; links are followed.
  ///   - old: the file's header with its length, as it was read.
  ///   - new: the new one, equally long.
  /// - Returns: how many bytes were written.
  /// - Throws: ``SafeTensorsError`` with rule `cannotWrite` or `interrupted`.
  static func replace(_ file: String, old: [UInt8], new: [UInt8]) throws(SafeTensorsError) -> Int {
    func failure(_ what: String) -> SafeTensorsError { SafeTensorsWriter.failure(what, path: file) }
    guard old.count == new.count, old.prefix(8) == new.prefix(8) else {
      throw SafeTensorsError(path: file, rule: .writerMisuse, detail: "the new header has another length")
    }
    guard let first = old.indices.first(where: { old[$0] != new[$0] }),
      let last = old.indices.last(where: { old[$0] != new[$0] })
    else { return 0 }
    let descriptor = unsafe open(file, O_RDWR | O_CLOEXEC)
    guard descriptor >= 0 else { throw failure("opened for writing") }
    defer { close(descriptor) }
    try write(journal: old, of: file)
    // The file may have been edited between being read and the journal's being made.
    guard read(descriptor, count: old.count) == old else {
      try WholeFile.remove(path(of: file))
      throw SafeTensorsError(
        path: file, rule: .cannotWrite, detail: "was changed by another program meanwhile; try again")
    }
    do throws(SafeTensorsError) {
      try write(new[first...last], at: first, to: descriptor, of: file)
      guard read(descriptor, count: new.count) == new else {
        throw SafeTensorsError(
          path: file, rule: .cannotWrite, detail: "reads back differently from what was written; check the disk")
      }
    } catch {
      // Put back what was there; where that fails too, the journal stays.
      try write(old[first...last], at: first, to: descriptor, of: file)
      try WholeFile.remove(path(of: file))
      throw error
    }
    try WholeFile.remove(path(of: file))
    SafeTensorsWriter.syncFolder(of: file)
    return last - first + 1
  }

  /// What became of a journal.
  package enum Recovery: String, Sendable {
    /// The old header was put back.
    case restored
    /// The file already had its old header; the journal was removed.
    case unchanged
  }

  /// Ends an edit that was interrupted: the old header is put back, and the journal removed.
  /// - Throws: ``SafeTensorsError``: `cannotOpen` where there is no journal, `interrupted` where it is not of this file.
  package static func recover(_ file: String) throws(SafeTensorsError) -> Recovery {
    guard FolderContents.exists(path(of: file)) else {
      throw SafeTensorsError(
        path: file, rule: .cannotOpen, detail: "no edit of it was interrupted: there is no \(path(of: file))")
    }
    let journal = try MappedContents(path: path(of: file))
    let old = try journal.copy(0..<journal.count)
    let contents = try MappedContents(path: file)
    let isWhole =
      (try? Header(path: file, fileSize: contents.count) { (range) throws(SafeTensorsError) in
        guard range.upperBound <= old.count else {
          throw SafeTensorsError(path: file, rule: .headerLength, detail: "")
        }
        return Array(old[range])
      })?.dataStart == old.count
    let isSound = (try? SafeTensorsFile(path: file, contents: contents)) != nil
    guard isWhole else {
      // The journal was not complete, so the file was not touched yet, or it is of another file.
      guard isSound else {
        throw SafeTensorsError(
          path: file, rule: .interrupted,
          detail: "is damaged, and \(path(of: file)) is not its old header; fetch the file again")
      }
      try WholeFile.remove(path(of: file))
      return .unchanged
    }
    let found = try contents.copy(0..<old.count)
    guard found != old else {
      try WholeFile.remove(path(of: file))
      return .unchanged
    }
    let descriptor = unsafe open(file, O_RDWR | O_CLOEXEC)
    guard descriptor >= 0 else { throw SafeTensorsWriter.failure("opened for writing", path: file) }
    defer { close(descriptor) }
    try write(old[...], at: 0, to: descriptor, of: file)
    try WholeFile.remove(path(of: file))
    SafeTensorsWriter.syncFolder(of: file)
    return .restored
  }

  private static func write(journal old: [UInt8], of file: String) throws(SafeTensorsError) {
    let journal = path(of: file)
    let descriptor = unsafe open(journal, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else {
      if errno == EEXIST { throw interrupted(file) }
      throw SafeTensorsWriter.failure("created", path: journal)
    }
    defer { close(descriptor) }
    do throws(SafeTensorsError) {
      try SafeTensorsWriter.writeAll(unsafe old.span.bytes, to: descriptor, path: journal)
      guard fsync(descriptor) == 0 else { throw SafeTensorsWriter.failure("synced", path: journal) }
    } catch {
      unsafe unlink(journal)
      throw error
    }
    SafeTensorsWriter.syncFolder(of: journal)
  }

  private static func write(
    _ bytes: ArraySlice<UInt8>, at offset: Int, to descriptor: Int32, of file: String
  ) throws(SafeTensorsError) {
    var done = 0
    while done < bytes.count {
      let count = unsafe bytes.withUnsafeBytes { buffer in
        unsafe buffer.baseAddress.map {
          unsafe pwrite(descriptor, $0 + done, bytes.count - done, off_t(offset + done))
        } ?? 0
      }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { throw SafeTensorsWriter.failure("written", path: file) }
      done += count
    }
    guard fsync(descriptor) == 0 else { throw SafeTensorsWriter.failure("synced", path: file) }
  }

  private static func read(_ descriptor: Int32, count: Int) -> [UInt8] {
    unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
      var done = 0
      while done < count, let start = buffer.baseAddress {
        let read = unsafe pread(descriptor, start + done, count - done, off_t(done))
        if read < 0, errno == EINTR { continue }
        guard read > 0 else { break }
        done += read
      }
      initialized = done
    }
  }
}
