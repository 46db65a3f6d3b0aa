import Foundation
import SafeTensors
import Testing

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// Runs that are killed or interrupted, and go on as if nothing had been.
@Suite(.serialized) struct TrainKillTests {
  /// A run that has begun.
  private struct Started {
    let process: Process
    let output: String

    init(_ fixture: TrainFixture, _ arguments: [String]) throws {
      output = fixture.path("stdout")
      process = Process()
      process.executableURL = try CommandLineHarness.program()
      process.arguments = ["train", fixture.path("cast.toml")] + arguments
      process.environment = ProcessInfo.processInfo.environment.merging(fixture.environment) { $1 }
      try Data().write(to: URL(filePath: output))
      process.standardOutput = try FileHandle(forWritingTo: URL(filePath: output))
      process.standardError = FileHandle.nullDevice
      try process.run()
    }

    /// Waits until something is so, at most two minutes.
    func wait(until isSo: () -> Bool) throws {
      for _ in 0..<12_000 where process.isRunning && !isSo() { usleep(10_000) }
      try #require(isSo(), "\(text)")
    }

    func send(_ signal: Int32) { kill(process.processIdentifier, signal) }

    var text: String { (try? String(contentsOfFile: output, encoding: .utf8)) ?? "" }
  }

  private func states(_ fixture: TrainFixture) -> [String] {
    fixture.output().filter { $0.hasSuffix(".state.safetensors") }
  }

  /// The number in a state's name; 0 where there is none.
  private func steps(of state: String) -> Int { Int(state.dropFirst("cast-step".count).prefix(8)) ?? 0 }

  /// The last step in the log.
  private func logged(_ fixture: TrainFixture) -> Int {
    let line = (try? fixture.log())?.last { $0.hasPrefix("{\"event\":\"step\"") } ?? ""
    return Int(line.dropFirst("{\"event\":\"step\",\"step\":".count).prefix { $0.isNumber }) ?? 0
  }

  private let oneByOne = ("every = 0", "every = 0\nstate_every = 1\ntensorboard = false")

  @Test func killedAtAnyMomentARunComesToTheSameEnd() throws {
    try TrainFixture.make { fixture in
      try fixture.write(("steps = 2", "steps = 30\nvalidation = 0.4\nvalidation_every = 7"), oneByOne)
      #expect(try fixture.train().status == 0)
      let (wanted, log) = (try fixture.tensors("output/cast.safetensors"), try fixture.log())
      try FileManager.default.removeItem(atPath: fixture.path("output"))

      var random = UInt64(20)
      func draw(_ count: UInt64) -> UInt64 {
        random = random &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return (random >> 33) % count
      }
      var killed = 0
      for _ in 0..<20 {
        let resumed = steps(of: states(fixture).last ?? "")
        let run = try Started(fixture, states(fixture).isEmpty ? [] : ["--resume"])
        // At once, while it starts, or some moment after one or two more steps.
        let more = Int(draw(3))
        while more > 0, run.process.isRunning, logged(fixture) < resumed + more { usleep(2000) }
        usleep(UInt32(more == 0 ? draw(500_000) : draw(60_000)))
        if run.process.isRunning { killed += 1 }
        run.send(SIGKILL)
        run.process.waitUntilExit()
        #expect(states(fixture).count <= 2, "a new state stands before the old one goes")
        if FileManager.default.fileExists(atPath: fixture.path("output/cast.safetensors")) { break }
      }
      #expect(killed > 5)
      let last = try fixture.train(states(fixture).isEmpty ? [] : ["--resume"])
      #expect(last.status == 0, "\(last.error)")
      #expect(try fixture.tensors("output/cast.safetensors") == wanted)
      #expect(try fixture.log() == log)
      #expect(!fixture.output().contains { $0.hasSuffix(".part") }, "\(fixture.output())")
    }
  }

  @Test func leftoversOfTheDeadGoAndOthersStay() throws {
    try TrainFixture.make { fixture in
      try FileManager.default.createDirectory(
        atPath: fixture.path("output/cast-previews"), withIntermediateDirectories: true)
      // The number of a process that has ended, and of one that has not.
      let ended = try Started(fixture, ["--frobnicate"])
      ended.process.waitUntilExit()
      let (dead, alive) = (ended.process.processIdentifier, getpid())
      let gone = [
        "cast.safetensors.\(dead).part", "cast-step00000001.state.safetensors.\(dead).part",
        "cast-previews/step00000001.png.\(dead)-3.part",
      ]
      let kept = [
        "cast.safetensors.\(alive).part", "other.safetensors.\(dead).part", "cast.part", "cast.x.part",
        "castle.safetensors.\(dead).part", "cast.safetensors.\(dead).parts",
      ]
      for name in gone + kept { try fixture.put([1], "output/\(name)") }
      #expect(try fixture.train().status == 0)
      for name in gone { #expect(!FileManager.default.fileExists(atPath: fixture.path("output/\(name)")), "\(name)") }
      for name in kept { #expect(FileManager.default.fileExists(atPath: fixture.path("output/\(name)")), "\(name)") }
    }
  }

  @Test(arguments: [SIGINT, SIGTERM]) func interruptedARunKeepsItsState(signal: Int32) throws {
    try TrainFixture.make { fixture in
      try fixture.write(("steps = 2", "steps = 100000"))
      let run = try Started(fixture, [])
      try run.wait { (try? fixture.log().contains { $0.contains("\"event\":\"step\"") }) ?? false }
      run.send(signal)
      run.process.waitUntilExit()
      #expect(run.process.terminationReason == .exit && run.process.terminationStatus == 4)
      #expect(run.text.contains("interrupted after") && run.text.hasSuffix("Go on with --resume.\n"), "\(run.text)")
      let state = try #require(states(fixture).first)
      let done = steps(of: state)
      #expect(try fixture.log().last?.contains("\"event\":\"end\",\"step\":\(done),\"finished\":false") == true)
      #expect(!fixture.output().contains("cast.safetensors"))
      let result = try fixture.train("--resume", "--steps", "\(done + 1)", "--json")
      let json = try result.json()
      #expect(result.status == 0 && json["first_step"] as? Int == done && json["steps"] as? Int == done + 1)
      #expect(try fixture.log().count { $0.contains("\"event\":\"end\"") } == 1)
    }
  }

  @Test func interruptedTwiceItEndsAtOnce() throws {
    try TrainFixture.make { fixture in
      // A step that takes longer than the test waits.
      try fixture.write(("steps = 2", "steps = 9\naccumulation = 512"))
      let run = try Started(fixture, [])
      try run.wait { fixture.output().contains("cast.log.jsonl") }
      usleep(500_000)
      run.send(SIGINT)
      usleep(200_000)
      #expect(run.process.isRunning)
      run.send(SIGINT)
      run.process.waitUntilExit()
      #expect(run.process.terminationStatus == 128 + SIGINT && states(fixture).isEmpty)
    }
  }

  @Test func aPreviewThatWasInterruptedIsDrawnLater() throws {
    try TrainFixture.make { fixture in
      let preview = "[preview]\nevery = 2\nprompts = [\"{trigger}\"]\nsteps = "
      try fixture.write(("[output]", "\(preview)900\n[output]"), ("every = 0", "every = 0\ntensorboard = false"))
      let run = try Started(fixture, ["--steps", "3"])
      try run.wait { (try? fixture.log().contains { $0.contains("\"event\":\"step\",\"step\":2") }) ?? false }
      run.send(SIGINT)
      run.process.waitUntilExit()
      #expect(run.process.terminationStatus == 4, "\(run.text)")
      #expect(states(fixture) == ["cast-step00000002.state.safetensors"])
      let picture = fixture.path("output/cast-previews/step00000002.png")
      #expect(!FileManager.default.fileExists(atPath: picture))
      try fixture.write(("[output]", "\(preview)1\n[output]"), ("every = 0", "every = 0\ntensorboard = false"))
      #expect(try fixture.train("--resume", "--steps", "3").status == 0)
      #expect(FileManager.default.fileExists(atPath: picture))
      #expect(try fixture.log().contains("{\"event\":\"preview\",\"step\":2,\"files\":[\"step00000002.png\"]}"))
    }
  }
}
