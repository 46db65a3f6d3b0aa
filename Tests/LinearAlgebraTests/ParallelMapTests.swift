import LinearAlgebra
import Synchronization
import Testing

@Suite("Parallel map")
struct ParallelMapTests {
  struct Refusal: Error, Equatable { var index: Int }

  @Test(arguments: [(0, 4), (1, 4), (100, 1), (100, 3), (3, 100)])
  func resultsInOrder(count: Int, width: Int) async throws {
    let done = Mutex<[Int]>([])
    let results = try await ParallelMap.run(
      count: count, width: width, scratch: { 0 }, progress: { n in done.withLock { $0.append(n) } }
    ) { index, calls in
      calls += 1
      return (index: index, calls: calls)
    }
    #expect(results.map(\.index) == Array(0..<count))
    #expect(done.withLock { $0.sorted() } == Array(1..<(count + 1)))
    // Each worker's memory lasts from piece to piece: with one worker the calls count up.
    if width == 1 { #expect(results.map(\.calls) == Array(1...count)) }
    #expect(results.allSatisfy { $0.calls >= 1 })
  }

  @Test func theFirstErrorStopsTheRest() async {
    let started = Atomic<Int>(0)
    await #expect(throws: Refusal(index: 5)) {
      _ = try await ParallelMap.run(count: 1_000_000, width: 2, scratch: {}) { index, _ in
        started.wrappingAdd(1, ordering: .relaxed)
        if index == 5 { throw Refusal(index: index) }
        return index
      }
    }
    #expect(started.load(ordering: .relaxed) < 1_000_000)
  }

  @Test func cancellationIsAnError() async {
    let started = Atomic<Int>(0)
    let handle = Mutex<Task<Int, any Error>?>(nil)
    let (gate, open) = AsyncStream.makeStream(of: Void.self)
    let task = Task {
      for await _ in gate { break }
      return try await ParallelMap.run(count: 1_000_000, width: 2, scratch: {}) { index, _ in
        started.wrappingAdd(1, ordering: .relaxed)
        if index == 5 { handle.withLock { $0?.cancel() } }
        return 0
      }.count
    }
    handle.withLock { $0 = task }
    open.yield()
    await #expect(throws: CancellationError.self) { try await task.value }
    #expect(started.load(ordering: .relaxed) < 1_000_000)
  }
}
