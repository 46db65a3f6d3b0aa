private import CZstd

/// Packs and unpacks `.safetensors.zst` archives, whole and in memory.
enum ZstdArchive {
  /// The bytes as one frame with a checksum.
  static func packed(_ bytes: [UInt8], path: String) throws(SafeTensorsError) -> [UInt8] {
    func failure(_ detail: String) -> SafeTensorsError {
      SafeTensorsError(path: path, rule: .cannotWrite, detail: "cannot be packed: \(detail)")
    }
    guard let context = unsafe ZSTD_createCCtx() else { throw failure("no memory") }
    defer { unsafe ZSTD_freeCCtx(context) }
    unsafe ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1)
    var status = 0
    let result = unsafe [UInt8](unsafeUninitializedCapacity: ZSTD_compressBound(bytes.count)) { target, count in
      status = unsafe bytes.withUnsafeBytes { source in
        unsafe ZSTD_compress2(context, target.baseAddress, target.count, source.baseAddress, source.count)
      }
      count = ZSTD_isError(status) == 0 ? status : 0
    }
    guard ZSTD_isError(status) == 0 else { throw failure(unsafe String(cString: ZSTD_getErrorName(status))) }
    return result
  }

  /// Unpacks every frame of `packed`.
  static func unpacked(_ packed: RawSpan, path: String) throws(SafeTensorsError) -> [UInt8] {
    func damaged(_ detail: String) -> SafeTensorsError {
      SafeTensorsError(path: path, rule: .archive, detail: "the zstd archive is damaged: \(detail)")
    }
    guard let context = unsafe ZSTD_createDCtx() else { throw damaged("no memory for unpacking") }
    defer { unsafe ZSTD_freeDCtx(context) }
    var result: [UInt8] = []
    var block = [UInt8](repeating: 0, count: ZSTD_DStreamOutSize())
    var consumed = 0
    var pending = 1  // what zstd still expects of the current frame; 0 at a frame's end
    while consumed < packed.byteCount {
      let before = (consumed, result.count)
      let (status, read, written) = unsafe packed.withUnsafeBytes { source in
        unsafe block.withUnsafeMutableBytes { target in
          var input = unsafe ZSTD_inBuffer(src: source.baseAddress, size: source.count, pos: consumed)
          var output = unsafe ZSTD_outBuffer(dst: target.baseAddress, size: target.count, pos: 0)
          let status = unsafe ZSTD_decompressStream(context, &output, &input)
          return unsafe (status, input.pos, output.pos)
        }
      }
      guard ZSTD_isError(status) == 0 else { throw damaged(unsafe String(cString: ZSTD_getErrorName(status))) }
      consumed = read
      result.append(contentsOf: block[..<written])
      pending = status
      if before == (consumed, result.count) { break }
    }
    guard pending == 0 else { throw damaged("it ends in the middle of a frame") }
    return result
  }
}
