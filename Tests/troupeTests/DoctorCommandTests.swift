import Foundation
import Testing

/// `doctor`, and what works without what it looks for.
@Suite struct DoctorCommandTests {
  private static let nothing = [
    "TROUPE_ENGINE": "/nonexistent", "TROUPE_VIPS": "/nonexistent", "TROUPE_VOCABULARY": "/nonexistent",
    "COLUMNS": "80",
  ]

  @Test func everythingMissingIsNamedWithItsRemedy() throws {
    let result = try CommandLineHarness.run(["doctor"], environment: Self.nothing)
    #expect(result.status == 0 && result.error.isEmpty)
    for text in ["unset TROUPE_ENGINE", "unset TROUPE_VIPS", "scripts/fetch-vocabulary", "Missing: 3 of 3"] {
      #expect(result.output.contains(text), "\(result.output)")
    }
    for line in result.output.split(separator: "\n") { #expect(line.count <= 80, "\(line)") }
  }

  @Test(arguments: [("missing", 1), ("engine", 1), ("pictures", 1), ("vocabulary", 1), ("nonsense", 2)])
  func missingThingsFailOnlyWhenAsked(name: String, status: Int) throws {
    let result = try CommandLineHarness.run(["doctor", "--fail-on", name], environment: Self.nothing)
    #expect(result.status == Int32(status))
  }

  @Test func whatIsThereDoesNotFail() throws {
    let result = try CommandLineHarness.run(["doctor", "--json", "--fail-on", "engine", "pictures"])
    #expect(result.status == 0, "\(result.output)")
    let json = try result.json()
    let engine = try #require(json["engine"] as? [String: Any])
    #expect((engine["devices"] as? [String])?.last == "cpu")
    #expect((engine["version"] as? String)?.contains(".") == true)
    #if os(Linux)
    #expect((engine["libtorch"] as? String)?.contains("libtorch_cpu") == true)
    #endif
    #expect((json["readable"] as? [String])?.contains("png") == true)
    #expect((json["machine"] as? [String: Any])?["cores"] as? Int ?? 0 >= 1)
    #expect((json["checks"] as? [[String: Any]])?.count == 3)
  }

  /// Commands without a model never open libtorch or libvips: they work where there is neither.
  @Test(arguments: [
    ["inspect", "konrad"], ["inspect", "konrad", "--json"], ["diagnose", "konrad", "lisar", "--no-angles"],
  ]) func commandsWithoutAModelNeedNoEngine(arguments: [String]) throws {
    let own = arguments.map { ["konrad", "lisar"].contains($0) ? CommandLineHarness.file($0) : $0 }
    let result = try CommandLineHarness.run(own, environment: Self.nothing)
    #expect(result.status == 0 && result.error.isEmpty)
  }

  /// It is not even mapped: the program is not linked to it.
  @Test func theProgramIsNotLinkedToTheEngine() throws {
    let program = try Data(contentsOf: CommandLineHarness.program())
    for name in ["libtorch_cpu.so", "libc10.so"] {
      #expect(program.range(of: Data(name.utf8)) == nil, "\(name)")
    }
  }
}
