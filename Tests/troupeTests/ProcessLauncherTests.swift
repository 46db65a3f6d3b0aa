import Foundation
import Testing

@testable import troupe

// One launcher at a time: signals belong to the process. Those that read its output run it in a process of their own.
@Suite("Launching processes", .serialized, .timeLimit(.minutes(2))) struct ProcessLauncherTests {
  /// Runs `script` in a shell as every rank.
  static func run(_ count: Int, _ script: String) -> Int32 {
    ProcessLauncher.run(count: count, program: "/bin/sh", arguments: ["-c", script])
  }

  @Test func everyRankFindsItsPlaceInItsEnvironment() throws {
    try CommandLineHarness.scratch { folder in
      let code = Self.run(
        3, "echo $RANK $WORLD_SIZE $LOCAL_RANK $MASTER_ADDR $MASTER_PORT $TROUPE_THREADS > '\(folder)'/$RANK")
      #expect(code == 0)
      let lines = try (0..<3).map { rank in
        try String(contentsOfFile: "\(folder)/\(rank)", encoding: .utf8).split(separator: " ").map(String.init)
      }
      for (rank, words) in lines.enumerated() {
        #expect(words.count == 6)
        #expect(words.prefix(4) == ["\(rank)", "3", "\(rank)", "127.0.0.1"])
        #expect(words[4] == lines[0][4])
        #expect((1...65534).contains(try #require(Int(words[4]))))
      }
    }
  }

  @Test(arguments: [("8", 2, "4"), ("8", 3, "2"), ("1", 4, "1")])
  func threadsAreDivided(threads: String, count: Int, share: String) {
    let found = ProcessLauncher.variables(rank: 0, of: count, port: 1, in: ["TROUPE_THREADS": threads])
    #expect(found["TROUPE_THREADS"] == share)
  }

  @Test(arguments: [nil, "many", "0"]) func withoutANumberTheCoresAreDivided(threads: String?) {
    var environment: [String: String] = [:]
    environment["TROUPE_THREADS"] = threads
    let found = ProcessLauncher.variables(rank: 0, of: 2, port: 1, in: environment)
    #expect(found["TROUPE_THREADS"] == "\(max(1, ComputeOptions.cores / 2))")
  }

  @Test func oneFailureEndsTheOthersAndIsReturned() {
    let start = ContinuousClock.now
    #expect(Self.run(3, "if [ $RANK = 1 ]; then exit 7; fi; exec sleep 60") == 7)
    #expect(ContinuousClock.now - start < .seconds(30))
  }

  @Test func aSignalIsTheExitCodeOfAShell() {
    #expect(Self.run(2, "if [ $RANK = 0 ]; then kill -KILL $$; fi; exec sleep 60") == 128 + SIGKILL)
  }

  @Test func aProgramThatIsNotThereIsAnError() {
    #expect(ProcessLauncher.run(count: 2, program: "/nonexistent/program", arguments: []) == 4)
  }

  @Test func outputIsThatOfRankZeroAndErrorsBearTheirRank() async throws {
    let result = await #expect(
      processExitsWith: .exitCode(5), observing: [\.standardOutputContent, \.standardErrorContent]
    ) {
      let code = ProcessLauncherTests.run(
        2,
        """
        echo out $RANK; echo err $RANK >&2
        if [ $RANK = 1 ]; then sleep 0.5; printf 'last words' >&2; exit 5; fi
        exec sleep 60
        """)
      exit(code)
    }
    let output = String(decoding: try #require(result).standardOutputContent, as: UTF8.self)
    let error = String(decoding: try #require(result).standardErrorContent, as: UTF8.self)
    #expect(output.contains("out 0") && !output.contains("out 1"))
    let lines = error.split(separator: "\n").map(String.init)
    #expect(lines.contains("err 0") && lines.contains("process 1: err 1"))
    #expect(lines.contains("process 1: last words"))
    #expect(lines.last == "process 1 of 2 ended with code 5; the others are ended too")
  }

  @Test(arguments: [SIGINT, SIGTERM]) func signalsReachEveryProcess(signal: Int32) async throws {
    await #expect(processExitsWith: .exitCode(9)) { [signal = signal as Int32] in
      let folder = FileManager.default.temporaryDirectory.appending(path: "troupe-signal-\(UUID().uuidString)")
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      defer { try? FileManager.default.removeItem(at: folder) }
      Thread.detachNewThread {
        // Until both can answer.
        while (0..<2).contains(where: { !FileManager.default.fileExists(atPath: folder.appending(path: "\($0)").path) })
        {
          Thread.sleep(forTimeInterval: 0.02)
        }
        kill(getpid(), signal)
      }
      let name = signal == SIGINT ? "INT" : "TERM"
      let code = ProcessLauncherTests.run(
        2,
        "trap 'echo caught >> \(folder.path)/$RANK; exit 9' \(name); touch \(folder.path)/$RANK; while :; do sleep 0.1; done"
      )
      let texts = try (0..<2).map { try String(contentsOf: folder.appending(path: "\($0)"), encoding: .utf8) }
      guard texts == ["caught\n", "caught\n"] else { exit(1) }
      exit(code)
    }
  }

  @Test func theOwnProgramIsAFile() throws {
    let path = try #require(ProcessLauncher.ownProgram())
    #expect(FileManager.default.isExecutableFile(atPath: path))
  }
}
