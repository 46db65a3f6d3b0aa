internal import CImages

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// libvips, opened when the first picture is read or written.
@safe struct ImageLibrary: Sendable {
  /// The table of functions; it lives as long as the process.
  nonisolated(unsafe) let table: UnsafePointer<troupe_images>

  /// The library of this process, or why there is none.
  static let shared: Result<ImageLibrary, ImageError> = open(
    named: unsafe getenv("TROUPE_VIPS").map { unsafe String(cString: $0) })

  static func get() throws(ImageError) -> ImageLibrary { try shared.get() }

  var version: String {
    let table = unsafe table.pointee
    return "\(table.major).\(table.minor).\(table.micro)"
  }

  func has(_ operation: String) -> Bool { unsafe table.pointee.has(operation) }

  /// Opens the library at a path, or the one of the system.
  static func open(named: String?) -> Result<ImageLibrary, ImageError> {
    #if os(macOS)
    // Homebrew's folders are not searched for a bare name.
    let usual = ["libvips.42.dylib", "/opt/homebrew/lib/libvips.42.dylib", "/usr/local/lib/libvips.42.dylib"]
    let remedy = "install it with `brew install vips`"
    #else
    let usual = ["libvips.so.42"]
    let remedy = "install it with `apt install libvips42` (or `libvips42t64`)"
    #endif
    // A named library is the only one: another in its place would be a surprise.
    var reasons: [String] = []
    for path in named.map({ [$0] }) ?? usual {
      var reason: UnsafePointer<CChar>?
      if let table = unsafe troupe_images_open(path, &reason) {
        return .success(unsafe ImageLibrary(table: table))
      }
      reasons.append(unsafe reason.map { unsafe String(cString: $0) } ?? "\(path): no reason given")
    }
    return .failure(
      ImageError(
        .unavailable, of: "libvips",
        "cannot be opened; \(remedy), or name its file in TROUPE_VIPS (\(reasons.joined(separator: "; ")))"))
  }

  /// Runs a function of the table that tells its failure in a message.
  static func tell(_ body: (UnsafeMutablePointer<CChar>) -> Int32) -> (outcome: Int32, message: String) {
    var message = [CChar](repeating: 0, count: Int(TROUPE_IMAGE_MESSAGE))
    let outcome = unsafe message.withUnsafeMutableBufferPointer { buffer in
      // The buffer is never empty.
      unsafe buffer.baseAddress.map { unsafe body($0) } ?? Int32(bitPattern: TROUPE_IMAGE_FAILED.rawValue)
    }
    let end = message.firstIndex(of: 0) ?? message.endIndex
    let text = String(decoding: message[..<end].map { UInt8(bitPattern: $0) }, as: UTF8.self)
    // libvips says things line by line, often the same thing twice.
    var lines: [Substring] = []
    for line in text.split(separator: "\n") where !lines.contains(line) { lines.append(line) }
    return (outcome, lines.prefix(2).joined(separator: "; "))
  }
}
