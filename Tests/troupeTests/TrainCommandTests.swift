import Foundation
import Images
import SafeTensors
import Testing

/// `train` as a user runs it, on a tiny model.
@Suite(.serialized) struct TrainCommandTests {
  /// The keys that scripts rely on; more may come, these stay.
  static let reportKeys: Set<String> = [
    "schema", "name", "model", "steps", "of", "finished", "first_step", "last_loss", "characters", "leak", "files",
    "previews", "seconds", "seconds_per_step", "layers",
  ]

  @Test func aWholeRunAsText() throws {
    try TrainFixture.make { fixture in
      try fixture.write(
        ("steps = 2", "steps = 4\nvalidation = 0.4"), ("rank = 2", "rank = 64\nmode = \"separate\""),
        ("[output]", "[preview]\nevery = 4\nsteps = 1\nleak_every = 4\n[output]"), ("every = 0", "every = 3"))
      let result = try fixture.train()
      #expect(result.status == 0 && result.error.isEmpty, "\(result.error)")
      for text in [
        "note: rank = 64 is above the full rank of every layer, 16 at most", "step 3: saved\n",
        "cast-Li-sar-step00000003.safetensors", "step 4: held-out loss Konrad ", "step 4: leak at most ",
        "step 4: preview ", "cast: trained 4 of 4 steps in ", "held-out loss", "leak: what each trigger does",
      ] {
        #expect(result.output.contains(text), "\(text) in \(result.output)")
      }
      #expect(!result.output.contains("\u{1B}"))
      let long = result.output.split(separator: "\n").filter { $0.count > 80 && !$0.contains(fixture.folder) }
      #expect(long.isEmpty, "all but paths fits 80 columns: \(long)")
      #expect(
        fixture.output().filter { !$0.hasSuffix("tensorboard") } == [
          "cast-Konrad-step00000003.safetensors", "cast-Konrad.safetensors", "cast-Li-sar-step00000003.safetensors",
          "cast-Li-sar.safetensors", "cast-previews", "cast-step00000004.state.safetensors", "cast.log.jsonl",
        ])
      let sheet = try Picture(contentsOf: fixture.path("output/cast-previews/step00000004.png"))
      // Two columns and three rows of pictures of 64 pixels.
      #expect(sheet.width > 128 && sheet.height > 192)
      let events = try FileManager.default.contentsOfDirectory(atPath: fixture.path("output/cast-tensorboard"))
      #expect(events.count == 1 && events[0].hasPrefix("events.out.tfevents."))
      #expect(
        try fixture.log().map { $0.prefix(22) }
          == [
            "{\"event\":\"start\",\"step\"", "{\"event\":\"step\",\"step\":", "{\"event\":\"step\",\"step\":",
            "{\"event\":\"step\",\"step\":", "{\"event\":\"checkpoint\",\"", "{\"event\":\"step\",\"step\":",
            "{\"event\":\"validation\",\"", "{\"event\":\"leak\",\"step\":", "{\"event\":\"preview\",\"ste",
            "{\"event\":\"end\",\"step\":4",
          ].map { $0.prefix(22) })
    }
  }

  @Test func asJSON() throws {
    try TrainFixture.make { fixture in
      try fixture.write(
        ("steps = 2", "steps = 2\nvalidation = 0.4"),
        ("[output]", "[preview]\nevery = 2\nsteps = 1\nleak_every = 2\n[output]"))
      let result = try fixture.train("--json")
      #expect(result.status == 0 && result.error.isEmpty, "\(result.error)")
      let json = try result.json()
      #expect(Set(json.keys).isSuperset(of: Self.reportKeys))
      #expect(json["schema"] as? Int == 1 && json["steps"] as? Int == 2 && json["of"] as? Int == 2)
      #expect(json["finished"] as? Bool == true && json["first_step"] as? Int == 0 && json["layers"] as? Int == 21)
      #expect(json["files"] as? [String] == [fixture.path("output/cast.safetensors")])
      #expect((json["previews"] as? [String])?.count == 1)
      let characters = try #require(json["characters"] as? [[String: Any]])
      #expect(characters.map { $0["name"] as? String } == ["Konrad", "Li'sar"])
      for character in characters {
        #expect(
          Set(character.keys).isSuperset(of: [
            "name", "trigger", "samples", "loss", "held_out_loss", "stopped_at_best",
          ]))
        #expect(character["stopped_at_best"] is NSNull)
      }
      // Of two pictures none can be held out, of three one.
      #expect(characters[0]["held_out_loss"] is Double && characters[1]["held_out_loss"] is NSNull)
      let leak = try #require(json["leak"] as? [String: Any])
      #expect(Set(leak.keys) == ["characters", "matrix", "generic"])
      #expect((leak["matrix"] as? [[Double]])?.map(\.count) == [2, 2])
      // What was done before is not measured again.
      let again = try fixture.train("--resume", "--json").json()
      #expect(again["first_step"] as? Int == 2 && again["last_loss"] is NSNull && again["leak"] is NSNull)
    }
  }

  @Test func dryRun() throws {
    try TrainFixture.make { fixture in
      try fixture.write(("steps = 2", "steps = 20"))
      let result = try fixture.train("--dry-run")
      #expect(result.status == 0 && result.error.isEmpty, "\(result.error)")
      for text in ["20 steps of 2 samples, one LoRA", "reg 1boy with Konrad", "sizes (samples): "] {
        #expect(result.output.contains(text), "\(text) in \(result.output)")
      }
      #expect(result.output.split(separator: "\n").allSatisfy { $0.count <= 80 })
      let json = try fixture.train("--dry-run", "--json", "--batch", "4").json()
      #expect(
        Set(json.keys).isSuperset(of: [
          "schema", "model", "mode", "steps", "batch", "accumulation", "passes", "sources", "sizes", "held_out",
          "notes",
        ]))
      #expect(json["schema"] as? Int == 1 && json["batch"] as? Int == 4)
      let sources = try #require(json["sources"] as? [[String: Any]])
      #expect(sources.map { $0["kind"] as? String } == ["character", "character", "regularization"])
      for source in sources {
        #expect(
          Set(source.keys).isSuperset(of: [
            "name", "kind", "pictures", "samples", "steps", "longest_gap", "fewest_uses", "most_uses",
          ]))
      }
      #expect(sources.reduce(0) { $0 + ($1["samples"] as? Int ?? 0) } == 80)
      let sizes = try #require(json["sizes"] as? [[String: Any]])
      for size in sizes { #expect(Set(size.keys) == ["width", "height", "samples"]) }
      #expect(fixture.output().isEmpty && !FileManager.default.fileExists(atPath: fixture.path("cache")))
    }
  }

  @Test func optionsStandAboveTheCast() throws {
    try TrainFixture.make { fixture in
      let result = try fixture.train(
        "--steps", "1", "--batch", "1", "--rank", "3", "--learning-rate", "0.5", "--seed", "9", "--name", "other",
        "-o", fixture.path("elsewhere"), "--no-cache", "--json")
      #expect(result.status == 0, "\(result.error)")
      #expect(fixture.output().isEmpty && !FileManager.default.fileExists(atPath: fixture.path("cache")))
      let file = try SafeTensorsFile(path: fixture.path("elsewhere/other.safetensors"))
      #expect(file.header.metadata["ss_network_dim"] == "3" && file.header.metadata["ss_network_alpha"] == "3.0")
      #expect(file.header.metadata["ss_seed"] == "9" && file.header.metadata["ss_steps"] == "1")
    }
  }

  @Test func sdScriptsDatasets() throws {
    try TrainFixture.make { fixture in
      try FileManager.default.createDirectory(atPath: fixture.path("train"), withIntermediateDirectories: true)
      try FileManager.default.copyItem(atPath: fixture.path("konrad"), toPath: fixture.path("train/2_konrad 1boy"))
      let arguments = [
        "train", "--dataset-config", fixture.path("train"), "--resolution", "64", "--caption-extension", ".txt",
        "--model", "\(TrainFixture.models)/sd1", "--steps", "1", "--precision", "f32", "-o", fixture.path("output"),
        "--json",
      ]
      let result = try CommandLineHarness.run(arguments, environment: fixture.environment)
      #expect(result.status == 0, "\(result.error)")
      #expect(try result.json()["files"] as? [String] == [fixture.path("output/lora.safetensors")])
      let plan = try CommandLineHarness.run(arguments + ["--dry-run"], environment: fixture.environment).json()
      #expect((plan["sources"] as? [[String: Any]])?.map { $0["pictures"] as? Int } == [3])
    }
  }

  @Test func helpNamesEveryOption() throws {
    let help = try CommandLineHarness.run(["train", "--help"]).output
    for option in [
      "--dry-run", "--resume", "--force", "--processes", "--device", "--cache", "--no-cache", "--json", "--model",
      "--steps", "--batch", "--rank", "--learning-rate", "--seed", "--precision", "--output", "--name",
      "--dataset-config", "--reg", "--resolution", "--caption-extension", "--enable-bucket", "docs/cast.md",
    ] {
      #expect(help.contains(option), "\(option)")
    }
  }
}
