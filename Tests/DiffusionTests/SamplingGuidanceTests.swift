import Diffusion
import Testing
import Torch

/// Classifier-free guidance, its rescaling, and how often the network is asked.
@Suite("Guidance") struct SamplingGuidanceTests {
  private func step(_ index: Int) throws -> SamplingPlan.Step {
    try EulerSampler(steps: 10, schedule: .trailing, for: .init()).plan.steps[index]
  }

  @Test(arguments: [0, 0.7, 1.0]) func rescalingIsThatOfDiffusers(phi: Double) throws {
    let found = try Guidance(scale: 7.5, rescale: phi).combine(
      prompt: SamplingFixture.tensor("guidance.conditional"), negative: SamplingFixture.tensor("guidance.unconditional")
    )
    // Single precision; the deviations are sums of 36 squares.
    #expect(try SamplingFixture.difference(found, SamplingFixture.tensor("guidance.\(phi)")) < 1e-6)
  }

  @Test(arguments: [true, false]) func bothLooksGiveTheSame(together: Bool) throws {
    let input = try SamplingFixture.tensor("guidance.conditional")
    let guidance = Guidance(scale: 3, rescale: 0.5)
    var asked: [Guidance.Conditioning] = []
    let found = try guidance.predict(input, at: step(0), together: together) { input, step, conditioning in
      asked.append(conditioning)
      #expect(input.shape == [together ? 4 : 2, 4, 3, 3])
      switch conditioning {
      case .prompt: return try input + 1
      case .negative: return try input * 0.5
      case .both:
        let halves = try input.chunks(2)
        return try Tensor.concatenated([halves[0] * 0.5, halves[1] + 1]).to(.bf16).to(.f32)
      }
    }
    #expect(asked == (together ? [.both] : [.negative, .prompt]))
    let expected = try guidance.combine(prompt: input + 1, negative: input * 0.5)
    // The joint look was rounded to bf16: 2^-9, enlarged by the scale.
    #expect(try SamplingFixture.difference(found, expected) < (together ? 0.02 : 1e-7))
  }

  @Test(arguments: [0.0, 0.5, 1]) func smallScalesLookOnce(scale: Double) throws {
    let input = try SamplingFixture.tensor("guidance.conditional")
    var asked: [Guidance.Conditioning] = []
    let found = try Guidance(scale: scale).predict(input, at: step(0)) { input, _, conditioning in
      asked.append(conditioning)
      return input
    }
    #expect(asked == [.prompt])
    #expect(try found.array(of: Float.self) == input.array(of: Float.self))
  }

  @Test func outsideTheIntervalTheNetworkLooksOnce() throws {
    let guidance = Guidance(scale: 5, interval: 0.3...5)
    let plan = try EulerSampler(steps: 10, schedule: .trailing, for: .init()).plan
    let active = plan.steps.filter { guidance.isActive(at: $0) }
    #expect(!active.isEmpty && active.count < 10)
    #expect(active.allSatisfy { (0.3...5).contains($0.sigma) })
    #expect(plan.steps.allSatisfy { Guidance(scale: 5).isActive(at: $0) })
  }

  @Test func answersOfAnotherSizeAreRefused() throws {
    let input = try SamplingFixture.tensor("guidance.conditional")
    let error = #expect(throws: SamplingError.self) {
      try Guidance().predict(input, at: step(0)) { _, _, _ in input }
    }
    #expect(error?.message == "the network answered a batch of 4 with one of 2")
  }
}
