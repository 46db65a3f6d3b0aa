#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

extension Archive {
  /// Writes an archive with another header and the same frames of tensors, copied as they are.
  /// - Returns: the archive's size; nil where the source is no archive whose header is a frame of its own.
  static func replaceHeader(
    of file: SafeTensorsFile, with header: [UInt8], to path: String, existing: SafeTensorsWriter.Existing, mode: UInt32
  ) throws(SafeTensorsError) -> Int? {
    guard let contents = file.contents as? SeekableContents, let first = contents.table.frames.first,
      first.unpacked == 0..<file.header.dataStart
    else { return nil }
    var builder = try FileBuilder(path: path, existing: existing, mode: mode_t(mode))
    var frames = ArchiveFrames()
    let packed = try ZstdFrame.packed(unsafe header.span.bytes, level: 3, path: path)
    try builder.append(packed)
    frames.add(packed, unpacked: header.count)
    for frame in contents.table.frames.dropFirst() {
      try builder.append(try contents.packed(frame.packed))
      frames.add(frame)
    }
    let table = frames.table
    try builder.append(table.encoded)
    try builder.finish()
    return (table.frames.last?.packed.upperBound ?? 0) + table.encoded.count
  }
}
