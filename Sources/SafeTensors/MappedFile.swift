#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// A file's bytes, mapped read-only into memory.
///
/// The owner unmaps them; everyone else borrows.
///
/// Nothing is read until it is touched, so opening a 7 GB checkpoint costs the same as opening a LoRA.
/// If another process truncates the file while it is mapped, touching the lost pages ends this process
/// (SIGBUS), as with every mapped reader.
@safe struct MappedFile: ~Copyable, @unchecked Sendable {
  private let base: UnsafeMutableRawPointer?
  private let descriptor: Int32
  let count: Int

  /// Maps the file at `path`.
  init(path: String) throws(SafeTensorsError) {
    let mapping = unsafe try Self.map(path)
    unsafe base = mapping.base
    count = unsafe mapping.count
    descriptor = unsafe mapping.descriptor
  }

  private static func map(_ path: String) throws(SafeTensorsError) -> (
    base: UnsafeMutableRawPointer?, count: Int, descriptor: Int32
  ) {
    func failure(_ what: String) -> SafeTensorsError {
      SafeTensorsError(path: path, rule: .cannotOpen, detail: what)
    }
    let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw failure("cannot be opened: \(systemMessage(errno))") }
    var isKept = false
    defer { if !isKept { close(descriptor) } }
    var status = stat()
    guard unsafe fstat(descriptor, &status) == 0 else {
      throw failure("cannot be examined: \(systemMessage(errno))")
    }
    guard status.st_mode & S_IFMT == S_IFREG else {
      throw failure(
        "is \(status.st_mode & S_IFMT == S_IFDIR ? "a folder" : "not a regular file"); name a .safetensors file")
    }
    let count = Int(status.st_size)
    guard count > 0 else { return (nil, 0, -1) }
    let mapping = unsafe mmap(nil, count, PROT_READ, MAP_PRIVATE, descriptor, 0)
    guard unsafe mapping != MAP_FAILED else { throw failure("cannot be mapped: \(systemMessage(errno))") }
    isKept = true
    return unsafe (mapping, count, descriptor)
  }

  deinit {
    if let base = unsafe base { unsafe munmap(base, count) }
    if descriptor >= 0 { close(descriptor) }
  }

  /// Copies the bytes of `range` to memory of the same size without touching the mapping; false when the file no longer
  /// has them.
  ///
  /// The kernel maps 64 kB around every touched byte, which a thousand scattered alphas would turn into the whole file.
  func read(_ range: Range<Int>, into target: UnsafeMutableRawBufferPointer) -> Bool {
    var done = 0
    while done < range.count, let start = target.baseAddress {
      let count = unsafe pread(descriptor, start + done, range.count - done, off_t(range.lowerBound + done))
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { break }
      done += count
    }
    return done == range.count
  }

  /// Lends the bytes of `range`; it must lie within the file.
  func withBytes<R>(in range: Range<Int>, _ body: (RawSpan) -> R) -> R {
    precondition(range.lowerBound >= 0 && range.upperBound <= count, "a range outside the mapped file")
    let pointer = unsafe UnsafeRawPointer(base)
    let span = unsafe UnsafeRawBufferPointer(start: pointer.map { unsafe $0 + range.lowerBound }, count: range.count)
      .bytes
    return body(span)
  }
}

/// What the system says of an error number.
func systemMessage(_ number: Int32) -> String {
  unsafe String(cString: strerror(number))
}
