#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

// What the writer asks of the system.
extension SafeTensorsWriter {
  /// Checks what can be checked before anything is written, and opens the temporary file.
  static func create(
    _ path: String, temporary: String, header: [UInt8], tensors: [TensorInfo], existing: Existing,
    pastCacheFrom: Int
  ) throws(SafeTensorsError) -> (descriptor: Int32, lane: BlockLane?) {
    var names = Set<ExactName>()
    for tensor in tensors where !names.insert(ExactName(tensor.name)).inserted {
      throw SafeTensorsError(path: path, rule: .duplicateField, tensor: tensor.name, detail: "is declared twice")
    }
    guard header.count - 8 <= Header.largest else {
      throw SafeTensorsError(path: path, rule: .headerTooLarge, detail: "the header would exceed 100 MB")
    }
    if existing == .refuse, unsafe access(path, F_OK) == 0 {
      throw SafeTensorsError(
        path: path, rule: .exists, detail: "exists already; choose another name or allow replacing it")
    }
    let descriptor = unsafe open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw failure("created", path: path) }
    do throws(SafeTensorsError) {
      let size = header.count + (tensors.last?.range.upperBound ?? 0)
      if size >= pastCacheFrom {
        let lane = try BlockLane(path: path, file: temporary, descriptor: descriptor, size: size)
        try lane.add(unsafe header.span.bytes)
        return (descriptor, lane)
      }
      try writeAll(unsafe header.span.bytes, to: descriptor, path: path)
    } catch {
      close(descriptor)
      unsafe unlink(temporary)
      throw error
    }
    return (descriptor, nil)
  }

  static func failure(_ what: String, path: String, number: Int32 = errno) -> SafeTensorsError {
    SafeTensorsError(path: path, rule: .cannotWrite, detail: "cannot be \(what): \(systemMessage(number))")
  }

  static func writeAll(
    _ bytes: RawSpan, to descriptor: Int32, path: String
  ) throws(SafeTensorsError) {
    var done = 0
    while done < bytes.byteCount {
      let count = unsafe bytes.withUnsafeBytes { buffer in
        unsafe buffer.baseAddress.map { unsafe systemWrite(descriptor, $0 + done, bytes.byteCount - done) } ?? 0
      }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { throw failure("written", path: path) }
      done += count
    }
  }

  private static func systemWrite(_ descriptor: Int32, _ pointer: UnsafeRawPointer, _ count: Int) -> Int {
    #if canImport(Glibc)
    unsafe Glibc.write(descriptor, pointer, count)
    #else
    unsafe Darwin.write(descriptor, pointer, count)
    #endif
  }

  /// Makes the rename itself durable.
  ///
  /// The file is complete whatever this returns, so its result is not an error.
  static func syncFolder(of path: String) {
    let folder = path.lastIndex(of: "/").map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
    let handle = unsafe open(folder, O_RDONLY | O_CLOEXEC)
    guard handle >= 0 else { return }
    fsync(handle)
    close(handle)
  }
}
