/// Reads many files at once and hands the results over in the files' order, each as soon as all before it are there.
enum OrderedReading {
  /// Runs the reading.
  ///
  /// - Parameters:
  ///   - count: how many files.
  ///   - width: how many are read at once.
  ///   - read: reads one.
  ///   - use: takes the results, one after the other.
  static func run<Result: Sendable>(
    count: Int, width: Int, read: @escaping @Sendable (Int) async -> Result, use: (Int, Result) throws -> Void
  ) async throws {
    try await withThrowingTaskGroup(of: (Int, Result).self) { group in
      var waiting: [Int: Result] = [:]
      var (started, used) = (0, 0)
      func start() {
        guard started < count else { return }
        let index = started
        group.addTask { (index, await read(index)) }
        started += 1
      }
      for _ in 0..<max(1, width) { start() }
      while let (index, result) = try await group.next() {
        start()
        waiting[index] = result
        while let next = waiting.removeValue(forKey: used) {
          try use(used, next)
          used += 1
        }
      }
    }
  }
}
