import Foundation
import SafeTensors
import Testing
import Trainer

@Suite struct RunLogTests {
  private static func text(_ path: String) throws -> String { try String(contentsOfFile: path, encoding: .utf8) }

  /// What a run writes at a step.
  private static func write(_ steps: ClosedRange<Int>, to log: RunLog) throws {
    for step in steps {
      try log.write(.step(step, loss: 1 / Double(step), characters: ["Konrad": 0.5, "Aya": 2], rate: 1e-4))
      if step.isMultiple(of: 2) { try log.write(.checkpoint(step, files: ["cast-\(step).safetensors"])) }
    }
  }

  @Test func everyEventHasItsKeys() throws {
    let entries: [RunLogEntry] = [
      RunLogEntry(.start, step: 0, ["seed": 1, "troupe": "0.1.0", "resumed": false, "sizes": [512, 1.5, .null]]),
      .step(1, loss: .nan, losses: ["target": 0.5], characters: ["Li\"sar": -.infinity], rate: 0.0001, gradientNorm: 2),
      .step(2, loss: 1, rate: 1),
      .validation(2, loss: 0.25, characters: ["A": 0.25]),
      .leak(2, characters: ["A", "B"], matrix: [[1, 0.5], [0.25, 1]]),
      .preview(2, files: ["a.png"]), .checkpoint(2, files: ["a.safetensors", "b.safetensors"]),
      .earlyStop(3, character: "A", bestStep: 1, bestLoss: 0.125),
      RunLogEntry(.end, step: 4, ["rest": -7]),
    ]
    let expected = #"""
      {"event":"start","step":0,"seed":1,"troupe":"0.1.0","resumed":false,"sizes":[512,1.5,null]}
      {"event":"step","step":1,"loss":null,"losses":{"target":0.5},"characters":{"Li\"sar":null},"rate":0.0001,"gradient_norm":2.0}
      {"event":"step","step":2,"loss":1.0,"losses":{},"characters":{},"rate":1.0,"gradient_norm":null}
      {"event":"validation","step":2,"loss":0.25,"characters":{"A":0.25}}
      {"event":"leak","step":2,"characters":["A","B"],"matrix":[[1.0,0.5],[0.25,1.0]]}
      {"event":"preview","step":2,"files":["a.png"]}
      {"event":"checkpoint","step":2,"files":["a.safetensors","b.safetensors"]}
      {"event":"early-stop","step":3,"character":"A","best_step":1,"best_loss":0.125}
      {"event":"end","step":4,"rest":-7}
      """#
    #expect(entries.map(\.line).joined(separator: "\n") == expected)
    #expect(Set(entries.map(\.event)) == Set(RunLogEntry.Event.allCases))
  }

  @Test func aResumedLogIsThatOfAnUninterruptedRun() throws {
    let folder = try TemporaryFolder()
    let whole = try RunLog(path: folder.path("whole.jsonl"))
    try Self.write(1...9, to: whole)
    try whole.write(RunLogEntry(.end, step: 9))
    let expected = try Self.text(whole.path)

    let path = folder.path("log.jsonl")
    do { try Self.write(1...6, to: RunLog(path: path)) }
    // Killed in the middle of a line, with a state of step 4.
    try Data((try Self.text(path) + #"{"event":"step","st"#).utf8).write(to: URL(filePath: path))
    do {
      let log = try RunLog(path: path, resumingAfter: 4)
      try Self.write(5...9, to: log)
      try log.write(RunLogEntry(.end, step: 9))
      try log.sync()
    }
    #expect(try Self.text(path) == expected)

    // A run that is made longer goes on where it ended.
    do { try Self.write(10...11, to: RunLog(path: path, resumingAfter: 9)) }
    let lines = try Self.text(path).split(separator: "\n")
    #expect(lines.count == 11 + 5 && !lines.contains { $0.contains("\"end\"") })
    // A run that begins anew leaves nothing of the old one.
    _ = try RunLog(path: path, resumingAfter: -1)
    #expect(try Self.text(path).isEmpty)
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted() == ["log.jsonl", "whole.jsonl"])
  }

  @Test func tornLinesAreEnded() throws {
    let folder = try TemporaryFolder()
    try folder.write("{\"event\":\"step\",\"step\":1}\n{\"event\":\"st", to: "a.jsonl")
    try RunLog(path: folder.path("a.jsonl")).write(.preview(2, files: []))
    #expect(
      try Self.text(folder.path("a.jsonl"))
        == "{\"event\":\"step\",\"step\":1}\n{\"event\":\"st\n{\"event\":\"preview\",\"step\":2,\"files\":[]}\n")

    // A line that lacks nothing but its end is whole.
    try folder.write("{\"event\":\"step\",\"step\":1}\n{\"event\":\"step\",\"step\":2}", to: "b.jsonl")
    try RunLog(path: folder.path("b.jsonl"), resumingAfter: 2).write(.preview(3, files: []))
    #expect(try Self.text(folder.path("b.jsonl")).split(separator: "\n").count == 3)
  }

  @Test(arguments: ["", "\n", "note\n{\"step\":\"x\"}\n[9]\n", "{\"event\":\"step\",\"step\":3}\n"])
  func whatIsNotOfLaterStepsStays(text: String) throws {
    let folder = try TemporaryFolder()
    try folder.write(text, to: "log.jsonl")
    _ = try RunLog(path: folder.path("log.jsonl"), resumingAfter: 3)
    #expect(try Self.text(folder.path("log.jsonl")) == text)
  }

  @Test func aResumedRunMayHaveNoLog() throws {
    let folder = try TemporaryFolder()
    try RunLog(path: folder.path("log.jsonl"), resumingAfter: 3).write(RunLogEntry(.start, step: 3))
    #expect(try Self.text(folder.path("log.jsonl")) == "{\"event\":\"start\",\"step\":3}\n")
  }

  @Test func failuresNameTheFile() throws {
    let error = #expect(throws: SafeTensorsError.self) { try RunLog(path: "/nowhere/log.jsonl") }
    #expect(error?.rule == .cannotWrite && error?.description.contains("/nowhere/log.jsonl") == true)
  }
}
