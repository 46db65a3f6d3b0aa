import Diffusion
import Testing
import Torch

@Suite("Group norms") struct GroupNormTests {
  /// libtorch 1.13 is off by 40 % in BF16 when channels run fastest in memory.
  @Test(arguments: [MemoryFormat.contiguous, .channelsLast]) func halfPrecisionIsRight(_ format: MemoryFormat) throws {
    let norm = try GroupNorm(
      Parameters(RandomParameters(seed: 1, .bf16), .unet), groups: 32, channels: 320, epsilon: 1e-5)
    let input = try (Tensor.normal([1, 320, 64, 64], using: Generator(seed: 2)) * 2 + 1).to(.bf16)
    let found = try norm(input.contiguous(format), .plain)
    #expect(try found.scalarType == .bf16)
    let truth = try input.to(.f64).groupNormalised(32, weight: nil, bias: nil, epsilon: 1e-5)
    // Half of BF16's last place, 2⁻⁹, once.
    #expect(try relativeDifference(found, truth) < 0.002)
  }
}
