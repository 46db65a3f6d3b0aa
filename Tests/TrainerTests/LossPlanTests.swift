import Testing
import Torch
import Trainer

@Suite struct LossPlanTests {
  static let samples = [
    LossSample(character: 0), LossSample(character: 1), LossSample(character: 0),
    LossSample(character: nil, weight: 0.5),
  ]

  @Test func termsAndSamplesAreWeighted() throws {
    var plan = LossPlan()
    plan.weights = [.target: 1, .crossPrior: 2, .factorOrthogonality: 0.1]
    let target = try Tensor([1, 2, 3, 4] as [Float]).setRequiresGradient()
    let loss = try plan.combined(
      [
        .target: target * 1, .crossPrior: Tensor([0, 1, 0, 8] as [Float]),
        .factorOrthogonality: Tensor([10] as [Float], shape: []),
      ], Self.samples)
    // (1 + 2 + 3 + 4/2)/4 + 2 (1 + 8/2)/4 + 0.1 · 10
    #expect(abs(try loss.total.item() - 5.5) < 1e-6)
    try loss.total.backward()
    #expect(try #require(target.gradient).array(of: Float.self) == [0.25, 0.25, 0.25, 0.125])
    #expect(try loss.means(of: .target) == [0: 2, 1: 2, nil: 4])
    #expect(try loss.means(of: .crossPrior) == [0: 0, 1: 1, nil: 8])
    #expect(try loss.means(of: .factorOrthogonality).isEmpty)
    #expect(try loss.means(of: .tokenFocus).isEmpty)
    #expect(loss.terms[.target]?.requiresGradient == false)
  }

  @Test func termsThatDoNotFitAreRefused() throws {
    let plan = LossPlan()
    let four = try Tensor.zeros([4])
    let unweighted = #expect(throws: OptimisationError.self) { try plan.combined([.crossPrior: four], Self.samples) }
    #expect(unweighted?.message.contains("cross-prior was computed, but the plan gives it no weight") == true)
    let shape = #expect(throws: OptimisationError.self) {
      try plan.combined([.target: Tensor.zeros([4, 4])], Self.samples)
    }
    #expect(shape?.message.contains("has the shape [4, 4] for a batch of 4 samples") == true)
    #expect(throws: OptimisationError.self) { try plan.combined([:], Self.samples) }
  }

  @Test(arguments: [
    ("konrad_httt, 1boy, armor", "1boy, armor"), ("konrad_httt, armor", "1boy, armor"),
    ("armor,konrad_httt , konrad_httt", "armor, 1boy"), ("portrait of konrad_httt smiling", "portrait of 1boy smiling"),
    ("konrad_httt's sword, konrad_httt2", "1boy's sword, konrad_httt2"), ("konrad_httt", "1boy"),
    ("konrad_htttt, xkonrad_httt", nil), ("1boy", nil), ("", nil),
  ]) func theClassTakesTheTriggersPlace(caption: String, expected: String?) {
    #expect(OutputPreservation.classCaption(caption, trigger: "konrad_httt", class: "1boy") == expected)
  }

  @Test func aCaptionWithoutATriggerToReplaceIsNone() {
    #expect(OutputPreservation.classCaption("a", trigger: "", class: "1boy") == nil)
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
