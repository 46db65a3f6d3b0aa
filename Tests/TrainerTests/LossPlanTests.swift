import Testing
import Torch
import Trainer

@Suite struct LossPlanTests {
  static let weights = [1, 1, 1, 0.5]

  @Test func termsAndSamplesAreWeighted() throws {
    var plan = LossPlan()
    plan.weights = [.target: 1, .crossPrior: 2, .factorOrthogonality: 0.1]
    let target = try Tensor([1, 2, 3, 4] as [Float]).setRequiresGradient()
    let loss = try plan.combined(
      [
        .target: target * 1, .crossPrior: Tensor([0, 1, 0, 8] as [Float]),
        .factorOrthogonality: Tensor([10] as [Float], shape: []),
      ], Self.weights)
    // (1 + 2 + 3 + 4/2)/4 + 2 (1 + 8/2)/4 + 0.1 · 10
    #expect(abs(try loss.total.item() - 5.5) < 1e-6)
    try loss.total.backward()
    #expect(try #require(target.gradient).array(of: Float.self) == [0.25, 0.25, 0.25, 0.125])
    #expect(loss.terms[.target]?.requiresGradient == false)
  }

  @Test func termsThatDoNotFitAreRefused() throws {
    let plan = LossPlan()
    let four = try Tensor.zeros([4])
    let unweighted = #expect(throws: OptimisationError.self) { try plan.combined([.crossPrior: four], Self.weights) }
    #expect(unweighted?.message.contains("cross-prior was computed, but the plan gives it no weight") == true)
    let shape = #expect(throws: OptimisationError.self) {
      try plan.combined([.target: Tensor.zeros([4, 4])], Self.weights)
    }
    #expect(shape?.message.contains("has the shape [4, 4] for a batch of 4 samples") == true)
    #expect(throws: OptimisationError.self) { try plan.combined([:], Self.weights) }
  }

  @Test func everyOtherCharacterHasItsTurn() {
    for count in 2...5 {
      for character in 0..<count {
        let partners = (7..<7 + count - 1).compactMap {
          CrossPrior.partner(of: character, among: count, turn: $0)
        }
        #expect(Set(partners) == Set(0..<count).subtracting([character]))
      }
    }
    #expect(CrossPrior.partner(of: 0, among: 1, turn: 0) == nil)
    #expect(CrossPrior.partner(of: 2, among: 2, turn: 0) == nil)
  }
}
