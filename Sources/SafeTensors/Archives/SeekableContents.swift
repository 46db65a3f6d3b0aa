#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

import Synchronization

/// The bytes of a seekable archive, unpacked frame by frame as they are asked for.
///
/// What is lent stays in memory, in one stretch reserved for the whole file, of which only frames that were needed take
/// room. What is copied from a large archive goes through a few frames that are kept for a moment, so that reading a
/// checkpoint from its beginning to its end never holds all of it.
@safe final class SeekableContents: FileContents, @unchecked Sendable {
  /// Whether a frame's place in memory has been filled; held while it is being filled, so that others wait.
  private final class Slot: Sendable {
    let isFilled = Mutex(false)
  }

  /// Up to this size everything that was unpacked is kept.
  private static let keptWhole = 1 << 30
  /// How many frames of a larger archive are kept for the next reading.
  private static let keptFrames = 4

  let path: String
  let table: SeekTable
  private let archive: MappedContents
  private let slots: [Slot]
  private let keepsWhole: Bool
  private let memory = Mutex<UInt?>(nil)
  /// How many bytes of it are filled.
  private let filled = Mutex(0)
  private let recent = Mutex<[(frame: Int, bytes: [UInt8])]>([])

  /// Opens an archive with its table; nothing is unpacked yet.
  init(_ archive: MappedContents, table: SeekTable, path: String) throws(SafeTensorsError) {
    self.archive = archive
    self.table = table
    self.path = path
    slots = table.frames.map { _ in Slot() }
    let largest = table.frames.map(\.unpacked.count).max() ?? 0
    guard largest <= Memory.physical else {
      throw SafeTensorsError(
        path: path, rule: .archive,
        detail: "has a frame of \(largest) bytes, more than this machine's memory; unpack it with `zstd -d` first")
    }
    keepsWhole = table.count <= Self.keptWhole || largest > Self.keptWhole / 4
  }

  deinit {
    let address = memory.withLock { $0 }
    if let address { unsafe munmap(UnsafeMutableRawPointer(bitPattern: address), table.count) }
  }

  var count: Int { table.count }

  func withBytes<R>(in range: Range<Int>, _ body: (RawSpan) -> R) throws(SafeTensorsError) -> R {
    precondition(range.lowerBound >= 0 && range.upperBound <= count, "a range outside the archive")
    guard !range.isEmpty else { return body(unsafe [UInt8]().span.bytes) }
    let base = unsafe try whole()
    for frame in table.frames(holding: range) { unsafe try fill(frame, base) }
    return body(unsafe UnsafeRawBufferPointer(start: base + range.lowerBound, count: range.count).bytes)
  }

  func read(_ range: Range<Int>, into target: UnsafeMutableRawBufferPointer) throws(SafeTensorsError) {
    precondition(range.lowerBound >= 0 && range.upperBound <= count, "a range outside the archive")
    for frame in table.frames(holding: range) {
      let all = table.frames[frame].unpacked
      let part = all.clamped(to: range)
      let room = unsafe UnsafeMutableRawBufferPointer(
        rebasing: target[part.lowerBound - range.lowerBound..<part.upperBound - range.lowerBound])
      if keepsWhole {
        try withBytes(in: part) { span in unsafe span.withUnsafeBytes { unsafe room.copyMemory(from: $0) } }
      } else if part == all {
        unsafe try unpack(frame, into: room)
      } else {
        let bytes = try kept(frame)
        let inner = part.lowerBound - all.lowerBound..<part.upperBound - all.lowerBound
        unsafe bytes.span.bytes.extracting(inner).withUnsafeBytes { unsafe room.copyMemory(from: $0) }
      }
    }
  }

  /// A frame, unpacked anew; on any thread.
  func unpacked(_ frame: Int) throws(SafeTensorsError) -> [UInt8] {
    var failure: SafeTensorsError?
    let size = table.frames[frame].unpacked.count
    let bytes = unsafe [UInt8](unsafeUninitializedCapacity: size) { buffer, initialized in
      do throws(SafeTensorsError) {
        unsafe try unpack(frame, into: UnsafeMutableRawBufferPointer(start: buffer.baseAddress, count: size))
        initialized = size
      } catch {
        failure = error
      }
    }
    if let failure { throw failure }
    return bytes
  }

  /// A copy of bytes of the archive itself.
  func packed(_ range: Range<Int>) throws(SafeTensorsError) -> [UInt8] { try archive.copy(range) }

  private func kept(_ frame: Int) throws(SafeTensorsError) -> [UInt8] {
    if let found = recent.withLock({ $0.first { $0.frame == frame }?.bytes }) { return found }
    let bytes = try unpacked(frame)
    recent.withLock { recent in
      if recent.count >= Self.keptFrames { recent.removeFirst() }
      recent.append((frame, bytes))
    }
    return bytes
  }

  private func unpack(_ frame: Int, into target: UnsafeMutableRawBufferPointer) throws(SafeTensorsError) {
    let entry = table.frames[frame]
    let result: Result<Void, SafeTensorsError> = try archive.withBytes(in: entry.packed) { span in
      do throws(SafeTensorsError) {
        unsafe try ZstdFrame.unpack(span, entry, number: frame, into: target, path: path)
        return .success(())
      } catch {
        return .failure(error)
      }
    }
    try result.get()
  }

  private func fill(_ frame: Int, _ base: UnsafeMutableRawPointer) throws(SafeTensorsError) {
    let place = table.frames[frame].unpacked
    try slots[frame].isFilled.withLock { isFilled throws(SafeTensorsError) in
      guard !isFilled else { return }
      let total = filled.withLock { filled in
        filled += place.count
        return filled
      }
      guard total <= Memory.physical else { throw tooLarge() }
      unsafe try unpack(
        frame, into: UnsafeMutableRawBufferPointer(start: base + place.lowerBound, count: place.count))
      isFilled = true
    }
  }

  /// The stretch of memory for the whole file, reserved when it is first needed.
  private func whole() throws(SafeTensorsError) -> UnsafeMutableRawPointer {
    let address = memory.withLock { address in
      if let address { return address }
      let found = unsafe mmap(
        nil, table.count, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANON | MAP_NORESERVE, -1, 0)
      address = unsafe found == MAP_FAILED ? nil : UInt(bitPattern: found)
      return address ?? 0
    }
    guard let base = unsafe UnsafeMutableRawPointer(bitPattern: address) else {
      throw tooLarge()
    }
    return unsafe base
  }

  private func tooLarge() -> SafeTensorsError {
    SafeTensorsError(
      path: path, rule: .archive,
      detail: "unpacks to \(table.count) bytes, for which there is no room in memory; unpack it with `troupe unpack`")
  }
}
