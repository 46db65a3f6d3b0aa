#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// Small `.safetensors.zst` archives that a program keeps for itself: made in memory, written whole.
///
/// ``SafeTensorsFile`` reads them. The archive has a checksum, so a damaged one is an error and never other numbers.
package enum PackedTensors {
  /// Writes an archive, which appears under its name only when it is complete.
  ///
  /// An archive of that name is replaced. Several processes may write the same one at the same time.
  /// - Parameters:
  ///   - path: the file to be written; its folder must exist.
  ///   - tensors: the tensors with their bytes.
  ///   - metadata: the `__metadata__` entries.
  /// - Throws: ``SafeTensorsError`` with rule `cannotWrite`, or `writerMisuse` for bytes that do not fit.
  package static func write(
    _ tensors: [(TensorDeclaration, [UInt8])], metadata: [String: String] = [:], to path: String
  ) throws(SafeTensorsError) {
    let order = Header.written(tensors.map(\.0))
    var file = Header.encoded(tensors: order, metadata: metadata)
    for info in order {
      guard let bytes = tensors.first(where: { $0.0.name == info.name })?.1, bytes.count == info.range.count else {
        throw SafeTensorsError(
          path: path, rule: .writerMisuse, tensor: info.name, detail: "the bytes given are not \(info.range.count)")
      }
      file += bytes
    }
    try WholeFile.write(try ZstdArchive.packed(file, path: path), to: path)
  }
}

/// Files that are small enough to be made in memory.
package enum WholeFile {
  /// Writes a file beside its name, syncs it where asked, and renames it to its name; a file of that name is replaced.
  /// - Throws: ``SafeTensorsError`` with rule `cannotWrite`; nothing is left behind then.
  package static func write(_ bytes: [UInt8], to path: String, syncs: Bool = false) throws(SafeTensorsError) {
    func failure(_ what: String) -> SafeTensorsError {
      SafeTensorsError(path: path, rule: .cannotWrite, detail: "cannot be \(what): \(systemMessage(errno))")
    }
    let temporary = "\(path).\(getpid()).part"
    let descriptor = unsafe open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
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
}
