internal import CImages

extension Picture {
  /// The most pixels that are decoded unless a caller says otherwise: 2²⁷, which is 11585 × 11585.
  ///
  /// A file of a few kilobytes can claim enough to fill any memory.
  public static let pixelLimit = 1 << 27

  /// The largest file that is read, in bytes: 2³⁰.
  static let fileLimit = 1 << 30

  /// Reads a picture file: PNG, JPEG, WebP, AVIF, HEIF, GIF (first frame), TIFF (first page), BMP, JPEG XL, as far as libvips has the
  /// formats.
  ///
  /// The picture is upright (EXIF orientation applied), in sRGB (by its ICC profile, or as CMYK), and has 8 bits a
  /// sample: the upper ones of 16. A profile that does not belong to the picture's colours is passed over.
  ///
  /// - Throws: ``ImageError``; a file that ends early is an error and never half a picture.
  public init(
    contentsOf path: String, as form: PictureForm = .stored, pixelLimit: Int = Picture.pixelLimit
  ) throws(ImageError) {
    let file = try ImageFile(path: path)
    guard file.size <= Self.fileLimit else {
      throw ImageError(.tooLarge, of: path, "has \(file.size) bytes, and pictures are read up to \(Self.fileLimit)")
    }
    try self.init(decoding: file.read(file.size, at: 0), of: path, as: form, pixelLimit: pixelLimit)
  }

  /// Reads a picture from memory; `name` stands for the file in errors.
  /// - Throws: ``ImageError``.
  public init(
    decoding data: [UInt8], of name: String = "picture in memory", as form: PictureForm = .stored,
    pixelLimit: Int = Picture.pixelLimit
  ) throws(ImageError) {
    let (library, format) = try Self.reader(of: data[...], name: name)
    var image = unsafe troupe_image()
    let (outcome, message) = unsafe ImageLibrary.tell { text in
      unsafe data.withUnsafeBytes { bytes in
        guard let base = bytes.baseAddress else { return Int32(bitPattern: TROUPE_IMAGE_FAILED.rawValue) }
        return unsafe library.table.pointee.decode(base, bytes.count, Int64(pixelLimit), &image, text)
      }
    }
    defer { unsafe library.table.pointee.release(&image) }
    try Self.check(
      outcome, message, of: name, format: format, width: Int(unsafe image.width), height: Int(unsafe image.height),
      pixelLimit: pixelLimit)
    let count = Int(unsafe image.width) * Int(unsafe image.height) * Int(unsafe image.channels)
    guard let pixels = unsafe image.bytes, unsafe image.count == count else {
      throw ImageError(.damaged, of: name, "gave another number of samples than its size says")
    }
    let bytes = unsafe [UInt8](UnsafeRawBufferPointer(start: pixels, count: count))
    let picture = unsafe Picture(
      width: Int(image.width), height: Int(image.height), channels: Int(image.channels), bytes: bytes)
    self = picture.converted(to: form)
  }

  /// The library and the format of a file that begins so.
  static func reader(
    of bytes: ArraySlice<UInt8>, name: String
  ) throws(ImageError) -> (library: ImageLibrary, format: ImageFormat) {
    guard !bytes.isEmpty else {
      throw ImageError(.empty, of: name, "is empty (0 bytes); copy or download it again")
    }
    let start = bytes.prefix(ImageFormat.prefixLength)
    guard let format = ImageFormat(firstBytes: start) else {
      throw ImageError(
        .notAnImage, of: name,
        "is no picture: it begins as \(ImageFormat.guess(start)), whatever its name says; use \(Self.known)")
    }
    let library = try ImageLibrary.get()
    guard library.has(format.loader) else {
      throw ImageError(
        .missingCodec, of: name,
        "is \(format.name), which this libvips (\(library.version)) cannot read; install a libvips with it, or save the picture as PNG"
      )
    }
    return (library, format)
  }

  private static let known = ImageFormat.allCases.map(\.name).joined(separator: ", ")

  static func check(
    _ outcome: Int32, _ message: String, of name: String, format: ImageFormat, width: Int, height: Int, pixelLimit: Int
  ) throws(ImageError) {
    switch troupe_image_outcome(rawValue: UInt32(bitPattern: outcome)) {
    case TROUPE_IMAGE_DONE: return
    case TROUPE_IMAGE_TOO_LARGE:
      throw ImageError(
        .tooLarge, of: name,
        "claims \(width) × \(height) pixels, more than the \(pixelLimit) that are read; if that is true, make it smaller first"
      )
    case TROUPE_IMAGE_UNSUITABLE:
      throw ImageError(.unsuitable, of: name, "cannot be used: \(message); save it as an 8-bit RGB picture")
    default:
      // libheif says so when it was built without the decoder.
      if message.contains("Unsupported codec") || message.contains("No decoding plugin") {
        throw ImageError(
          .missingCodec, of: name,
          "is \(format.name), for which libvips has no decoder here (\(message)); save the picture as PNG")
      }
      throw ImageError(
        .damaged, of: name,
        "is a damaged or incomplete \(format.name) file; copy or download it again (libvips: \(message))")
    }
  }
}
