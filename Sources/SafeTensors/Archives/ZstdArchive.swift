private import CZstd

/// Unpacks archives that have no seek table, from their beginning to their end.
enum ZstdArchive {
  /// Unpacks every frame of an archive into memory.
  ///
  /// - Parameters:
  ///   - archive: the archive's bytes.
  ///   - path: its path, for errors.
  ///   - isContainer: whether a safetensors file must be in it: its header then says how large it is, so that a small
  ///     archive of endless zeros is noticed before it fills the memory.
  /// - Throws: ``SafeTensorsError`` with rule `archive`.
  static func unpacked(
    _ archive: MappedContents, path: String, isContainer: Bool
  ) throws(SafeTensorsError) -> [UInt8] {
    var result: [UInt8] = []
    var promise = HeaderPromise()
    try unpack(archive, path: path) { (piece) throws(SafeTensorsError) in
      result += piece
      guard isContainer, let size = promise.size(after: result) else { return true }
      // What is wrong with the header is for whoever reads it to say; more of the file would not help.
      guard size > 0 else { return false }
      guard size <= Memory.physical else {
        throw SafeTensorsError(
          path: path, rule: .archive,
          detail:
            "unpacks to \(size) bytes, more than this machine's memory, and has no seek table; unpack it with `troupe unpack`"
        )
      }
      guard result.count <= size else {
        throw SafeTensorsError(
          path: path, rule: .archive,
          detail: "the archive holds more than the \(size) bytes that the header in it promises")
      }
      result.reserveCapacity(size)
      return true
    }
    return result
  }

  /// Hands over what is in an archive, piece by piece, for as long as `body` returns true.
  /// - Throws: ``SafeTensorsError`` with rule `archive`, and what `body` throws.
  static func unpack(
    _ archive: MappedContents, path: String, _ body: (ArraySlice<UInt8>) throws(SafeTensorsError) -> Bool
  ) throws(SafeTensorsError) {
    func damaged(_ detail: String) -> SafeTensorsError {
      SafeTensorsError(path: path, rule: .archive, detail: "the zstd archive is damaged: \(detail)")
    }
    guard let context = unsafe ZSTD_createDCtx() else { throw damaged("no memory for unpacking") }
    defer { unsafe ZSTD_freeDCtx(context) }
    var block = [UInt8](repeating: 0, count: ZSTD_DStreamOutSize())
    var consumed = 0
    var pending = 1  // what zstd still expects of the current frame; 0 at a frame's end
    while consumed < archive.count {
      let before = consumed
      let (status, read, written) = try archive.withBytes(in: 0..<archive.count) { packed in
        unsafe packed.withUnsafeBytes { source in
          unsafe block.withUnsafeMutableBytes { target in
            var input = unsafe ZSTD_inBuffer(src: source.baseAddress, size: source.count, pos: consumed)
            var output = unsafe ZSTD_outBuffer(dst: target.baseAddress, size: target.count, pos: 0)
            let status = unsafe ZSTD_decompressStream(context, &output, &input)
            return unsafe (status, input.pos, output.pos)
          }
        }
      }
      guard ZSTD_isError(status) == 0 else { throw damaged(unsafe String(cString: ZSTD_getErrorName(status))) }
      consumed = read
      pending = status
      if written > 0, try !body(block[..<written]) { return }
      if before == consumed, written == 0 { break }
    }
    guard pending == 0 else { throw damaged("it ends in the middle of a frame") }
  }
}
