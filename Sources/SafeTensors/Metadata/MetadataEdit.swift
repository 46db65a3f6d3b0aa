#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// An edit of a file's metadata: the header is changed, the tensors' bytes never are.
package struct MetadataEdit: Sendable {
  /// How the result came to be.
  package enum Way: String, Sendable {
    /// Nothing was to be changed, and nothing was written.
    case nothing
    /// The header was written over the old one.
    case header
    /// The file was written anew, its tensors copied.
    case copied
    /// The archive was written anew: its header packed, the other frames copied as they were.
    case headerFrame = "header-frame"
    /// The archive was packed anew.
    case packed
  }

  /// What was done.
  package struct Outcome: Sendable, Equatable {
    /// The file that has the new metadata.
    package var path: String
    /// How it came to be.
    package var way: Way
    /// The header's size, length and padding included.
    package var headerSize: Int
    /// How many bytes of it are padding, which later edits may fill.
    package var spare: Int
    /// How many bytes were written.
    package var written: Int
  }

  /// The file as it was opened.
  package let file: SafeTensorsFile
  /// The header to be changed.
  package var text: HeaderText
  private let old: [UInt8]
  private let before: HeaderText

  /// Opens a file for an edit.
  /// - Throws: ``SafeTensorsError``; with rule `shards` for an index, whose files have metadata of their own, and with rule
  ///   `interrupted` where an earlier edit was.
  package init(path: String) throws(SafeTensorsError) {
    guard !ShardIndex.isIndex(path) else {
      throw SafeTensorsError(
        path: path, rule: .shards,
        detail: "is the index of several files; name one of them, each has metadata of its own")
    }
    try HeaderJournal.check(path)
    let file = try SafeTensorsFile(path: path)
    old = try file.read(fileRange: 0..<file.header.dataStart)
    text = try HeaderText(Array(old[8...]), path: path)
    before = text
    self.file = file
  }

  /// Whether the file is an archive.
  package var isArchive: Bool { Self.isArchive(file.path) }

  /// How much of the header is padding.
  package var spare: Int { old.count - 8 - before.json.count }

  private static func isArchive(_ path: String) -> Bool { path.hasSuffix(".zst") }

  /// Writes the new metadata into the file itself.
  ///
  /// A header that fits where the old one is, is written there; see ``HeaderJournal``. Else the file is made anew beside
  /// it and takes its place in one step.
  package func writeInPlace(workers: Int = 2) async throws -> Outcome {
    let length = old.count - 8
    guard text != before else {
      return Outcome(path: file.path, way: .nothing, headerSize: old.count, spare: spare, written: 0)
    }
    if !isArchive, let header = text.encoded(length: length) {
      let written = try HeaderJournal.replace(file.path, old: old, new: header)
      return Outcome(
        path: file.path, way: written > 0 ? .header : .nothing, headerSize: header.count,
        spare: length - text.json.count, written: written)
    }
    // Behind a link, so that the link stays one.
    var outcome = try await write(
      to: Self.target(of: file.path), existing: .replace, mode: Self.mode(of: file.path), workers: workers)
    outcome.path = file.path
    return outcome
  }

  /// Writes a file with the new metadata, whose name tells whether it becomes an archive.
  ///
  /// - Parameters:
  ///   - path: the file to write.
  ///   - existing: whether an existing file may be replaced.
  ///   - mode: who may read and write it.
  ///   - workers: how many frames of an archive are packed at once.
  package func write(
    to path: String, existing: SafeTensorsWriter.Existing = .refuse, mode: UInt32 = 0o644, workers: Int = 2
  ) async throws -> Outcome {
    guard let header = text.encoded() else {
      throw SafeTensorsError(
        path: path, rule: .headerTooLarge,
        detail: "the header would be \(text.json.count) bytes, more than the 100 MB that the format allows")
    }
    var outcome = Outcome(
      path: path, way: .copied, headerSize: header.count, spare: header.count - 8 - text.json.count,
      written: 0)
    guard Self.isArchive(path) else {
      let size = header.count + file.size - file.header.dataStart
      var builder = try FileBuilder(path: path, existing: existing, size: size, mode: mode_t(mode))
      try builder.append(header)
      try builder.append(file.header.dataStart..<file.size, of: file)
      try builder.finish()
      outcome.written = size
      return outcome
    }
    if let result = try Archive.replaceHeader(of: file, with: header, to: path, existing: existing, mode: mode) {
      outcome.way = .headerFrame
      outcome.written = result
    } else {
      let result = try await Archive.pack(
        file, header: header, to: path, existing: existing, mode: mode, workers: workers)
      outcome.way = .packed
      outcome.written = result.packedSize
    }
    return outcome
  }

  private static func target(of path: String) -> String {
    guard let place = unsafe realpath(path, nil) else { return path }
    defer { unsafe free(place) }
    return unsafe String(cString: place)
  }

  private static func mode(of path: String) -> UInt32 {
    var status = stat()
    return unsafe stat(path, &status) == 0 ? UInt32(status.st_mode & 0o777) : 0o644
  }
}
