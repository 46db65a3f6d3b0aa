import Testing
import Torch
import Trainer

@Suite struct OptimiserToolTests {
  @Test(arguments: [(1.0, "1", 0), (1e6, "1e+06", 1)]) func gradientsAreClippedAsInPyTorch(
    limit: Double, name: String, row: Int
  ) throws {
    let source = try OptimiserFixture()
    let expected = try OptimiserFixture("tools")
    let gradients = try OptimiserFixture.shapes.indices.map {
      try source.tensor("gradient.\($0)").selected(0, 0).copied()
    }
    let norm = try GradientClipping(limit: limit).clip(gradients)
    // Single precision against sums in doubles: a few roundings of 6e-8.
    #expect(abs(norm / (try expected.doubles("clip.norm")[row]) - 1) < 3e-7)
    for (index, gradient) in gradients.enumerated() {
      #expect(try OptimiserFixture.difference(gradient, expected.tensor("clip.\(name).\(index)")) < 3e-7)
    }
  }

  @Test func gradientsThatAreNotFiniteAreReported() throws {
    let gradients = [try Tensor([1, Float.nan]), try Tensor([2] as [Float])]
    #expect(try GradientClipping(limit: 1).clip(gradients).isNaN)
    #expect(try gradients[1].item() == 2)
    #expect(throws: OptimisationError.self) { try GradientClipping(limit: 0) }
    #expect(try GradientClipping(limit: 1).clip([]) == 0)
  }

  @Test func theLossFactorFollowsItsRule() throws {
    var scaler = try LossScaler(factor: 8, growth: 4, backoff: 0.5, interval: 2)
    let gradient = try Tensor([16, -8] as [Float])
    #expect(try scaler.unscale([gradient]))
    #expect(try gradient.array(of: Float.self) == [2, -1])
    #expect(try scaler.scaled(Tensor([3] as [Float])).item() == 24)
    for bad in [Float.infinity, -.infinity, .nan] {
      #expect(try scaler.unscale([gradient, Tensor([1, bad])]) == false)
    }
    // Large but finite is no overflow, though its square would be.
    #expect(try scaler.unscale([Tensor([3e38] as [Float])]))
    scaler.update(finite: true)
    #expect(scaler.factor == 8)
    #expect(scaler.goodSteps == 1)
    scaler.update(finite: true)
    #expect(scaler.factor == 32)
    #expect(scaler.goodSteps == 0)
    scaler.update(finite: true)
    scaler.update(finite: false)
    #expect(scaler.factor == 16)
    #expect(scaler.goodSteps == 0)
    scaler.restore(factor: 0x1p127, goodSteps: 1)
    scaler.update(finite: true)
    #expect(scaler.factor == 0x1p127)
    #expect(scaler.goodSteps == 0)
    #expect(throws: OptimisationError.self) { try LossScaler(factor: 0) }
    #expect(throws: OptimisationError.self) { try LossScaler(growth: 1) }
    #expect(throws: OptimisationError.self) { try LossScaler(backoff: 0) }
  }

  @Test(arguments: ["plain", "power"]) func averagesAreThoseOfDiffusers(name: String) throws {
    let source = try OptimiserFixture()
    let expected = try OptimiserFixture("tools")
    let parameters = try source.parameters()
    let named = parameters.enumerated().map { NamedTensor("p\($0)", $1) }
    let average =
      try name == "plain"
      ? MovingAverage(named, decay: 0.9) : MovingAverage(named, decay: 0.8, power: 2.0 / 3, start: 2)
    for step in 0..<20 {
      try withoutGradients {
        for (index, parameter) in parameters.enumerated() {
          try parameter.add(source.tensor("gradient.\(index)").selected(0, step), times: -0.01)
        }
      }
      try average.update()
      guard [1, 3, 20].contains(step + 1) else { continue }
      for (index, own) in average.averages.enumerated() {
        let wanted = try expected.tensor("ema.\(name).\(index).\(step + 1)")
        // Twenty roundings of 6e-8 at most.
        #expect(try OptimiserFixture.difference(own.tensor, wanted) < 1e-6)
      }
    }
    let before = try parameters[0].detached().bytes()
    let lent = try average.lent { try parameters[0].detached().bytes() }
    #expect(try lent == average.averages[0].tensor.bytes())
    #expect(try parameters[0].detached().bytes() == before)
    #expect(throws: CancellationError.self) { try average.lent { throw CancellationError() } }
    #expect(try parameters[0].detached().bytes() == before)
  }

  @Test func storedAveragesAreRestored() throws {
    let parameters = [NamedTensor("a", try Tensor([1, 2] as [Float]))]
    let average = try MovingAverage(parameters, decay: 0.5)
    try average.restore(["a": Tensor([3, 4] as [Float])], steps: 7)
    #expect(try average.averages[0].tensor.array(of: Float.self) == [3, 4])
    #expect(average.steps == 7)
    #expect(throws: OptimisationError.self) { try average.restore(["b": parameters[0].tensor], steps: 1) }
    #expect(throws: OptimisationError.self) { try average.restore(["a": Tensor.zeros([3])], steps: 1) }
    #expect(throws: OptimisationError.self) { try MovingAverage(parameters, decay: 2) }
  }

  @Test func onlyLayersAboveTheNormShrink() throws {
    let generator = try Generator(seed: 5)
    let big = MaximumNorm.Factors(
      up: try Tensor.normal([6, 2, 1, 1], using: generator), down: try Tensor.normal([2, 3, 3, 3], using: generator),
      scale: 0.5)
    let small = MaximumNorm.Factors(
      up: try Tensor.normal([4, 2], using: generator) * 0.01, down: try Tensor.normal([2, 3], using: generator),
      scale: 1)
    func norm(_ factors: MaximumNorm.Factors) throws -> Double {
      let rank = try factors.down.size(0)
      let product = try factors.up.reshaped(-1, rank).matrixProduct(factors.down.reshaped(rank, -1))
      return try product.norm().item() * factors.scale
    }
    let (up, down) = (try big.up.copied(), try big.down.copied())
    let (before, left) = (try norm(big), try norm(small))
    #expect(before > 1.5)
    let outcome = try MaximumNorm(limit: 1.5).apply([big, small])
    #expect(outcome.scaled == 1)
    // The norms are sums over at most 162 elements in single precision.
    #expect(abs(try norm(big) - 1.5) < 1e-6)
    #expect(abs(outcome.greatest - 1.5) < 1e-6)
    #expect(try norm(small) == left)
    #expect(abs(outcome.mean - (1.5 + left) / 2) < 1e-6)
    // Both factors carry the same part of the change.
    let factor = (1.5 / before).squareRoot()
    #expect(try (big.up - up * factor).absolute().maximum().item() < 1e-6)
    #expect(try (big.down - down * factor).absolute().maximum().item() < 1e-6)
    #expect(try MaximumNorm(limit: 1).apply([]).greatest == 0)
    #expect(throws: OptimisationError.self) { try MaximumNorm(limit: 0) }
  }
}
