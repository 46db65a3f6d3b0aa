import Diffusion
import Foundation
import Testing
import Torch

@testable import Trainer

/// Runs that end before their end.
@Suite struct RunFailureTests {
  private static func fixture() throws -> CastFixture {
    var fixture = try CastFixture()
    (fixture.cast.training.steps, fixture.cast.training.te1Rate) = (4, 0)
    return fixture
  }

  /// After a loss that is not finite the state of the last whole step is there, and the step is taken again.
  @Test func theLastGoodStateIsKept() throws {
    let fixture = try Self.fixture()
    let (whole, told) = try fixture.run(output: "whole")
    try whole.run()
    let events = CastFixture.Events()
    var broken = fixture
    broken.cast.output.folder = "broken"
    let run = try TrainingRun(broken.plan(), CastFixture.model(), TrainingRun.Options()) { events.note($0) }
    for _ in 0..<2 {
      let next = run.source.next()
      try run.take(#require(next))
    }
    // The latents that are kept in memory go bad.
    for (number, picture) in run.plan.pictures.pictures.enumerated() {
      let placement = try #require(run.plan.measuringPlacement(of: number))
      let rule = run.plan.subsets[picture.subset].images
      var random = UseRandom.view(seed: 0, source: 0, picture: number, use: 0)
      let view = PictureView(placement, rule: rule, using: &random)
      try run.preparer.latents.entry(picture.path, rule: rule, view: view).mean.fill(.nan)
    }
    expectError("\"target\" is not finite") { try run.run() }
    #expect(run.step == 2)
    let (rest, after) = try broken.run(output: "broken") { $0.resumes = true }
    #expect(rest.step == 2)
    try rest.run()
    #expect(events.losses + after.losses == told.losses)
    try RunDeterminismTests.expectSame(whole, rest)
  }

  /// Parameters that are no numbers any more are not kept.
  @Test func brokenParametersAreNotSaved() throws {
    let fixture = try Self.fixture()
    let (run, _) = try fixture.run()
    try withoutGradients { _ = try run.network.layers[0].factors[0].up.fill(.nan) }
    #expect(throws: OptimisationError.self) { try run.run() }
    #expect(try run.files.states().isEmpty)
  }

  @Test func stoppingKeepsTheState() throws {
    var fixture = try Self.fixture()
    // Asked before the first step, and while previews are drawn.
    let (early, told) = try fixture.run(output: "early") { $0.shouldStop = { true } }
    try early.run()
    #expect(told.isFinished == false && told.steps.isEmpty && early.step == 0)
    #expect(try early.files.states().map(\.step) == [0])
    (fixture.cast.preview.every, fixture.cast.preview.steps) = (2, 1)
    (fixture.cast.preview.guidance, fixture.cast.preview.prompts) = (1, ["{class}"])
    let (drawing, seen) = try fixture.run(output: "drawing", stop: 2)
    try drawing.run()
    #expect(seen.isFinished == false && drawing.step == 2 && seen.steps.count == 2)
    #expect(!FileManager.default.fileExists(atPath: drawing.files.preview(2)))
    let (rest, after) = try fixture.run(output: "drawing") { $0.resumes = true }
    try rest.run()
    #expect(rest.step == 4 && after.isFinished == true)
    #expect(FileManager.default.fileExists(atPath: rest.files.preview(4)))
    // Asked after the last step, the run is over.
    let (last, events) = try fixture.run(output: "last", stop: 4)
    try last.run()
    #expect(events.isFinished == true && events.paths.allSatisfy { FileManager.default.fileExists(atPath: $0) })
  }

  @Test func picturesThatAreGoneAreNamed() throws {
    let fixture = try Self.fixture()
    let (run, _) = try fixture.run()
    try FileManager.default.removeItem(atPath: fixture.folder.path("lisar/1.png"))
    expectError("lisar/1.png") { try run.run() }
  }

  @Test func numbersThatDoNotFitTheFormatAreNamed() throws {
    var fixture = try Self.fixture()
    (fixture.cast.output.format, fixture.cast.training.steps) = (.f16, 1)
    let (run, _) = try fixture.run()
    try withoutGradients { _ = try run.network.layers[0].factors[0].down.fill(1e5) }
    expectError(run.files.lora(0), "lora_down", "not finite in", "bf16") { try run.run() }
    // The state is there: nothing of the training is lost.
    #expect(try run.files.states().map(\.step) == [1])
  }
}
