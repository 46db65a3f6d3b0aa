import Testing
import Torch

@Suite("Ranks of processes") struct ProcessRankTests {
  static let complete = [
    "RANK": "1", "WORLD_SIZE": "4", "LOCAL_RANK": "0", "MASTER_ADDR": "host.example", "MASTER_PORT": "29500",
  ]

  @Test func theVariablesOfTorchrunAreRead() throws {
    let rank = try #require(try ProcessRank { Self.complete[$0] })
    #expect(rank.rank == 1 && rank.count == 4 && rank.localRank == 0)
    #expect(rank.masterAddress == "host.example" && rank.masterPort == 29500)
  }

  @Test(arguments: [nil, "", "1"]) func withoutOthersThereIsNoRank(size: String?) throws {
    #expect(try ProcessRank { $0 == "WORLD_SIZE" ? size : "nonsense" } == nil)
  }

  @Test(arguments: ["RANK", "LOCAL_RANK", "MASTER_ADDR", "MASTER_PORT"])
  func aMissingVariableIsNamed(name: String) throws {
    let error = try #require(throws: TorchError.self) {
      _ = try ProcessRank { $0 == name ? nil : Self.complete[$0] }
    }
    #expect(error.kind == .processes)
    #expect(error.message.hasPrefix("WORLD_SIZE is 4 but \(name) is not set"))
  }

  @Test(arguments: [
    ("WORLD_SIZE", "two", "WORLD_SIZE is \"two\", which is no whole number"), ("WORLD_SIZE", "0", "WORLD_SIZE is 0"),
    ("WORLD_SIZE", "-2", "WORLD_SIZE is -2"), ("RANK", "4", "RANK is 4: with a WORLD_SIZE of 4"),
    ("RANK", "-1", "RANK is -1"),
    ("RANK", "1.0", "RANK is \"1.0\""), ("LOCAL_RANK", "7", "LOCAL_RANK is 7"),
    ("MASTER_PORT", "0", "MASTER_PORT is 0"),
    ("MASTER_PORT", "65535", "MASTER_PORT is 65535"), ("MASTER_PORT", "http", "MASTER_PORT is \"http\""),
  ])
  func nonsenseIsRefused(name: String, value: String, text: String) throws {
    let error = try #require(throws: TorchError.self) {
      _ = try ProcessRank { $0 == name ? value : Self.complete[$0] }
    }
    #expect(error.kind == .processes)
    #expect(error.message.hasPrefix(text))
  }
}
