internal import CImages

extension Picture {
  /// The bytes of a picture file.
  /// - Throws: ``ImageError`` of kind `unsuitable` where the format cannot hold the picture or a text.
  public func encoded(as encoding: ImageEncoding) throws(ImageError) -> [UInt8] {
    switch encoding {
    case .png(let texts):
      let plain = try encoded(TROUPE_ENCODE_PNG, operation: "pngsave_buffer", quality: 0, name: "PNG")
      return try PNGChunks.inserting(texts, into: plain)
    case .jpeg(let quality):
      guard !hasAlpha else {
        throw ImageError(.unsuitable, of: "picture", "has alpha, which JPEG has not; flatten it onto a colour first")
      }
      return try encoded(TROUPE_ENCODE_JPEG, operation: "jpegsave_buffer", quality: quality, name: "JPEG", side: 65535)
    case .webp(let quality):
      return try encoded(TROUPE_ENCODE_WEBP, operation: "webpsave_buffer", quality: quality, name: "WebP", side: 16383)
    case .losslessWebP:
      return try encoded(TROUPE_ENCODE_WEBP, operation: "webpsave_buffer", quality: nil, name: "WebP", side: 16383)
    }
  }

  /// Writes a picture file: in memory, then beside its place, synced, and renamed, so that the name never stands for
  /// half a picture.
  ///
  /// An existing file is left alone unless `replacing` is set.
  ///
  /// - Throws: ``ImageError`` of kind `exists`, `cannotWrite` or `unsuitable`.
  public func write(to path: String, as encoding: ImageEncoding, replacing: Bool = false) throws(ImageError) {
    try NewFile.check(path, replacing: replacing)
    try NewFile.write(try encoded(as: encoding), to: path, replacing: replacing)
  }

  private func encoded(
    _ code: troupe_image_encoding, operation: String, quality: Int?, name: String, side: Int = Int(Int32.max)
  ) throws(ImageError) -> [UInt8] {
    precondition(quality.map { name == "PNG" || (1...100).contains($0) } ?? true, "quality is 1 to 100")
    guard width <= side, height <= side else {
      throw ImageError(
        .unsuitable, of: "picture", "has \(width) × \(height) pixels, and \(name) holds at most \(side) a side; use PNG"
      )
    }
    let library = try ImageLibrary.get()
    guard library.has(operation) else {
      throw ImageError(
        .missingCodec, of: "picture", "cannot be written as \(name) by this libvips (\(library.version)); use PNG")
    }
    var image = unsafe troupe_image()
    let (outcome, message) = unsafe ImageLibrary.tell { text in
      unsafe bytes.withUnsafeBytes { pixels in
        guard let base = pixels.baseAddress else { return Int32(bitPattern: TROUPE_IMAGE_FAILED.rawValue) }
        return unsafe library.table.pointee.encode(
          base, Int32(width), Int32(height), Int32(channels), Int32(bitPattern: code.rawValue), Int32(quality ?? 0),
          &image, text)
      }
    }
    defer { unsafe library.table.pointee.release(&image) }
    guard outcome == 0, let encoded = unsafe image.bytes else {
      throw ImageError(.cannotWrite, of: "picture", "cannot be written as \(name) (libvips: \(message))")
    }
    return unsafe [UInt8](UnsafeRawBufferPointer(start: encoded, count: image.count))
  }
}
