import Diffusion
import Testing
import Torch

@testable import Trainer

/// Masked prior and swapped triggers inside a batch, beside their definitions from separate predictions.
@Suite struct RunFurtherTermsTests {
  /// Predictions of a batch, of one sample each, in doubles: sums in another order than the loss has.
  private static func numbers(_ tensor: Tensor, row: Int) throws -> [Double] {
    try tensor.selected(0, row).to(.f64).contiguous().reshaped(-1).array()
  }

  @Test func whatAMaskHidesIsHeldToTheBase() throws {
    let network = try NetworkFixture.network(names: ["cast"])
    let objective = try NetworkFixture.objective(network) {
      $0.weights = [.target: 0, .basePrediction: 0, .maskedPrior: 1]
      $0.mask = try? MaskedLoss()
    }
    // The left half counts; what is right of it is hidden.
    let half = (0..<256).map { Float($0 % 16 < 8 ? 1 : 0) }
    let samples = try [
      NetworkFixture.sample(1, loras: [0]) { $0.mask = try Tensor(half, shape: [1, 1, 16, 16]) },
      NetworkFixture.sample(2, loras: [0]),
    ]
    var report = CastObjective.Report()
    let gradients = try NetworkFixture.gradients(network) { report = try objective.accumulate(samples, divisor: 2) }
    let input = try BatchInput(samples, objective.schedule, on: .cpu)
    let captions = samples.map(\.caption)
    let own = try Self.numbers(objective.prediction(input, captions, [[0], [0]]), row: 0)
    let base = try Self.numbers(objective.basePrediction(input, captions), row: 0)
    // The mean over the hidden half of all four channels.
    let hidden = own.indices.filter { $0 % 16 >= 8 }
    let expected = hidden.reduce(0) { $0 + (own[$1] - base[$1]) * (own[$1] - base[$1]) } / Double(hidden.count)
    let found = try #require(report.terms[.maskedPrior])
    #expect(abs((found[0] ?? .nan) - expected) < 1e-5 * expected)
    #expect(found[1] == 0)
    #expect(abs(report.total - expected / 2) < 1e-5 * expected)
    #expect(gradients.contains { $0.contains { $0 != 0 } })
  }

  @Test func swappedTriggersMustDiffer() throws {
    let network = try NetworkFixture.network(names: ["cast"])
    let objective = try NetworkFixture.objective(network) {
      $0.weights = [.target: 0, .basePrediction: 0, .swapContrast: 1]
    }
    let samples = try [
      NetworkFixture.sample(1, "konrad, a hat", loras: [0]) { $0.swappedCaption = "lisar, a hat" },
      // The same caption twice does the same: the whole margin is lost.
      NetworkFixture.sample(2, "konrad, a hat", loras: [0]) { $0.swappedCaption = "konrad, a hat" },
      NetworkFixture.sample(3, loras: [0]),
    ]
    let report = try objective.accumulate(samples, divisor: 3)
    let input = try BatchInput(samples, objective.schedule, on: .cpu)
    let captions = samples.map(\.caption)
    let own = try Self.numbers(objective.prediction(input, captions, [[0], [0], [0]]), row: 0)
    let swapped = samples.map { $0.swappedCaption ?? $0.caption }
    let other = try Self.numbers(objective.prediction(input, swapped, [[0], [0], [0]]), row: 0)
    let base = try Self.numbers(objective.basePrediction(input, captions), row: 0)
    func distance(_ a: [Double], _ b: [Double]) -> Double {
      zip(a, b).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }.squareRoot()
    }
    let quotient = distance(own, other) / (distance(own, base) + distance(other, base))
    let found = try #require(report.terms[.swapContrast])
    #expect(abs((found[0] ?? .nan) - max(0, 0.5 - quotient)) < 1e-4)
    #expect(abs((found[1] ?? .nan) - 0.5) < 1e-4)
    #expect(found[2] == nil)
  }
}
