import Foundation
import Testing

@testable import Torch

@Suite("Groups of processes that fail", .timeLimit(.minutes(2))) struct ProcessFailureTests {
  static func message<Value>(_ result: Result<Value, any Error>) throws -> String {
    let error = try #require(throws: TorchError.self) { _ = try result.get() }
    #expect(error.kind == .processes)
    #expect(!error.message.contains("\n"), "one sentence")
    return error.message
  }

  @Test func ranksThatNeverComeAreNamed() throws {
    let start = ContinuousClock.now
    let results = try ProcessGroupHarness.run(4, present: [0, 2], timeout: .milliseconds(1500)) { _ in }
    #expect(ContinuousClock.now - start < .seconds(20))
    for result in results {
      let message = try Self.message(result)
      #expect(message.hasPrefix("the processes of ranks 1, 3 (of 4) did not come to 127.0.0.1:"))
    }
  }

  @Test func anAbsentRankZeroIsNamed() throws {
    let results = try ProcessGroupHarness.run(2, present: [1], timeout: .milliseconds(1500)) { _ in }
    let message = try Self.message(results[0])
    #expect(message.hasPrefix("the process of rank 0 (of 2) did not answer at 127.0.0.1:"))
    #expect(message.contains("within 1.5 s"))
  }

  @Test func aRankThatStopsAnsweringIsNamedAfterTheTimeout() throws {
    let results = try ProcessGroupHarness.run(3, timeout: .seconds(3)) { group in
      try group.barrier()
      if group.rank == 1 {
        Thread.sleep(forTimeInterval: 8)
        return ""
      }
      let message = try Self.message(Result { try group.sum([Tensor([1.0])]) })
      // The group is of no more use, and says so at once.
      let start = ContinuousClock.now
      #expect(try Self.message(Result { try group.barrier() }) == message)
      #expect(ContinuousClock.now - start < .seconds(1))
      return message
    }
    // Whoever is late by less than the others hears from them that they gave up, before its own time is over.
    let messages = try [0, 2].map { try results[$0].get() }
    let late = "the process of rank 1 (of 3) did not answer within 3 s and probably stopped: look at the output there"
    #expect(messages.contains(late))
    for message in messages {
      let early = "the process of rank 1 (of 3) stopped: look at the output there"
      #expect(message == late || message == early, "\(messages)")
    }
  }

  @Test func aRankThatLeavesIsNamedAtOnce() throws {
    let start = ContinuousClock.now
    let results = try ProcessGroupHarness.run(3) { group in
      try group.barrier()
      if group.rank == 2 { return "" }
      return try Self.message(Result { try group.barrier() })
    }
    #expect(ContinuousClock.now - start < .seconds(20))
    for rank in [0, 1] {
      #expect(try results[rank].get() == "the process of rank 2 (of 3) stopped: look at the output there")
    }
  }

  @Test func differentCallsAreFoundBeforeTheyHappen() throws {
    let results = try ProcessGroupHarness.run(2) { group in
      let calls = try Self.message(
        Result { if group.rank == 0 { try group.barrier() } else { try group.sum([Tensor([1.0])]) } })
      let shapes = try Self.message(Result { try group.sum([Tensor.zeros([2 + group.rank])]) })
      let roots = try Self.message(Result { try group.broadcast([Tensor.zeros([2])], from: group.rank) })
      // Nothing was sent, so the group goes on.
      let tensor = try Tensor([Float(group.rank + 1)])
      try group.sum([tensor])
      return [calls, shapes, roots, "\(try tensor.item())"]
    }
    let texts = try results[1].get()
    #expect(texts[0].hasPrefix("rank 1 sums tensors while rank 0 waits at a barrier"))
    #expect(texts[1].hasPrefix("rank 1 and rank 0 both sums tensors, but not the same"))
    #expect(texts[2].contains("root must agree"))
    #expect(try results[0].get()[0].hasPrefix("rank 0 waits at a barrier while rank 1 sums tensors"))
    for result in results { #expect(try result.get()[3] == "3.0") }
  }

  @Test func whatNoProcessCanDoIsRefused() throws {
    let results = try ProcessGroupHarness.run(1) { group in
      [
        try Self.message(Result { try group.sum([Tensor([1 as Int64])]) }),
        try Self.message(Result { try group.broadcast([], from: 1) }),
        try Self.message(Result { _ = try group.broadcast(bytes: [1], from: -1) }),
      ]
    }
    let texts = try results[0].get()
    #expect(texts[0].hasPrefix("a tensor in i64 cannot be summed over processes"))
    #expect(texts[1] == "there is no rank 1 to receive from: ranks go from 0 to 0")
    #expect(texts[2].hasPrefix("there is no rank -1"))
  }

  @Test func aTakenPortIsNamed() throws {
    let port = try ProcessGroupHarness.freePort()
    let held = try ProcessGroup(ProcessGroupHarness.rank(0, of: 1, port: port))
    let message = try Self.message(
      Result { _ = try ProcessGroup(ProcessGroupHarness.rank(0, of: 1, port: port), timeout: .seconds(2)) })
    #expect(message.hasPrefix("rank 0 cannot listen at 127.0.0.1:\(port + 1)"))
    #expect(held.count == 1)
  }

  @Test func sizesThatDifferAndRanksThatRepeatAreNamed() throws {
    let port = try ProcessGroupHarness.freePort()
    let texts = ["sizes", "ranks"].map { _ in Box() }
    let done = DispatchGroup()
    func start(_ rank: Int, of count: Int, port: Int, _ box: Box) {
      done.enter()
      Thread.detachNewThread {
        do {
          _ = try ProcessGroup(ProcessGroupHarness.rank(rank, of: count, port: port), timeout: .seconds(2))
        } catch { box.add("\(error)") }
        done.leave()
      }
    }
    start(0, of: 2, port: port, texts[0])
    start(1, of: 3, port: port, texts[0])
    let other = try ProcessGroupHarness.freePort()
    start(0, of: 3, port: other, texts[1])
    start(1, of: 3, port: other, texts[1])
    start(1, of: 3, port: other, texts[1])
    done.wait()
    #expect(texts[0].all.contains { $0.hasPrefix("rank 1 counts 3 processes and rank 0 counts 2") })
    #expect(texts[1].all.contains { $0.hasPrefix("two processes say that they are of rank 1") })
  }

  private final class Box: @unchecked Sendable {
    private let lock = NSLock()
    private var texts: [String] = []
    var all: [String] { lock.withLock { texts } }
    func add(_ text: String) { lock.withLock { texts.append(text) } }
  }
}
