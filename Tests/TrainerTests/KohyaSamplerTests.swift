import Testing
import Trainer

@Suite struct KohyaSamplerTests {
  /// Blocks of subsets, each with (pictures, repeats, is regularisation).
  static func sampler(
    _ blocks: [[(Int, Int, Bool)]], batch: Int = 3, accumulation: Int = 1, weight: Double = 0.5
  ) throws -> KohyaSampler {
    var sizes: [PixelSize] = []
    var subset = 0
    let rule = try BucketRule(resolution: PixelSize(512))
    let made = blocks.map { subsets in
      var pictures: [KohyaSampler.Block.Picture] = []
      for (count, repeats, isReg) in subsets {
        for _ in 0..<count {
          pictures.append(.init(picture: sizes.count, subset: subset, repeats: repeats, isRegularization: isReg))
          sizes.append(sizes.count.isMultiple(of: 4) ? PixelSize(640, 480) : PixelSize(512))
        }
        subset += 1
      }
      return KohyaSampler.Block(pictures: pictures, rule: rule, batch: batch, priorWeight: weight)
    }
    return KohyaSampler(blocks: made, sizes: sizes, accumulation: accumulation, seed: 42)
  }

  @Test func anEpochHoldsWhatTheMatchSays() throws {
    let sampler = try Self.sampler([[(10, 4, false), (5, 2, false), (30, 1, true), (40, 1, true)]])
    let report = ExposureReport(of: sampler, steps: sampler.batchesPerEpoch)
    #expect(report.sources.map(\.samples) == [40, 10, 30, 20])
    // The last half of the second set is never used.
    #expect(report.unused.count == 20 && report.unused.allSatisfy { $0 >= 65 })
    #expect(report.sources[2].weight == 15)
  }

  @Test func blocksNeverMix() throws {
    var sampler = try Self.sampler([[(7, 2, false)], [(5, 3, false)]], accumulation: 2)
    var used = 0
    for _ in 0..<20 {
      let next = sampler.next()
      let step = try #require(next)
      for batch in step.batches {
        #expect(Set(batch.map(\.source)).count == 1 && Set(batch.map { $0.placement?.bucket }).count == 1)
      }
      used += step.divisor
    }
    #expect(used > 58 && sampler.epoch > 1)
  }

  @Test func skippingIsDrawing() throws {
    var one = try Self.sampler([[(7, 2, false), (3, 1, true)]])
    var two = one
    for _ in 0..<23 { _ = one.next() }
    two.skip(to: 23)
    #expect(one == two && one.next() == two.next())
  }

  @Test func nothingToDraw() throws {
    var sampler = try Self.sampler([[(0, 1, false)]])
    #expect(sampler.next() == nil)
  }
}
