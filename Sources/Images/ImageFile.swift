#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// A regular file that is open for reading.
struct ImageFile: ~Copyable {
  let path: String
  private let descriptor: Int32
  let size: Int

  init(path: String) throws(ImageError) {
    // NONBLOCK: a named pipe would wait for a writer for ever; it is refused below.
    descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else {
      throw ImageError(.cannotOpen, of: path, "cannot be opened: \(Self.systemMessage())")
    }
    var status = stat()
    guard unsafe fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      close(descriptor)
      throw ImageError(.cannotOpen, of: path, "is a folder or a device, and no picture file")
    }
    guard status.st_size > 0 else {
      close(descriptor)
      throw ImageError(.empty, of: path, "is empty (0 bytes); copy or download it again")
    }
    self.path = path
    size = Int(status.st_size)
  }

  deinit { close(descriptor) }

  /// Up to `count` bytes from `offset`; fewer only at the end of the file.
  func read(_ count: Int, at offset: Int) throws(ImageError) -> [UInt8] {
    let count = max(0, min(count, size - offset))
    var failure: ImageError?
    let bytes = unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
      while filled < count, let base = buffer.baseAddress {
        let step = unsafe pread(descriptor, base + filled, count - filled, off_t(offset + filled))
        if step < 0, errno == EINTR { continue }
        if step < 0 { failure = ImageError(.cannotOpen, of: path, "cannot be read: \(Self.systemMessage())") }
        if step <= 0 { break }
        filled += step
      }
    }
    if let failure { throw failure }
    return bytes
  }

  static func systemMessage() -> String { unsafe String(cString: strerror(errno)) }
}
