private import CZstd

/// Packs and unpacks single frames.
enum ZstdFrame {
  /// The levels that zstd's own tool takes without further asking, and those above it.
  static let levels = 1...22

  /// Bytes as one frame with its size and a checksum.
  /// - Throws: ``SafeTensorsError`` with rule `cannotWrite`.
  static func packed(_ bytes: RawSpan, level: Int, path: String) throws(SafeTensorsError) -> [UInt8] {
    func failure(_ detail: String) -> SafeTensorsError {
      SafeTensorsError(path: path, rule: .cannotWrite, detail: "cannot be packed: \(detail)")
    }
    guard let context = unsafe ZSTD_createCCtx() else { throw failure("no memory") }
    defer { unsafe ZSTD_freeCCtx(context) }
    unsafe ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, Int32(level))
    unsafe ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1)
    var status = 0
    let room = ZSTD_compressBound(bytes.byteCount)
    let result = unsafe [UInt8](unsafeUninitializedCapacity: room) { target, count in
      status = unsafe bytes.withUnsafeBytes { source in
        unsafe ZSTD_compress2(context, target.baseAddress, target.count, source.baseAddress, source.count)
      }
      count = ZSTD_isError(status) == 0 ? status : 0
    }
    guard ZSTD_isError(status) == 0 else { throw failure(unsafe String(cString: ZSTD_getErrorName(status))) }
    return result
  }

  /// Unpacks a frame of a seekable archive into memory of the size that its table gives.
  /// - Throws: ``SafeTensorsError`` with rule `archive` for a frame that is damaged or of another size.
  static func unpack(
    _ packed: RawSpan, _ frame: SeekTable.Frame, number: Int, into target: UnsafeMutableRawBufferPointer, path: String
  ) throws(SafeTensorsError) {
    func damaged(_ detail: String) -> SafeTensorsError {
      SafeTensorsError(
        path: path, rule: .archive,
        detail: "the zstd archive is damaged: frame \(number + 1), at byte \(frame.packed.lowerBound), \(detail)")
    }
    guard let context = unsafe ZSTD_createDCtx() else { throw damaged("finds no memory for unpacking") }
    defer { unsafe ZSTD_freeDCtx(context) }
    let (status, hasChecksum) = unsafe packed.withUnsafeBytes { source in
      // The frame's descriptor follows its magic number; bit 2 says that a checksum ends the frame, which zstd compares.
      unsafe (
        ZSTD_decompressDCtx(context, target.baseAddress, target.count, source.baseAddress, source.count),
        source.count > 8 && source[4] & 4 != 0
      )
    }
    guard ZSTD_isError(status) == 0 else {
      throw damaged("cannot be unpacked: \(unsafe String(cString: ZSTD_getErrorName(status)))")
    }
    guard status == target.count else { throw damaged("holds \(status) bytes, the seek table says \(target.count)") }
    guard let checksum = frame.checksum else { return }
    let found =
      hasChecksum
      ? unsafe packed.withUnsafeBytes { unsafe Array($0.suffix(4)) }.word(at: 0)
      : UInt32(truncatingIfNeeded: XXH64.of(unsafe target.bytes))
    guard found == checksum else { throw damaged("has another checksum than the seek table says") }
  }
}
