#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// The files below a folder whose names end in one of the wanted endings.
///
/// Names that begin with a dot are left out, and what is below them. A folder that links lead to several times, or back
/// into itself, is entered once.
package struct FolderWalk: Sendable {
  /// A file that was found, or a folder that could not be entered.
  package struct Entry: Sendable {
    /// The path, beginning as the caller's.
    package var path: String
    /// Why the folder of this path could not be read; nil for files.
    package var problem: SafeTensorsError?

    /// A file that the caller names itself, or one that was found.
    package init(path: String, problem: SafeTensorsError? = nil) { (self.path, self.problem) = (path, problem) }
  }

  /// What was found, in order of names; a folder's files come before those of the folders in it.
  package private(set) var entries: [Entry] = []
  /// How many files of other endings there were.
  package private(set) var skipped = 0
  private let endings: [String]
  private var entered: Set<Identity> = []

  /// What makes a folder the same under two names.
  private struct Identity: Hashable {
    var device: UInt64
    var number: UInt64
  }

  /// Walks through a folder.
  /// - Throws: ``SafeTensorsError`` with rule `cannotOpen` when the folder itself cannot be read; those below it are
  ///   entries.
  package init(below path: String, endings: [String]) throws(SafeTensorsError) {
    self.endings = endings
    let root = path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path
    if let identity = Self.folder(root) { entered.insert(identity) }
    try walk(root)
  }

  private mutating func walk(_ path: String) throws(SafeTensorsError) {
    var folders: [String] = []
    for name in try FolderContents.names(in: path) {
      let inner = path == "/" ? "/\(name)" : "\(path)/\(name)"
      if let identity = Self.folder(inner) {
        if entered.insert(identity).inserted { folders.append(inner) }
      } else if endings.contains(where: name.hasSuffix) {
        entries.append(Entry(path: inner))
      } else {
        skipped += 1
      }
    }
    for folder in folders {
      do { try walk(folder) } catch { entries.append(Entry(path: folder, problem: error)) }
    }
  }

  /// The identity of a folder, links followed; nil for anything else.
  private static func folder(_ path: String) -> Identity? {
    var status = stat()
    guard unsafe stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else { return nil }
    return Identity(device: UInt64(status.st_dev), number: UInt64(status.st_ino))
  }
}
