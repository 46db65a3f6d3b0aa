import Foundation
import Testing
import Torch

/// Ranks in processes of their own, as in a run.
@Suite("Separate processes", .timeLimit(.minutes(3))) struct SeparateProcessTests {
  static func group(_ rank: Int, port: Int) throws -> ProcessGroup {
    let environment = [
      "RANK": "\(rank)", "WORLD_SIZE": "2", "LOCAL_RANK": "\(rank)", "MASTER_ADDR": "localhost",
      "MASTER_PORT": "\(port)",
    ]
    return try ProcessGroup(#require(try ProcessRank { environment[$0] }), timeout: .seconds(60))
  }

  static func sum(_ rank: Int, port: Int) throws {
    let group = try group(rank, port: port)
    for step in 1...3 {
      let tensor = try Tensor([Float](repeating: Float(step + rank), count: 1001))
      try group.sum([tensor])
      #expect(try tensor.array(of: Float.self).allSatisfy { $0 == Float(2 * step + 1) })
    }
    #expect(try group.gather([Double(rank)]) == [[0], [1]])
  }

  @Test func twoProcessesSum() async throws {
    let port = try ProcessGroupHarness.freePort()
    async let first: Void = {
      _ = await #expect(processExitsWith: .success) { [port = port as Int] in
        try SeparateProcessTests.sum(0, port: port)
      }
    }()
    async let second: Void = {
      _ = await #expect(processExitsWith: .success) { [port = port as Int] in
        try SeparateProcessTests.sum(1, port: port)
      }
    }()
    _ = await (first, second)
  }

  @Test func aKilledProcessIsAnErrorInTheOther() async throws {
    let port = try ProcessGroupHarness.freePort()
    async let first: Void = {
      _ = await #expect(processExitsWith: .success) { [port = port as Int] in
        let group = try SeparateProcessTests.group(0, port: port)
        try group.barrier()
        let start = ContinuousClock.now
        let error = try #require(throws: TorchError.self) { try group.sum([Tensor.zeros([5_000_000])]) }
        #expect(error.message == "the process of rank 1 (of 2) stopped: look at the output there")
        #expect(ContinuousClock.now - start < .seconds(30), "long before the timeout")
      }
    }()
    async let second: Void = {
      _ = await #expect(processExitsWith: .signal(SIGKILL)) { [port = port as Int] in
        let group = try SeparateProcessTests.group(1, port: port)
        try group.barrier()
        kill(getpid(), SIGKILL)
      }
    }()
    _ = await (first, second)
  }

  @Test func aKilledRankZeroIsAnErrorInTheOther() async throws {
    let port = try ProcessGroupHarness.freePort()
    async let first: Void = {
      _ = await #expect(processExitsWith: .signal(SIGKILL)) { [port = port as Int] in
        let group = try SeparateProcessTests.group(0, port: port)
        try group.barrier()
        kill(getpid(), SIGKILL)
      }
    }()
    async let second: Void = {
      _ = await #expect(processExitsWith: .success) { [port = port as Int] in
        let group = try SeparateProcessTests.group(1, port: port)
        try group.barrier()
        let error = try #require(throws: TorchError.self) { try group.barrier() }
        #expect(error.message == "the process of rank 0 (of 2) stopped: look at the output there")
      }
    }()
    _ = await (first, second)
  }
}
