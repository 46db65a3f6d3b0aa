/// The frames of an archive as they are written.
struct ArchiveFrames {
  private var frames: [SeekTable.Frame] = []

  /// Adds a frame that was packed with a checksum, which ends it.
  mutating func add(_ packed: [UInt8], unpacked count: Int) {
    let (start, from) = (frames.last?.packed.upperBound ?? 0, frames.last?.unpacked.upperBound ?? 0)
    frames.append(
      SeekTable.Frame(
        packed: start..<start + packed.count, unpacked: from..<from + count,
        checksum: packed.word(at: packed.count - 4)))
  }

  /// Adds a frame as it stands in another archive.
  mutating func add(_ frame: SeekTable.Frame) {
    let (start, from) = (frames.last?.packed.upperBound ?? 0, frames.last?.unpacked.upperBound ?? 0)
    frames.append(
      SeekTable.Frame(
        packed: start..<start + frame.packed.count, unpacked: from..<from + frame.unpacked.count,
        checksum: frame.checksum))
  }

  var table: SeekTable { SeekTable(frames: frames) }
}
