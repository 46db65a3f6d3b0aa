import Foundation
import Testing

@testable import Torch

@Suite("Groups of processes", .timeLimit(.minutes(2))) struct ProcessGroupTests {
  /// Whole numbers, so that every order of summation gives the same F32.
  static func numbers(_ count: Int, rank: Int) -> [Float] { (0..<count).map { Float(($0 * 7 + rank * 13) % 101 - 50) } }

  static func sums(_ count: Int, of ranks: Int) -> [Float] {
    let all = (0..<ranks).map { numbers(count, rank: $0) }
    return (0..<count).map { index in all.reduce(0) { $0 + $1[index] } }
  }

  @Test(arguments: [2, 3]) func sumsAreEqualOnAllRanksAndRight(ranks: Int) throws {
    // One element, fewer than ranks, odd sizes, none at all; a matrix that is not contiguous.
    let sizes = [1, 2, 5, 1023, 4097, 0]
    let results = try ProcessGroupHarness.run(ranks) { group in
      let tensors = try sizes.map { try Tensor(Self.numbers($0, rank: group.rank)) }
      let turned = try Tensor(Self.numbers(12, rank: group.rank), shape: [3, 4]).transposed()
      try group.sum(tensors + [turned])
      return try (tensors + [turned.transposed().contiguous()]).map { try $0.array(of: Float.self) }
    }
    for result in results {
      #expect(try result.get() == (sizes + [12]).map { Self.sums($0, of: ranks) })
    }
  }

  @Test func fractionsAreSummedToTheSameBitsOnAllRanks() throws {
    let count = 100_003
    let results = try ProcessGroupHarness.run(3) { group in
      let generator = try Generator(seed: UInt64(group.rank))
      let tensor = try Tensor.normal([count], using: generator)
      try group.sum([tensor])
      return try tensor.array(of: Float.self)
    }
    let first = try results[0].get()
    for result in results { #expect(try result.get() == first) }
    var reference = [Double](repeating: 0, count: count)
    for rank in 0..<3 {
      let own = try Tensor.normal([count], using: Generator(seed: UInt64(rank))).array(of: Float.self)
      for index in reference.indices { reference[index] += Double(own[index]) }
    }
    // Two roundings of sums below 16 in F32.
    #expect(zip(first, reference).allSatisfy { abs(Double($0) - $1) < 2e-6 })
  }

  @Test func aThousandSmallTensorsAndParametersAreSummedInPlace() throws {
    let results = try ProcessGroupHarness.run(2) { group in
      let tensors = try (0..<1000).map { index in
        try Tensor(Self.numbers(1 + index % 17, rank: group.rank + index)).setRequiresGradient()
      }
      try group.sum(tensors)
      return try tensors.map { tensor in
        guard tensor.requiresGradient else { throw TorchError(.general, "no parameter any more") }
        return try tensor.array(of: Float.self)
      }
    }
    for result in results {
      for (index, values) in try result.get().enumerated() {
        let count = 1 + index % 17
        let expected = zip(Self.numbers(count, rank: index), Self.numbers(count, rank: index + 1)).map { $0 + $1 }
        #expect(values == expected)
      }
    }
  }

  @Test func formatsKeepTheirPrecision() throws {
    let results = try ProcessGroupHarness.run(2) { group in
      let fine = try Tensor([1 + Double(group.rank) * 0x1p-50])
      let coarse = try Tensor([256 + Float(group.rank)]).to(.bf16)
      let half = try Tensor([1000.5 + Float(group.rank)]).to(.f16)
      try group.sum([coarse, fine, half])
      return [
        try fine.item(), try coarse.item(), try half.item(), try coarse.scalarType == .bf16 ? 1 : 0,
      ]
    }
    // 256 + 257 → BF16 rounds 257 to 256 before, and 512 is exact; F16 has steps of 0.5 below 1024 and of 1 above.
    for result in results { #expect(try result.get() == [2 + 0x1p-50, 512, 2002, 1]) }
  }

  @Test func packagesKeepBelowTheLimitAndApartByFormat() throws {
    let tensors = try [40, 40, 40, 200, 10].map { try Tensor.zeros([$0]) } + [try Tensor.zeros([3], .f64)]
    let packages = try TensorPackage.pack(tensors, limit: 400) { tensor throws(TorchError) in try tensor.scalarType }
    #expect(packages.map { $0.tensors.map { $0.count } } == [[40, 40], [40], [200], [10], [3]])
  }

  @Test func broadcastGivesTheBitsOfOneRank() throws {
    let results = try ProcessGroupHarness.run(3) { group in
      let mine = group.rank == 1
      let tensors = [
        try Tensor(mine ? [Float.nan, -0.0, 3] : [0, 0, 0]), try Tensor(mine ? [Int64.max, -7] : [0, 0]),
        try Tensor([mine ? 0x1p-1074 : 1.0]), try Tensor([mine ? Float(1.5) : 0]).to(.bf16),
        try Tensor(mine ? [UInt8(1), 0, 1] : [0, 0, 0]).to(.bool),
      ]
      try group.broadcast(tensors, from: 1)
      return try tensors.map { try $0.bytes() }
    }
    let expected = try results[1].get()
    #expect(expected[1] == [255, 255, 255, 255, 255, 255, 255, 127, 249, 255, 255, 255, 255, 255, 255, 255])
    for result in results { #expect(try result.get() == expected) }
  }

  @Test func numbersOfEveryRankReachEveryRank() throws {
    let results = try ProcessGroupHarness.run(3) { group in
      [
        try group.gather([Double(group.rank), .infinity, -0.0]),
        try group.gather([[0.1], [], [0.2, .pi]][group.rank]), try group.gather([]),
      ]
    }
    for result in results {
      let values = try result.get()
      #expect(values[0] == (0..<3).map { [Double($0), .infinity, 0] })
      #expect(values[0].allSatisfy { $0[2].sign == .minus })
      #expect(values[1] == [[0.1], [], [0.2, .pi]])
      #expect(values[2] == [[], [], []])
    }
  }

  @Test func bytesOfOneRankReachEveryRank() throws {
    let long = (0..<70_001).map { UInt8(truncatingIfNeeded: $0 &* 31) }
    let results = try ProcessGroupHarness.run(2) { group in
      [
        try group.broadcast(bytes: group.rank == 1 ? long : [9], from: 1),
        try group.broadcast(bytes: group.rank == 0 ? [] : [1, 2, 3]),
      ]
    }
    for result in results { #expect(try result.get() == [long, []]) }
  }

  @Test func aBarrierHoldsUntilAllAreThere() throws {
    let results = try ProcessGroupHarness.run(2) { group in
      try group.barrier()
      let start = ContinuousClock.now
      if group.rank == 1 { Thread.sleep(forTimeInterval: 0.3) }
      try group.barrier()
      return ContinuousClock.now - start
    }
    for result in results { #expect(try result.get() > .milliseconds(250)) }
  }
}
