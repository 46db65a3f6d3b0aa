/// Computes pieces in parallel and hands them over in order, never holding more than a few.
package enum OrderedPipeline {
  /// Runs the pipeline.
  ///
  /// - Parameters:
  ///   - count: how many pieces.
  ///   - width: how many are computed at once.
  ///   - ahead: how many may be finished or under way beyond the one to be handed over next.
  ///   - produce: computes a piece, on any thread.
  ///   - consume: takes the pieces in order, on the caller's task.
  package static func run<Piece: Sendable>(
    count: Int, width: Int, ahead: Int, produce: @escaping @Sendable (Int) throws -> Piece,
    consume: (Int, Piece) throws -> Void
  ) async throws {
    try await withThrowingTaskGroup(of: (Int, Piece).self) { group in
      var started = 0
      var taken = 0
      var running = 0
      var waiting: [Int: Piece] = [:]
      while taken < count {
        while started < count, running < max(1, width), started - taken < max(ahead, width) {
          let index = started
          group.addTask { (index, try produce(index)) }
          started += 1
          running += 1
        }
        if let piece = waiting.removeValue(forKey: taken) {
          try consume(taken, piece)
          taken += 1
          continue
        }
        guard let (index, piece) = try await group.next() else { return }
        running -= 1
        waiting[index] = piece
      }
    }
  }
}
