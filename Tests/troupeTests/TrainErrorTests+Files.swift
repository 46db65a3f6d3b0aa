import Foundation
import Testing

/// Files that are in the way, missing or damaged, and disks that are full.
extension TrainErrorTests {
  @Test func anEarlierRunIsNeitherReplacedNorTakenForAnother() throws {
    try TrainFixture.make { fixture in
      let nothing = try fixture.train("--resume")
      expect(2, "holds no state of a run called cast to resume; leave --resume out", nothing, fixture)
      #expect(try fixture.train().status == 0)
      let made = fixture.output().filter { $0.hasSuffix(".safetensors") }
      #expect(made == ["cast-step00000002.state.safetensors", "cast.safetensors"])
      let before = try fixture.tensors("output/cast.safetensors")
      func refused(_ status: Int32, _ sentence: String, _ arguments: String...) throws {
        expect(status, sentence, try fixture.train(arguments), fixture, left: made)
        #expect(try fixture.tensors("output/cast.safetensors") == before)
      }
      try refused(2, "is of an earlier run; go on from it with --resume, replace it with --force, or set output.name")
      try refused(3, "other layers, ranks or characters", "--resume", "--rank", "4")
      try refused(3, "pictures, shares, batch, resolution or seed are not those", "--resume", "--seed", "5")
      try fixture.write(("steps = 2", "steps = 3\noptimizer = \"lion\""))
      try refused(3, "the state is of a run with optimizer = \"adamw\"", "--resume")
      try fixture.write(("steps = 2", "steps = 3"))
      try FileManager.default.removeItem(atPath: fixture.path("konrad/a.png"))
      try refused(3, "pictures, shares, batch, resolution or seed are not those", "--resume")
      // Without its state a LoRA alone is in the way.
      try FileManager.default.removeItem(atPath: fixture.path("output/cast-step00000002.state.safetensors"))
      expect(2, "cast.safetensors: is of an earlier run", try fixture.train(), fixture, left: ["cast.safetensors"])
      #expect(try fixture.train("--force").status == 0)
      #expect(try fixture.tensors("output/cast.safetensors") != before)
    }
  }

  @Test func aDamagedStateMakesRoomForNone() throws {
    try TrainFixture.make { fixture in
      #expect(try fixture.train().status == 0)
      let name = "output/cast-step00000002.state.safetensors"
      let whole = try Data(contentsOf: URL(filePath: fixture.path(name)))
      try fixture.put(whole.prefix(whole.count / 2), name)
      let result = try fixture.train("--resume", "--steps", "3")
      #expect(result.status == 3 && result.error.contains("cast-step00000002.state.safetensors"), "\(result.error)")
      // A LoRA under a state's name is none.
      try FileManager.default.removeItem(atPath: fixture.path(name))
      try FileManager.default.copyItem(atPath: fixture.path("output/cast.safetensors"), toPath: fixture.path(name))
      let other = try fixture.train("--resume", "--steps", "3")
      #expect(other.status == 3 && other.error.contains("is no state of a run"), "\(other.error)")
    }
  }

  @Test func folderThatCannotBeWritten() throws {
    try TrainFixture.make { fixture in
      // A file where a folder is needed stops even those whom no permission stops.
      try fixture.put([], "output")
      let result = try fixture.train()
      #expect(result.status == 4 && result.error.contains("output"), "\(result.error)")
      #expect(result.error.split(separator: "\n").count == 1)
    }
  }

  // MARK: - A full disk

  @Test func aFullDiskLeavesTheLastState() throws {
    try TrainFixture.make { fixture in
      #expect(try fixture.train("--rank", "16").status == 0)
      let state = "cast-step00000002.state.safetensors"
      let before = try fixture.tensors("output/\(state)")
      let program = try CommandLineHarness.program().path
      let process = Process()
      process.executableURL = URL(filePath: "/bin/bash")
      process.arguments = [
        "-c", "ulimit -f 64; exec \"$0\" train \"$1\" --rank 16 --resume --steps 4 2>\"$2\" >/dev/null", program,
        fixture.path("cast.toml"), fixture.path("error"),
      ]
      process.environment = ProcessInfo.processInfo.environment.merging(fixture.environment) { $1 }
      try process.run()
      process.waitUntilExit()
      let error = try String(contentsOfFile: fixture.path("error"), encoding: .utf8)
      #expect(process.terminationStatus == 4 && error.contains("cannot be written"), "\(error)")
      #expect(error.split(separator: "\n").count == 1)
      #expect(fixture.output().filter { $0.hasSuffix(".safetensors") } == [state, "cast.safetensors"])
      #expect(!fixture.output().contains { $0.hasSuffix(".part") })
      #expect(try fixture.tensors("output/\(state)") == before)
      #expect(try fixture.train("--rank", "16", "--resume", "--steps", "4").status == 0)
    }
  }
}
