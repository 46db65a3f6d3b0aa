import Adapters
import Foundation
import SafeTensors
import Testing
import Torch

@testable import Trainer

/// The file that a run goes on from: nothing is lost in it, and nothing else is taken for it.
@Suite struct RunStateTests {
  @Test func everythingComesBack() throws {
    let folder = try TemporaryFolder()
    var state = RunState()
    (state.step, state.sampler, state.optimiser) = (12, "{\"a\":\"ü\"}", "prodigy")
    (state.averaged, state.session, state.started) = (7, "4294967295", 1_700_000_000.25)
    state.scaler = (65536, 3)
    state.members = [
      .init(), .init(best: 0.1, bestStep: 5, isStopped: true), .init(best: 1e-300, bestStep: 1, isStopped: false),
    ]
    state.tensors = [
      ("lora/b", try Tensor([Float(1.5), -0.0, .leastNonzeroMagnitude], shape: [3, 1])),
      ("optimiser/number/k", try Tensor([Double.pi, 1e-300])), ("lora/a", try Tensor([Float(2)], shape: [])),
      ("best/a", try Tensor.zeros([0, 4])),
    ]
    let path = folder.path("a\(RunState.ending)")
    try state.write(to: path)
    let found = try RunState(path: path)
    #expect(found.step == 12 && found.sampler == state.sampler && found.optimiser == "prodigy")
    #expect(found.averaged == 7 && found.session == state.session && found.started == state.started)
    #expect(found.scaler?.factor == 65536 && found.scaler?.goodSteps == 3 && found.members == state.members)
    #expect(found.tensors.count == 4)
    for (name, tensor) in state.tensors {
      let other = try #require(found.tensors.first { $0.name == name }).tensor
      #expect(try other.shape == tensor.shape && other.scalarType == tensor.scalarType)
      #expect(try other.bytes() == tensor.bytes())
    }
    #expect(Set(found.tensors(under: "lora/").keys) == ["a", "b"])
    // Without a scaler there is none; writing again replaces.
    state.scaler = nil
    try state.write(to: path)
    #expect(try RunState(path: path).scaler == nil)
  }

  @Test func otherFilesAreNoStates() throws {
    let folder = try TemporaryFolder()
    let path = folder.path("a\(RunState.ending)")
    try LoRAFile(architecture: .sd1, format: .f32).write(
      NetworkFixture.network(names: ["x"]), 0, metadata: [:], to: path)
    expectError(path, "is no state of a run", "begin anew") { try RunState(path: path) }
    var state = RunState()
    state.tensors = [("lora/a", try Tensor([Float(1)]))]
    try state.write(to: path)
    let bytes = try Data(contentsOf: URL(filePath: path))
    try bytes.dropLast().write(to: URL(filePath: path))
    #expect(throws: SafeTensorsError.self) { try RunState(path: path) }
  }

  // MARK: - Taking states up

  private static func fixture() throws -> CastFixture {
    var fixture = try CastFixture()
    (fixture.cast.training.steps, fixture.cast.output.every) = (6, 2)
    return fixture
  }

  @Test func statesOfOtherRunsAreRefused() throws {
    let fixture = try Self.fixture()
    try fixture.run(stop: 2).run.run()
    func expectRefusal(
      _ part: String, sourceLocation: SourceLocation = #_sourceLocation, _ change: (inout CastFixture) throws -> Void
    ) throws {
      var other = fixture
      try change(&other)
      expectError(part, sourceLocation: sourceLocation) { try other.run { $0.resumes = true } }
    }
    try expectRefusal("optimizer = \"adamw\"") { $0.cast.training.optimizer = .lion }
    try expectRefusal("other layers, ranks or characters") { $0.cast.network.rank = 4 }
    try expectRefusal("other layers, ranks or characters") { $0.cast.network.targets = [] }
    try expectRefusal("other layers, ranks or characters") { $0.cast.network.mode = .separate }
    try expectRefusal("other layers, ranks or characters") { $0.cast.training.te1Rate = 0 }
    try expectRefusal("pictures, shares, batch, resolution or seed") { $0.cast.training.batch = 1 }
    try expectRefusal("pictures, shares, batch, resolution or seed") { $0.cast.training.seed = 9 }
    try expectRefusal("pictures, shares, batch, resolution or seed") { $0.cast.characters.removeLast() }
    try expectRefusal("moving averages") { $0.cast.training.ema = 0.9 }
    try expectRefusal("holds no state of a run called other") { $0.cast.output.name = "other" }
    try expectRefusal("matching") { $0.cast.training.matching = .kohya }
    // What may change: rates, losses, the length.
    var other = fixture
    (other.cast.training.steps, other.cast.training.learningRate) = (3, 1e-4)
    other.cast.losses.outputPreservation = 1
    let (run, events) = try other.run { $0.resumes = true }
    try run.run()
    #expect(run.step == 3 && events.steps.count == 1)
    // More pictures are other pictures.
    try fixture.draw("konrad/new", seed: 50, caption: "konrad")
    try expectRefusal("pictures, shares, batch, resolution or seed") { _ in }
  }

  @Test func kohyaStatesKnowTheirPictures() throws {
    var fixture = try Self.fixture()
    fixture.cast.training.matching = .kohya
    try fixture.run(stop: 2).run.run()
    #expect(try fixture.run { $0.resumes = true }.run.step == 2)
    var other = fixture
    other.cast.training.matching = .cast
    expectError("the sampler's state") { try other.run { $0.resumes = true } }
    other = fixture
    other.cast.training.batch = 1
    expectError("pictures, repeats, batch, resolution or seed") { try other.run { $0.resumes = true } }
    try fixture.draw("lisar/new", seed: 50, caption: "lisar")
    expectError("pictures, repeats, batch, resolution or seed") { try fixture.run { $0.resumes = true } }
  }

  /// Killed between writing a state and removing the older one, with one half written beside them.
  @Test func damagedStatesMakeRoomForOlderOnes() throws {
    let fixture = try Self.fixture()
    let (first, before) = try fixture.run(stop: 2)
    try first.run()
    let older = first.files.state(2)
    let kept = try Data(contentsOf: URL(filePath: older))
    let (second, _) = try fixture.run(stop: 4) { $0.resumes = true }
    try second.run()
    let newer = second.files.state(4)
    #expect(try second.files.states().map(\.path) == [newer])
    try kept.write(to: URL(filePath: older))
    // Also of a process that had this one's number, as after a container's restart.
    let halves = [
      "\(newer).\(getpid()).part", "\(second.files.state(6)).2147483000-2.part",
      "\(second.files.lora(0)).2147483000.part",
    ]
    for half in halves { try Data("half".utf8).write(to: URL(filePath: half)) }
    let other = fixture.folder.path("out/castle.safetensors.1.part")
    try Data("half".utf8).write(to: URL(filePath: other))
    #expect(try fixture.run { $0.resumes = true }.run.step == 4)
    #expect(halves.allSatisfy { !FileManager.default.fileExists(atPath: $0) })
    #expect(FileManager.default.fileExists(atPath: other))
    try Data(contentsOf: URL(filePath: newer)).prefix(5000).write(to: URL(filePath: newer))
    let (third, after) = try fixture.run { $0.resumes = true }
    #expect(third.step == 2)
    try third.run()
    let (whole, told) = try fixture.run(output: "whole")
    try whole.run()
    #expect(before.losses + after.losses == told.losses)
    try RunDeterminismTests.expectSame(whole, third)
    // The end leaves one state.
    #expect(try third.files.states().map(\.step) == [6])
    for path in try third.files.states().map(\.path) { try Data("x".utf8).write(to: URL(filePath: path)) }
    #expect(throws: SafeTensorsError.self) { try fixture.run { $0.resumes = true } }
  }

  /// A state that cannot be written leaves the last one, and the run says so.
  @Test func olderStatesGoWhenTheNewOneIsThere() throws {
    let fixture = try Self.fixture()
    let (run, _) = try fixture.run(stop: 2)
    try run.run()
    let before = try Data(contentsOf: URL(filePath: run.files.state(2)))
    let (second, _) = try fixture.run { $0.resumes = true }
    // A folder stands in the way of the next state.
    try FileManager.default.createDirectory(atPath: second.files.state(4), withIntermediateDirectories: true)
    #expect(throws: SafeTensorsError.self) { try second.run() }
    #expect(try Data(contentsOf: URL(filePath: run.files.state(2))) == before)
  }

  @Test func earlierRunsAreNotOverwritten() throws {
    var fixture = try Self.fixture()
    fixture.cast.training.steps = 2
    let (run, events) = try fixture.run()
    try run.run()
    expectError("is of an earlier run", "--resume", "--force") { try fixture.run() }
    try FileManager.default.removeItem(atPath: run.files.state(2))
    expectError(events.paths[0], "is of an earlier run") { try fixture.run() }
    // So is a checkpoint alone, which that of the same step would replace.
    let checkpoint = run.files.lora(0, step: 1)
    try FileManager.default.moveItem(atPath: events.paths[0], toPath: checkpoint)
    expectError(checkpoint, "is of an earlier run") { try fixture.run() }
    let (again, told) = try fixture.run { $0.replaces = true }
    try again.run()
    #expect(told.losses == events.losses)
    // The name and beginning of a run survive resumes.
    fixture.cast.training.steps = 3
    let (resumed, _) = try fixture.run {
      ($0.resumes, $0.session, $0.now) = (true, "other", { 99 })
    }
    #expect(resumed.session == again.session && resumed.started == again.started)
  }

  @Test func checkpointsAreKeptAsManyAsAsked() throws {
    var fixture = try Self.fixture()
    (fixture.cast.output.every, fixture.cast.output.keep, fixture.cast.network.mode) = (1, 2, .separate)
    fixture.cast.characters[1].name = "Kon/rad"
    let (run, events) = try fixture.run()
    try run.run()
    #expect(try run.files.checkpoints().map(\.step) == [4, 4, 5, 5])
    #expect(events.paths == ["Konrad", "Kon-rad"].map { fixture.folder.path("out/cast-\($0).safetensors") })
    for path in events.paths { #expect(FileManager.default.fileExists(atPath: path)) }
  }
}
