#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

private import CKernels
import Dispatch
import Synchronization

/// Writes a large file from its beginning to its end in aligned blocks, on a thread of its own, past the page cache
/// where the system can (`O_DIRECT`).
///
/// Handing gigabytes to the page cache keeps a core busy for longer than the disk needs to store them, and pushes
/// everything else out of memory. Here the disk fetches the blocks itself while the caller fills the next ones. Where
/// a file system refuses that, the blocks are written as usual, still beside the caller's work.
///
/// One caller at a time.
@safe final class BlockLane: @unchecked Sendable {
  /// A multiple of every disk's block.
  static let blockSize = 8 << 20
  private static let blockCount = 4
  /// What addresses and lengths must be multiples of.
  private static let alignment = 4096

  private let path: String
  private let descriptor: Int32
  private let memory: UnsafeMutableRawPointer
  private let queue = DispatchQueue(label: "troupe.write")
  /// The blocks that may wait to be written while another is filled.
  private let room = DispatchSemaphore(value: blockCount - 1)
  private let state: Mutex<State>
  /// How many blocks were handed over, and how many bytes the one under way has.
  private var handedOver = 0
  private var filled = 0

  private struct State {
    /// The same file opened for direct writing; -1 where this cannot be done.
    var direct: Int32
    /// The first error's number.
    var failure: Int32 = 0
  }

  /// Opens a lane to a file that was just created, and reserves its space, so that a full disk is noticed now.
  ///
  /// - Parameters:
  ///   - path: the name that errors speak of.
  ///   - file: the file's name at present.
  ///   - descriptor: the file; it must stay open until ``finish()`` or ``stop()`` has returned.
  ///   - size: how many bytes will be written.
  /// - Throws: ``SafeTensorsError`` with rule `cannotWrite`.
  init(path: String, file: String, descriptor: Int32, size: Int) throws(SafeTensorsError) {
    let refusal = ck_reserve(descriptor, Int64(size))
    guard refusal == 0 else { throw SafeTensorsWriter.failure("written", path: path, number: refusal) }
    self.path = path
    self.descriptor = descriptor
    state = Mutex(State(direct: unsafe ck_open_direct(file)))
    unsafe memory = UnsafeMutableRawPointer.allocate(
      byteCount: Self.blockSize * Self.blockCount, alignment: Self.alignment)
  }

  deinit {
    let direct = state.withLock { $0.direct }
    if direct >= 0 { close(direct) }
    unsafe memory.deallocate()
  }

  /// Adds bytes; waits where the disk is slower than the caller.
  func add(_ bytes: RawSpan) throws(SafeTensorsError) {
    try unsafe fill(bytes.byteCount) { done, target in
      unsafe bytes.extracting(done..<done + target.count).withUnsafeBytes { unsafe target.copyMemory(from: $0) }
    }
  }

  /// Adds bytes of another file, read straight into the blocks.
  func add(_ range: Range<Int>, of source: SafeTensorsFile) throws(SafeTensorsError) {
    try unsafe fill(range.count) { done, target throws(SafeTensorsError) in
      let start = range.lowerBound + done
      unsafe try source.contents.read(start..<start + target.count, into: target)
    }
  }

  /// Writes what is left and waits until the system has everything; syncing it is the owner's.
  func finish() throws(SafeTensorsError) {
    if filled > 0 { try handOver() }
    stop()
    try check()
  }

  /// Waits until nothing is being written any more.
  func stop() { queue.sync {} }

  /// Has `count` bytes filled in, block by block.
  private func fill(
    _ count: Int, _ body: (_ done: Int, _ target: UnsafeMutableRawBufferPointer) throws(SafeTensorsError) -> Void
  ) throws(SafeTensorsError) {
    var done = 0
    while done < count {
      let piece = min(count - done, Self.blockSize - filled)
      let place = handedOver % Self.blockCount * Self.blockSize + filled
      unsafe try body(done, UnsafeMutableRawBufferPointer(start: memory + place, count: piece))
      done += piece
      filled += piece
      if filled == Self.blockSize { try handOver() }
    }
  }

  private func handOver() throws(SafeTensorsError) {
    try check()
    let (number, count) = (handedOver, filled)
    queue.async {
      self.write(number, count)
      self.room.signal()
    }
    handedOver += 1
    filled = 0
    room.wait()
  }

  private func check() throws(SafeTensorsError) {
    let number = state.withLock { $0.failure }
    if number != 0 { throw SafeTensorsWriter.failure("written", path: path, number: number) }
  }

  /// Writes a block, directly as far as possible; on the queue.
  private func write(_ number: Int, _ count: Int) {
    var (direct, failure) = state.withLock { ($0.direct, $0.failure) }
    let start = number * Self.blockSize
    let block = unsafe UnsafeRawPointer(memory + number % Self.blockCount * Self.blockSize)
    var done = 0
    while done < count, failure == 0 {
      let rest = count - done
      let isDirect = direct >= 0 && rest >= Self.alignment && done % Self.alignment == 0
      let piece = isDirect ? rest / Self.alignment * Self.alignment : rest
      let written = unsafe pwrite(isDirect ? direct : descriptor, block + done, piece, off_t(start + done))
      if written > 0 {
        if !isDirect { ck_start_writeback(descriptor, Int64(start + done), Int64(written)) }
        done += written
      } else if written < 0, errno == EINTR {
        continue
      } else if written < 0, errno == EINVAL, isDirect {
        // A file system that opens files so and then asks for other alignments, or cannot do it after all.
        direct = -1
      } else {
        failure = written < 0 ? errno : EIO
      }
    }
    state.withLock { state in
      if direct < 0, state.direct >= 0 {
        close(state.direct)
        state.direct = -1
      }
      state.failure = failure
    }
  }
}
