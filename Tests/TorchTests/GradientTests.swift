import Testing
import Torch

@Suite("Gradients", .serialized) struct GradientTests {
  @Test func derivativesByHand() throws {
    let x = try Tensor([1, 2, 3] as [Float]).setRequiresGradient()
    let y = try (x * x * x).sum()
    try y.backward()
    #expect(try x.gradient?.array(of: Float.self) == [3, 12, 27])
    try (x * 2).sum().backward()
    #expect(try x.gradient?.array(of: Float.self) == [5, 14, 29], "gradients add up")
    try x.setGradient(nil)
    #expect(x.gradient == nil)
    let other = try Tensor([1] as [Float]).setRequiresGradient()
    let found = try (x * 5).sum().gradients(by: [x, other])
    #expect(try found[0]?.array(of: Float.self) == [5, 5, 5])
    #expect(found[1] == nil)
  }

  @Test func nothingIsRecordedWithoutGradients() throws {
    let x = try Tensor([1] as [Float]).setRequiresGradient()
    let y = try withoutGradients { try x * 2 }
    #expect(!y.requiresGradient)
    #expect(isRecordingGradients)
    struct Stop: Error {}
    #expect(throws: Stop.self) { try withoutGradients { throw Stop() } }
    #expect(isRecordingGradients, "restored after an error")
  }

  @Test func recomputedSegmentsGiveTheSameGradients() throws {
    let generator = try Generator(seed: 3)
    let weight = try Tensor.normal([4, 4], using: generator).setRequiresGradient()
    let input = try Tensor.normal([2, 4], using: generator).setRequiresGradient()
    let body: @Sendable ([Tensor]) throws -> [Tensor] = { [try $0[0].linear(weight).silu().linear(weight)] }
    try body([input])[0].sum().backward()
    let kept = try (weight.gradient!.array(of: Float.self), input.gradient!.array(of: Float.self))
    try weight.setGradient(nil)
    try input.setGradient(nil)
    try recomputed([input], body)[0].sum().backward()
    #expect(try weight.gradient!.array(of: Float.self) == kept.0)
    #expect(try input.gradient!.array(of: Float.self) == kept.1)
  }

  @Test func errorsOfRecomputedSegmentsArrive() throws {
    let input = try Tensor([1] as [Float]).setRequiresGradient()
    let error = #expect(throws: TorchError.self) {
      try recomputed([input]) { _ in throw TorchError(.general, "the segment's own words") }
    }
    #expect(error?.kind == .callback)
    #expect(error?.message == "the segment's own words")
    #expect(throws: TorchError.self) { try recomputed([input], outputs: 2) { $0 } }
  }

  /// Thousands of steps, each with a graph, a recomputed segment and a failing call, leave no handle behind.
  @Test func nothingLeaks() throws {
    let engine = try Engine.shared.get()
    let weight = try Tensor.ones([8, 8]).setRequiresGradient()
    func step(failing: Bool) throws {
      let input = try Tensor.ones([4, 8])
      let output = try recomputed([input.setRequiresGradient()]) { [try $0[0].linear(weight).silu()] }[0]
      try output.mean().backward()
      try withoutGradients { _ = try weight.add(weight.gradient!, times: -0.01) }
      try weight.setGradient(nil)
      if failing { _ = try? output.matrixProduct(Tensor.ones([3, 3])) }
    }
    try step(failing: true)
    let before = engine.liveHandles
    for index in 0..<3000 { try step(failing: index % 100 == 0) }
    // Other tests hold a few at the same time.
    #expect(abs(engine.liveHandles - before) < 300)
  }
}
