/// Where the frames of a seekable archive lie: the table at its end, in zstd's seekable format 0.1.
///
/// The table is a skippable frame, so that every zstd unpacks the archive and knows nothing of it. After
/// contrib/seekable_format/zstd_seekable_compression_format.md of facebook/zstd: magic number and size of a skippable
/// frame; for each frame its packed and unpacked size and, where the descriptor says so, the lower half of XXH64 of what
/// is in it; then the number of frames, the descriptor, and the magic number of the format.
struct SeekTable: Sendable, Equatable {
  /// A frame.
  struct Frame: Sendable, Equatable {
    /// Where it lies in the archive.
    var packed: Range<Int>
    /// Which bytes of the unpacked file it holds.
    var unpacked: Range<Int>
    /// The lower half of XXH64 of these.
    var checksum: UInt32?
  }

  static let skippableMagic: UInt32 = 0x184D_2A5E
  static let magic: UInt32 = 0x8F92_EAB1
  private static let footerSize = 9
  /// zstd stores at best 128 KiB in a block of 4 bytes; a table that claims more is wrong, or was made to fill memory.
  private static let largestRatio = 32768

  let frames: [Frame]

  init(frames: [Frame]) { self.frames = frames }

  /// The size of the unpacked file.
  var count: Int { frames.last?.unpacked.upperBound ?? 0 }

  /// Reads the table of an archive; nil for an archive that has none.
  /// - Throws: ``SafeTensorsError`` with rule `archive` for a table that contradicts itself or the archive.
  init?(_ archive: some FileContents, path: String) throws(SafeTensorsError) {
    func wrong(_ detail: String) -> SafeTensorsError {
      SafeTensorsError(
        path: path, rule: .archive,
        detail: "the archive's seek table is wrong: \(detail); `zstd -d` may still unpack it, else fetch it again")
    }
    let end = archive.count
    guard end >= Self.footerSize + 8 else { return nil }
    let footer = try archive.copy(end - Self.footerSize..<end)
    guard footer.word(at: 5) == Self.magic else { return nil }
    let (number, descriptor) = (Int(footer.word(at: 0)), footer[4])
    guard descriptor & 0x7C == 0 else { throw wrong("its descriptor \(descriptor) has bits of a later version") }
    let entrySize = descriptor & 0x80 == 0 ? 8 : 12
    let size = number * entrySize + Self.footerSize
    guard size + 8 <= end else {
      throw wrong("it counts \(number) frames, whose entries would be longer than the file")
    }
    let start = end - size - 8
    let table = try archive.copy(start..<end - Self.footerSize)
    guard table.word(at: 0) == Self.skippableMagic, Int(table.word(at: 4)) == size else {
      throw wrong("no skippable frame of \(size) bytes begins where its \(number) entries would")
    }
    var frames: [Frame] = []
    frames.reserveCapacity(number)
    var (packed, unpacked) = (0, 0)
    for index in 0..<number {
      let at = 8 + index * entrySize
      let (from, to) = (Int(table.word(at: at)), Int(table.word(at: at + 4)))
      guard to <= from * Self.largestRatio else {
        throw wrong("frame \(index + 1) would hold \(to) bytes in \(from), more than zstd can")
      }
      frames.append(
        Frame(
          packed: packed..<packed + from, unpacked: unpacked..<unpacked + to,
          checksum: entrySize == 12 ? table.word(at: at + 8) : nil))
      (packed, unpacked) = (packed + from, unpacked + to)
    }
    guard packed == start else {
      throw wrong("its frames are \(packed) bytes together, the archive has \(start) before it")
    }
    self.frames = frames
  }

  /// The table as it stands at the end of an archive.
  ///
  /// Checksums are written where every frame has one.
  var encoded: [UInt8] {
    let hasChecksums = frames.allSatisfy { $0.checksum != nil }
    var bytes: [UInt8] = []
    bytes.append(word: Self.skippableMagic)
    bytes.append(word: UInt32(frames.count * (hasChecksums ? 12 : 8) + Self.footerSize))
    for frame in frames {
      bytes.append(word: UInt32(frame.packed.count))
      bytes.append(word: UInt32(frame.unpacked.count))
      if hasChecksums, let checksum = frame.checksum { bytes.append(word: checksum) }
    }
    bytes.append(word: UInt32(frames.count))
    bytes.append(hasChecksums ? 0x80 : 0)
    bytes.append(word: Self.magic)
    return bytes
  }

  /// The frames that hold any byte of a range of the unpacked file.
  func frames(holding range: Range<Int>) -> Range<Int> {
    guard !range.isEmpty else { return 0..<0 }
    // The first frame that ends behind the range's beginning; empty frames before it hold nothing.
    var (low, high) = (0, frames.count)
    while low < high {
      let middle = (low + high) / 2
      if frames[middle].unpacked.upperBound > range.lowerBound { high = middle } else { low = middle + 1 }
    }
    let end = frames[low...].firstIndex { $0.unpacked.lowerBound >= range.upperBound } ?? frames.count
    return low..<end
  }
}

extension [UInt8] {
  /// The four bytes from an index on as a number, the lowest first.
  func word(at index: Int) -> UInt32 {
    (0..<4).reduce(0) { $0 | UInt32(self[index + $1]) << (8 * UInt32($1)) }
  }

  /// Appends a number as four bytes, the lowest first.
  mutating func append(word: UInt32) {
    for shift in [0, 8, 16, 24] as [UInt32] { append(UInt8(truncatingIfNeeded: word >> shift)) }
  }
}
