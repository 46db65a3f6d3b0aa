@testable import Diffusion
import Testing
import Torch

@Suite("Tiles of pictures", .serialized) struct AutoencoderTilingTests {
  @Test func tilesCoverEverything() {
    for (length, tile, overlap) in [(64, 64, 16), (65, 64, 16), (200, 64, 16), (112, 64, 16), (9, 4, 3), (7, 2, 0)] {
      let starts = VAETiling.starts(length: length, tile: tile, overlap: overlap)
      #expect(starts.first == 0)
      #expect(starts.last == max(0, length - tile))
      for (a, b) in zip(starts, starts.dropFirst()) { #expect(b > a && b - a <= tile - overlap) }
    }
    #expect(VAETiling.starts(length: 112, tile: 64, overlap: 16) == [0, 48])
    #expect(VAETiling.ramp(length: 5, overlap: 1) == [0.5, 1, 1, 1, 0.5])
  }

  /// What does not depend on its surroundings comes back as it is.
  @Test func pointwiseWorkIsUnchanged() throws {
    let tiling = VAETiling(size: 32, overlap: 8)
    let latents = try Tensor.normal([2, 4, 9, 14], using: Generator(seed: 1))
    let up: (Tensor) throws -> Tensor = { try $0.upsampledNearest(height: $0.size(2) * 8, width: $0.size(3) * 8) }
    var calls = 0
    let tiled = try tiling.blended(latents, unit: 8, up: 8) {
      calls += 1
      #expect($0.shape == [2, 4, 4, 4])
      return try up($0)
    }
    #expect(calls == 3 * 5)
    // Weights are divided out again: two roundings.
    #expect(try largestDifference(tiled, up(latents)) < 1e-6)
    let picture = try up(latents)
    let down = try tiling.blended(picture, unit: 1, down: 8) {
      #expect($0.shape == [2, 4, 32, 32])
      return try $0.reshaped(2, 4, 4, 8, 4, 8).mean([3, 5])
    }
    #expect(try largestDifference(down, latents) < 1e-6)
  }

  /// Tiles of different brightness pass into each other without a step.
  @Test func seamsAreRamps() throws {
    var tile = 0.0
    let tiled = try VAETiling(size: 16, overlap: 8).blended(Tensor.zeros([1, 1, 16, 40]), unit: 1) {
      tile += 1
      return try $0 + tile
    }
    #expect(tile == 4)
    let row = try tiled.narrowed(2, from: 3, length: 1).array(of: Float.self)
    #expect(row.first == 1 && row.last == 4)
    // A ninth for each of the eight places that two tiles share, two ninths where one pair follows another.
    for (a, b) in zip(row, row.dropFirst()) { #expect(b >= a - 1e-6 && b - a < 0.23) }
  }

  @Test func smallPicturesAreNotCut() throws {
    let (model, file) = try AutoencoderTests().model()
    let tiling = VAETiling(size: 64, overlap: 16)
    let latents = try file.tensor("in.latents")
    #expect(try largestDifference(model.decode(latents, tiling: tiling), model.decode(latents)) == 0)
    let picture = try file.tensor("in.picture")
    #expect(try largestDifference(model.encode(picture, tiling: tiling).mean, model.encode(picture).mean) == 0)
  }

  /// Random weights over noise are the hardest case: norms and attention of a tile differ from the picture's, by a
  /// quarter of its size when it is decoded (0.25) and less when it is encoded (0.15); a tile out of place gives 1.4.
  @Test func tiledIsNearUntiled() throws {
    let (model, _) = try AutoencoderTests().model()
    let tiling = VAETiling(size: 128, overlap: 64)
    let latents = try Tensor.normal([1, 4, 24, 32], using: Generator(seed: 4))
    let whole = try model.decode(latents)
    let tiled = try model.decode(latents, tiling: tiling, slicing: true)
    let difference = try relativeDifference(tiled, whole)
    #expect(difference < 0.35 && difference > 1e-4)
    let mean = try model.encode(whole).mean
    let tiledMean = try model.encode(whole, tiling: tiling).mean
    #expect(tiledMean.shape == mean.shape)
    let other = try relativeDifference(tiledMean, mean)
    #expect(other < 0.25 && other > 1e-4)
  }

  @Test func impossibleSizesAreMended() {
    #expect(VAETiling(size: 8, overlap: 8).overlap == 7)
    #expect(VAETiling(size: 0, overlap: -1) == VAETiling(size: 1, overlap: 0))
  }
}
