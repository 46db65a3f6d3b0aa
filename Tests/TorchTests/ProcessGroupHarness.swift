import Foundation
import Testing
import Torch

/// Several ranks of a group, each on a thread of its own.
enum ProcessGroupHarness {
  /// A port whose next one is free.
  static func freePort() throws -> Int {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(descriptor) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    let found = withUnsafeMutablePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(descriptor, $0, size) == 0 && getsockname(descriptor, $0, &size) == 0
      }
    }
    guard found else { throw TorchError(.general, "no port is free") }
    return Int(UInt16(bigEndian: address.sin_port)) - 1
  }

  static func rank(_ rank: Int, of count: Int, port: Int) throws(TorchError) -> ProcessRank {
    try ProcessRank(rank: rank, count: count, localRank: rank, masterAddress: "127.0.0.1", masterPort: port)
  }

  /// Runs `body` for every rank of `count` that is in `present`, and returns what each gave.
  static func run<Value: Sendable>(
    _ count: Int, present: [Int]? = nil, timeout: Duration = .seconds(60),
    _ body: @escaping @Sendable (ProcessGroup) throws -> Value
  ) throws -> [Result<Value, any Error>] {
    let port = try freePort()
    let present = present ?? Array(0..<count)
    let results = Results<Value>()
    let done = DispatchGroup()
    for rank in present {
      done.enter()
      Thread.detachNewThread {
        let result = Result { try body(ProcessGroup(Self.rank(rank, of: count, port: port), timeout: timeout)) }
        results.set(rank, result)
        done.leave()
      }
    }
    done.wait()
    return try present.map { try #require(results.get($0)) }
  }

  private final class Results<Value: Sendable>: @unchecked Sendable {
    private let lock = NSLock()
    private var values: [Int: Result<Value, any Error>] = [:]

    func set(_ rank: Int, _ value: Result<Value, any Error>) { lock.withLock { values[rank] = value } }
    func get(_ rank: Int) -> Result<Value, any Error>? { lock.withLock { values[rank] } }
  }
}
