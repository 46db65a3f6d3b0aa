#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// Packs safetensors files into archives that every zstd unpacks and of which one tensor can be read alone, and back.
package enum Archive {
  /// What was done.
  package struct Result: Sendable, Equatable {
    /// The file that was written.
    package var path: String
    /// The size of the safetensors file.
    package var size: Int
    /// The size of the archive.
    package var packedSize: Int
    /// How many frames the archive has; nil for one without a seek table.
    package var frames: Int?
    /// Whether what was written was read again and found equal, byte by byte.
    package var isVerified: Bool
  }

  /// The levels of compression: zstd's.
  package static let levels = ZstdFrame.levels

  /// Packs a file.
  ///
  /// - Parameters:
  ///   - file: the file; one without `pieces`.
  ///   - header: another header for it, length included; nil for its own. With another one nothing is verified.
  ///   - path: the archive to write, named `.zst`.
  ///   - level: zstd's level.
  ///   - existing: whether an existing file may be replaced.
  ///   - mode: who may read and write it.
  ///   - verifies: whether the archive is unpacked again and compared before it gets its name.
  ///   - workers: how many frames are packed at once.
  ///   - progress: told how many bytes of how many are done.
  /// - Throws: ``SafeTensorsError``; nothing is left behind then.
  package static func pack(
    _ file: SafeTensorsFile, header: [UInt8]? = nil, to path: String, level: Int = 3,
    existing: SafeTensorsWriter.Existing = .refuse, mode: UInt32 = 0o644, verifies: Bool = false, workers: Int = 2,
    progress: @escaping @Sendable (Int, Int) -> Void = { _, _ in }
  ) async throws -> Result {
    let frames = ArchivePlan.frames(file.header)
    let total = file.size * (verifies ? 2 : 1)
    var builder = try FileBuilder(path: path, existing: existing, mode: mode_t(mode))
    var writer = ArchiveFrames()
    try await OrderedPipeline.run(
      count: frames.count, width: workers, ahead: workers + 4,
      produce: { index in
        // Written out, because the header stands for the first frame alone.
        let bytes = if index == 0, let header { header } else { try file.read(fileRange: frames[index]) }
        return try ZstdFrame.packed(unsafe bytes.span.bytes, level: level, path: path)
      },
      consume: { index, packed in
        try builder.append(packed)
        writer.add(packed, unpacked: index == 0 ? header?.count ?? frames[0].count : frames[index].count)
        progress(frames[index].upperBound, total)
      })
    let table = writer.table
    try builder.append(table.encoded)
    if verifies {
      try builder.sync()
      try await verify(
        builder.temporary, named: path, against: file, workers: workers, progress: { progress(file.size + $0, total) })
    }
    let packedSize = (table.frames.last?.packed.upperBound ?? 0) + table.encoded.count
    try builder.finish()
    return Result(
      path: path, size: table.count, packedSize: packedSize, frames: frames.count, isVerified: verifies)
  }

  /// Unpacks an archive; the frames of one with a seek table by several threads.
  ///
  /// - Parameters:
  ///   - source: the archive, whatever its name.
  ///   - path: the file to write.
  ///   - existing: whether an existing file may be replaced.
  ///   - verifies: whether the file is read again and compared before it gets its name.
  ///   - workers: how many frames are unpacked at once.
  ///   - progress: told how many bytes of the unpacked file are done, and of how many where that is known, else 0.
  /// - Throws: ``SafeTensorsError``; nothing is left behind then.
  package static func unpack(
    _ source: String, to path: String, existing: SafeTensorsWriter.Existing = .refuse, verifies: Bool = false,
    workers: Int = 2, progress: @escaping @Sendable (Int, Int) -> Void = { _, _ in }
  ) async throws -> Result {
    let archive = try MappedContents(path: source)
    guard let table = try SeekTable(archive, path: source) else {
      return try unpackInOrder(
        archive, source, to: path, existing: existing, verifies: verifies, progress: progress)
    }
    let contents = try SeekableContents(archive, table: table, path: source)
    // The header is checked before anything is written.
    let file = try SafeTensorsFile(path: source, contents: contents)
    let total = table.count * (verifies ? 2 : 1)
    var builder = try FileBuilder(path: path, existing: existing, size: table.count)
    try await OrderedPipeline.run(
      count: table.frames.count, width: workers, ahead: workers + 4, produce: { try contents.unpacked($0) },
      consume: { index, bytes in
        try builder.append(bytes)
        progress(table.frames[index].unpacked.upperBound, total)
      })
    if verifies {
      try builder.sync()
      try await compare(
        try MappedContents(path: builder.temporary), named: path, with: file, workers: workers,
        progress: { progress(table.count + $0, total) })
    }
    try builder.finish()
    return Result(
      path: path, size: table.count, packedSize: archive.count, frames: table.frames.count, isVerified: verifies)
  }

  /// Unpacks an archive without a seek table, never holding more than a block of it.
  private static func unpackInOrder(
    _ archive: MappedContents, _ source: String, to path: String, existing: SafeTensorsWriter.Existing,
    verifies: Bool, progress: (Int, Int) -> Void
  ) throws(SafeTensorsError) -> Result {
    var builder = try FileBuilder(path: path, existing: existing)
    var beginning: [UInt8] = []
    var promise = HeaderPromise()
    var promised: Int?
    var size = 0
    try ZstdArchive.unpack(archive, path: source) { (piece) throws(SafeTensorsError) in
      if promised == nil {
        beginning += piece
        promised = promise.size(after: beginning)
        if promised != nil { beginning = [] }
      }
      size += piece.count
      if let promised, size > promised {
        throw SafeTensorsError(
          path: source, rule: promised == 0 ? .foreignFormat : .archive,
          detail: promised == 0
            ? "what is in the archive is no safetensors file: its header breaks the format's rules; unpack it with `zstd -d`"
            : "the archive holds more than the \(promised) bytes that the header in it promises")
      }
      try builder.append(Array(piece))
      progress(size, promised ?? 0)
      return true
    }
    try builder.sync()
    // Opening checks that header and size fit each other.
    let written = try SafeTensorsFile(path: source, contents: try MappedContents(path: builder.temporary))
    if verifies { try compareInOrder(archive, source, with: written) }
    try builder.finish()
    return Result(path: path, size: size, packedSize: archive.count, frames: nil, isVerified: verifies)
  }

  private static func compareInOrder(
    _ archive: MappedContents, _ source: String, with written: SafeTensorsFile
  ) throws(SafeTensorsError) {
    var at = 0
    try ZstdArchive.unpack(archive, path: source) { (piece) throws(SafeTensorsError) in
      guard try written.read(fileRange: at..<at + piece.count) == Array(piece) else {
        throw different(written.path, at)
      }
      at += piece.count
      return true
    }
  }

  /// Compares an archive that was just written with its source.
  private static func verify(
    _ place: String, named path: String, against file: SafeTensorsFile, workers: Int,
    progress: @escaping @Sendable (Int) -> Void
  ) async throws {
    let archive = try MappedContents(path: place)
    guard let table = try SeekTable(archive, path: path) else { throw different(path, 0) }
    let contents = try SeekableContents(archive, table: table, path: path)
    try await compare(contents, named: path, with: file, workers: workers, progress: progress)
  }

  /// Compares bytes with those of a file, piece by piece, on several threads.
  private static func compare(
    _ contents: any FileContents, named path: String, with file: SafeTensorsFile, workers: Int,
    progress: @escaping @Sendable (Int) -> Void
  ) async throws {
    guard contents.count == file.size else { throw different(path, min(contents.count, file.size)) }
    let pieces = ArchivePlan.frames(file.header)
    try await OrderedPipeline.run(
      count: pieces.count, width: workers, ahead: workers + 4,
      produce: { index in try contents.copy(pieces[index]) == file.read(fileRange: pieces[index]) },
      consume: { index, isSame in
        guard isSame else { throw different(path, pieces[index].lowerBound) }
        progress(pieces[index].upperBound)
      })
  }

  private static func different(_ path: String, _ at: Int) -> SafeTensorsError {
    SafeTensorsError(
      path: path, rule: .cannotWrite,
      detail: "differs from its source behind byte \(at) when it is read again; check the disk and its memory")
  }
}
