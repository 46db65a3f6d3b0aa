import Foundation
import Testing
import Trainer

@Suite struct ScheduleTests {
  static let cases: [(name: String, warmup: Int, shape: RateShape)] = [
    ("constant", 0, .constant), ("constant", 10, .constant),
    ("linear", 0, .linear), ("linear", 10, .linear),
    ("cosine", 0, .cosine()), ("cosine", 10, .cosine()),
    ("cosine-cycles", 0, .cosine(cycles: 1.25)), ("cosine-cycles", 10, .cosine(cycles: 1.25)),
    ("restarts", 0, .cosineRestarts(cycles: 3)), ("restarts", 10, .cosineRestarts(cycles: 3)),
    // The reference's last rate is 10⁻⁷ at a rate of 1.
    ("polynomial", 0, .polynomial(power: 2, end: 1e-7)), ("polynomial", 10, .polynomial(power: 2, end: 1e-7)),
    ("inverse", 0, .inverseSquareRoot()), ("inverse", 10, .inverseSquareRoot()),
    ("inverse-scale", 0, .inverseSquareRoot(scale: 40)), ("inverse-scale", 10, .inverseSquareRoot(scale: 40)),
    ("minimum", 0, .cosine(minimum: 0.1)), ("minimum", 10, .cosine(minimum: 0.1)),
    // The reference's warm-up starts at its least factor, this one at 0: compared without one.
    ("stable", 0, .stableDecay(decay: 0.25, minimum: 0.05)), ("stable", 10, .stableDecay(decay: 0.25)),
    ("one-cycle", 0, .oneCycle()), ("rex", 0, .rex()), ("rex-deep", 0, .rex(depth: 0.9, minimum: 0.1)),
  ]

  @Test(arguments: cases) func factorsAreThoseOfTheReference(name: String, warmup: Int, shape: RateShape) throws {
    let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    let data = try Data(contentsOf: folder.appending(path: "Fixtures/training/schedules.json"))
    let tables = try JSONDecoder().decode([String: [Double]].self, from: data)
    let expected = try #require(tables["\(name).\(warmup)"])
    let schedule = try RateSchedule(shape, steps: 120, warmup: .steps(warmup))
    #expect(expected.count >= 120)
    for (step, value) in expected.enumerated() {
      // Doubles on both sides; the order of operations differs.
      #expect(abs(schedule.factor(at: step) - value) < 1e-14, "step \(step)")
    }
  }

  @Test func fractionsOfWarmUpAreRoundedDown() throws {
    #expect(try RateSchedule(.linear, steps: 115, warmup: .fraction(0.1)).warmup == 11)
    #expect(try RateSchedule(.linear, steps: 4, warmup: .fraction(1)).factor(at: 2) == 0.5)
    #expect(try RateSchedule(.linear, steps: 4, warmup: .fraction(1)).factor(at: 4) == 1)
  }

  @Test func schedulesOfNoUseAreRefused() throws {
    #expect(throws: OptimisationError("a run has 0 steps; 1 is the least")) { try RateSchedule(.constant, steps: 0) }
    for warmup in [RateSchedule.Warmup.steps(11), .steps(-1), .fraction(1.5), .fraction(-0.1), .fraction(.nan)] {
      #expect(throws: OptimisationError.self) { try RateSchedule(.constant, steps: 10, warmup: warmup) }
    }
    #expect(throws: OptimisationError.self) { try RateSchedule(.oneCycle(), steps: 10, warmup: .steps(2)) }
    let shapes: [RateShape] = [
      .cosine(cycles: 0), .cosine(minimum: 2), .cosineRestarts(cycles: -1), .polynomial(power: 0),
      .polynomial(end: -1), .inverseSquareRoot(scale: 0), .stableDecay(decay: 2), .rex(depth: 1), .rex(minimum: 3),
      .oneCycle(rise: 1), .oneCycle(divisor: 0),
    ]
    for shape in shapes {
      let error = #expect(throws: OptimisationError.self) { try RateSchedule(shape, steps: 10) }
      #expect(error?.message.contains("numbers out of range") == true, "\(shape)")
    }
  }
}
