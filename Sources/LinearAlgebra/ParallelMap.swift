import Synchronization

/// Runs independent work on a few tasks at once and returns the results in order.
///
/// Each worker keeps memory of its own from piece to piece, and BLAS runs one thread per worker: modules are many
/// and small, so this is where the cores are used.
public enum ParallelMap {
  /// Applies `body` to every index below `count`.
  ///
  /// - Parameters:
  ///   - count: how many pieces of work.
  ///   - width: how many run at once.
  ///   - scratch: makes what each worker keeps from piece to piece.
  ///   - progress: told after each piece how many are done.
  ///   - body: the work.
  /// - Returns: the results in the order of the indices.
  /// - Throws: the first error of any piece, or `CancellationError`.
  public static func run<Result: Sendable, Scratch>(
    count: Int, width: Int, scratch: @escaping @Sendable () -> Scratch,
    progress: @escaping @Sendable (Int) -> Void = { _ in },
    body: @escaping @Sendable (Int, inout Scratch) throws -> Result
  ) async throws -> [Result] {
    let shared = Shared<Result>(count: count)
    try await withThrowingTaskGroup(of: Void.self) { group in
      for _ in 0..<max(1, min(width, count)) {
        group.addTask {
          var own = scratch()
          // The flag, because the group learns of an error only once a thread is free to tell it.
          while !Task.isCancelled, !shared.failed.load(ordering: .relaxed) {
            let index = shared.next.wrappingAdd(1, ordering: .relaxed).oldValue
            guard index < count else { return }
            let result: Result
            do {
              result = try body(index, &own)
            } catch {
              shared.failed.store(true, ordering: .relaxed)
              throw error
            }
            shared.results.withLock { $0[index] = result }
            progress(shared.done.wrappingAdd(1, ordering: .relaxed).newValue)
          }
        }
      }
      try await group.waitForAll()
    }
    try Task.checkCancellation()
    return shared.results.withLock { $0.compactMap { $0 } }
  }

  private final class Shared<Result: Sendable>: Sendable {
    let next = Atomic<Int>(0)
    let done = Atomic<Int>(0)
    let failed = Atomic<Bool>(false)
    let results: Mutex<[Result?]>

    init(count: Int) { results = Mutex(Array(repeating: nil, count: count)) }
  }
}
