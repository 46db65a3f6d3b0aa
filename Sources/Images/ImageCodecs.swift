/// What pictures can be read and written here.
public enum ImageCodecs {
  /// What `troupe doctor` prints.
  public struct Report: Sendable, Equatable {
    /// libvips' version, such as `8.14.1`.
    public var version: String
    /// The formats that can be read.
    public var readable: [ImageFormat]
    /// The formats that cannot.
    public var missing: [ImageFormat]
    /// The formats that can be written.
    public var writable: [ImageFormat]
  }

  /// Whether pictures can be read and written at all, or why not and what to do.
  ///
  /// Asking opens libvips, which takes a tenth of a second the first time.
  public static var availability: Result<Void, ImageError> { ImageLibrary.shared.map { _ in () } }

  /// The version of libvips and its formats.
  ///
  /// AVIF is tried and not only asked for: libvips can read its container without having a decoder for what is inside.
  /// HEIF is only asked for.
  ///
  /// - Throws: ``ImageError`` of kind `unavailable`.
  public static var report: Report {
    get throws(ImageError) {
      let library = try ImageLibrary.get()
      let readable = ImageFormat.allCases.filter { format in
        library.has(format.loader) && (format != .avif || (try? Picture(decoding: smallestAVIF)) != nil)
      }
      let writers: [(ImageFormat, String)] = [
        (.png, "pngsave_buffer"), (.jpeg, "jpegsave_buffer"), (.webp, "webpsave_buffer"),
      ]
      return Report(
        version: library.version, readable: readable,
        missing: ImageFormat.allCases.filter { !readable.contains($0) },
        writable: writers.filter { library.has($0.1) }.map(\.0))
    }
  }
}
