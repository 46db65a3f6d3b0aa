#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// Files that are small enough to be made in memory.
package enum WholeFile {
  /// Writes a file beside its name, syncs it where asked, and renames it to its name; a file of that name is replaced.
  /// - Throws: ``SafeTensorsError`` with rule `cannotWrite`; nothing is left behind then.
  package static func write(_ bytes: [UInt8], to path: String, syncs: Bool = false) throws(SafeTensorsError) {
    func failure(_ what: String) -> SafeTensorsError {
      SafeTensorsError(path: path, rule: .cannotWrite, detail: "cannot be \(what): \(systemMessage(errno))")
    }
    let temporary = Self.temporary(path)
    let descriptor = unsafe open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw failure("created") }
    do throws(SafeTensorsError) {
      try SafeTensorsWriter.writeAll(unsafe bytes.span.bytes, to: descriptor, path: path)
      if syncs, fsync(descriptor) != 0 { throw failure("synced") }
    } catch {
      close(descriptor)
      unsafe unlink(temporary)
      throw error
    }
    close(descriptor)
    guard unsafe rename(temporary, path) == 0 else {
      let error = failure("renamed into place")
      unsafe unlink(temporary)
      throw error
    }
    if syncs { SafeTensorsWriter.syncFolder(of: path) }
  }

  /// A name beside a file that nothing has yet.
  ///
  /// The process number alone would not do: threads share it, containers on one folder may, and one that was killed and
  /// started again often has its old one, while its unfinished file still lies there.
  package static func temporary(_ path: String) -> String {
    "\(path).\(getpid())-\(UInt32.random(in: .min ... .max)).part"
  }

  /// Makes a folder and those above it.
  /// - Throws: ``SafeTensorsError`` with rule `cannotWrite`.
  package static func makeFolder(_ path: String) throws(SafeTensorsError) {
    var place = path.hasPrefix("/") ? "" : "."
    for piece in path.split(separator: "/") {
      place += "/\(piece)"
      if unsafe mkdir(place, 0o755) != 0, errno != EEXIST {
        throw SafeTensorsError(
          path: path, rule: .cannotWrite, detail: "cannot be made: \(systemMessage(errno))")
      }
    }
  }

  /// Removes the temporary files of writers whose process is gone: names that end in `.NUMBER.part` or
  /// `.NUMBER-NUMBER.part`.
  ///
  /// Those with this process' own number are of an earlier one that had the same, so call it before anything is written.
  /// - Parameters:
  ///   - folder: the folder; one that is not there is no error.
  ///   - isOwn: which names may be removed at all.
  /// - Throws: ``SafeTensorsError``.
  package static func removeLeftovers(in folder: String, where isOwn: (String) -> Bool) throws(SafeTensorsError) {
    guard FolderContents.isFolder(folder) else { return }
    for name in try FolderContents.names(in: folder) where isOwn(name) {
      let pieces = name.split(separator: ".")
      guard pieces.count > 2, pieces.last == "part",
        let number = pieces[pieces.count - 2].split(separator: "-").first.flatMap({ Int32($0) }), number > 0,
        number == getpid() || (kill(number, 0) != 0 && errno == ESRCH)
      else { continue }
      try remove("\(folder)/\(name)")
    }
  }

  /// Removes a file; one that is not there is no error.
  /// - Throws: ``SafeTensorsError`` with rule `cannotWrite`.
  package static func remove(_ path: String) throws(SafeTensorsError) {
    guard unsafe unlink(path) != 0, errno != ENOENT else { return }
    throw SafeTensorsError(path: path, rule: .cannotWrite, detail: "cannot be removed: \(systemMessage(errno))")
  }
}
