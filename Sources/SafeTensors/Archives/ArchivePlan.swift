/// How a safetensors file is cut into the frames of an archive.
///
/// The header is a frame of its own, so that it is read, and written anew, without the rest. Tensors are not cut, so that
/// one of them is one frame's work, but for those of more than two frames' size, which are cut into pieces that several
/// threads unpack. Small neighbours share a frame: each alone would pay for a frame's own head and tables.
enum ArchivePlan {
  /// The size that frames of tensors aim at: unpacked in some milliseconds, and no larger packed than longer ones.
  static let frameSize = 4 << 20

  /// The byte ranges of the frames.
  static func frames(_ header: Header, frameSize: Int = frameSize) -> [Range<Int>] {
    var frames = [0..<header.dataStart]
    var start = header.dataStart
    func close(at end: Int) {
      if end > start { frames.append(start..<end) }
      start = end
    }
    for tensor in header.tensors {
      let range = header.dataStart + tensor.range.lowerBound..<header.dataStart + tensor.range.upperBound
      if range.upperBound - start > frameSize { close(at: range.lowerBound) }
      guard range.count > 2 * frameSize else { continue }
      while range.upperBound - start > frameSize { close(at: start + frameSize) }
      close(at: range.upperBound)
    }
    close(at: header.dataStart + (header.tensors.last?.range.upperBound ?? 0))
    return frames
  }
}
