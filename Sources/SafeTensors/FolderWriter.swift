#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// Builds a folder of files beside its target, and lets it appear under its name only when it is complete.
///
/// A folder that is dropped before ``finish()`` is removed with everything made in it. An existing target is never
/// replaced.
package struct FolderWriter: ~Copyable {
  /// The folder to be made.
  package let path: String
  /// Where it is made.
  package let temporary: String
  private var made: [(path: String, isFolder: Bool)]
  private var isOpen: Bool

  /// Makes the temporary folder.
  /// - Throws: ``SafeTensorsError`` with rule `exists` or `cannotWrite`.
  package init(path: String) throws(SafeTensorsError) {
    var path = path
    while path.utf8.count > 1, path.hasSuffix("/") { path.removeLast() }
    guard unsafe access(path, F_OK) != 0 else {
      throw SafeTensorsError(
        path: path, rule: .exists,
        detail: "exists already; folders are never replaced, choose another name or remove it")
    }
    let temporary = WholeFile.temporary(path)
    guard unsafe mkdir(temporary, 0o755) == 0 else { throw Self.failure("made", path) }
    self.path = path
    self.temporary = temporary
    made = []
    isOpen = true
  }

  deinit {
    guard isOpen else { return }
    for entry in made.reversed() {
      _ = unsafe entry.isFolder ? rmdir(entry.path) : unlink(entry.path)
    }
    unsafe rmdir(temporary)
  }

  /// Makes a folder in it.
  package mutating func makeFolder(_ relative: String) throws(SafeTensorsError) {
    let place = "\(temporary)/\(relative)"
    guard unsafe mkdir(place, 0o755) == 0 else { throw Self.failure("made", "\(path)/\(relative)") }
    made.append((place, true))
  }

  /// The place of a file that another writer will make in it; it is removed with the rest.
  package mutating func place(_ relative: String) -> String {
    let place = "\(temporary)/\(relative)"
    made.append((place, false))
    return place
  }

  /// Copies a file into it, links followed.
  package mutating func copy(_ source: String, to relative: String) throws(SafeTensorsError) {
    let input = unsafe open(source, O_RDONLY | O_CLOEXEC)
    guard input >= 0 else {
      throw SafeTensorsError(
        path: source, rule: .cannotOpen, detail: "cannot be opened: \(systemMessage(errno))")
    }
    defer { close(input) }
    let output = unsafe open(place(relative), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
    guard output >= 0 else { throw Self.failure("made", "\(path)/\(relative)") }
    defer { close(output) }
    var buffer = [UInt8](repeating: 0, count: 1 << 20)
    while true {
      let count = unsafe Self.systemRead(input, &buffer, buffer.count)
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else {
        throw SafeTensorsError(path: source, rule: .cannotOpen, detail: "cannot be read: \(systemMessage(errno))")
      }
      if count == 0 { break }
      try SafeTensorsWriter.writeAll(
        unsafe buffer.span.bytes.extracting(0..<count), to: output, path: "\(path)/\(relative)")
    }
    guard fsync(output) == 0 else { throw Self.failure("synced", "\(path)/\(relative)") }
  }

  /// Writes a small file in it.
  package mutating func write(_ bytes: [UInt8], to relative: String) throws(SafeTensorsError) {
    let output = unsafe open(place(relative), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
    guard output >= 0 else { throw Self.failure("made", "\(path)/\(relative)") }
    defer { close(output) }
    try SafeTensorsWriter.writeAll(unsafe bytes.span.bytes, to: output, path: "\(path)/\(relative)")
    guard fsync(output) == 0 else { throw Self.failure("synced", "\(path)/\(relative)") }
  }

  /// Gives the folder its name.
  package consuming func finish() throws(SafeTensorsError) {
    guard unsafe rename(temporary, path) == 0 else { throw Self.failure("renamed into place", path) }
    isOpen = false
  }

  private static func systemRead(_ descriptor: Int32, _ target: UnsafeMutableRawPointer, _ count: Int) -> Int {
    #if canImport(Glibc)
    unsafe Glibc.read(descriptor, target, count)
    #else
    unsafe Darwin.read(descriptor, target, count)
    #endif
  }

  private static func failure(_ what: String, _ path: String) -> SafeTensorsError {
    SafeTensorsError(path: path, rule: .cannotWrite, detail: "cannot be \(what): \(systemMessage(errno))")
  }
}

/// What lies in a folder.
package enum FolderContents {
  /// Whether a path leads to a folder.
  package static func isFolder(_ path: String) -> Bool {
    var status = stat()
    return unsafe stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
  }

  /// Whether there is anything at a path.
  package static func exists(_ path: String) -> Bool { unsafe access(path, F_OK) == 0 }

  /// The names in a folder, sorted by their characters' numbers; those that begin with a dot are left out.
  ///
  /// - Throws: ``SafeTensorsError`` with rule `cannotOpen`.
  package static func names(in path: String) throws(SafeTensorsError) -> [String] {
    guard let handle = unsafe opendir(path) else {
      throw SafeTensorsError(path: path, rule: .cannotOpen, detail: "cannot be opened: \(systemMessage(errno))")
    }
    defer { unsafe closedir(handle) }
    var names: [String] = []
    while let entry = unsafe readdir(handle) {
      let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) { pointer in
        unsafe pointer.withMemoryRebound(to: CChar.self, capacity: 256) { unsafe String(cString: $0) }
      }
      if !name.hasPrefix(".") { names.append(name) }
    }
    return names.sorted { $0.unicodeScalars.lexicographicallyPrecedes($1.unicodeScalars) }
  }

  /// Everything below a folder in a stable order, folders before what they hold; names that begin with a dot are left
  /// out.
  ///
  /// - Throws: ``SafeTensorsError`` with rule `cannotOpen`, for folders nested more than eight deep as well.
  package static func all(
    below path: String, prefix: String = "", depth: Int = 0
  ) throws(SafeTensorsError) -> [(relative: String, isFolder: Bool)] {
    func failure(_ detail: String) -> SafeTensorsError {
      SafeTensorsError(path: path, rule: .cannotOpen, detail: detail)
    }
    guard depth < 8 else { throw failure("has folders nested more than eight deep; a link may lead back into it") }
    var result: [(relative: String, isFolder: Bool)] = []
    for name in try names(in: path) {
      let folder = isFolder("\(path)/\(name)")
      result.append((prefix + name, folder))
      if folder { result += try all(below: "\(path)/\(name)", prefix: "\(prefix)\(name)/", depth: depth + 1) }
    }
    return result
  }
}
