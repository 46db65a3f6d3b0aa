import Foundation
import Testing

/// `troupe merge` with methods, weights of layers, recipes and dry runs, as a user runs it.
@Suite struct MergeCommandTests {
  private let files = ["konrad", "lisar"].map(CommandLineHarness.file)

  private func merge(_ arguments: [String]) throws -> CommandLineHarness.Result {
    try CommandLineHarness.run(["merge"] + arguments)
  }

  @Test(arguments: [
    "average", "slerp", "nuslerp", "ties", "dare", "dare-ties", "della", "breadcrumbs", "sce", "magnitude-prune", "tsv",
    "knots-ties", "iso-c", "iso-cts", "np", "orthogonalise", "wudi", "kohya-compat",
  ]) func everyMethodWritesWhatItSays(method: String) throws {
    try CommandLineHarness.scratch { folder in
      let result = try merge(
        files + [
          "--method", method, "--output", "\(folder)/x.safetensors", "--json", "--verify", "--tolerance", "1e-3",
        ])
      // F16 factors: about 3e-4 of the result is lost to rounding.
      #expect(result.status == 0, "\(result.error)")
      let json = try result.json()
      #expect(json["method"] as? String == method && json["modules"] as? Int == 6)
      let survival = try #require(json["survival"] as? [[String: Any]])
      #expect(survival.count == 2)
      for row in survival {
        #expect(
          Set(row.keys).isSuperset(of: ["name", "strength", "kept", "kept_in_sum", "disturbed", "disturbed_in_sum"]))
      }
    }
  }

  @Test func denseElementsAreCutToTheRank() throws {
    try CommandLineHarness.scratch { folder in
      let result = try merge(
        files + [
          "--method", "ties", "--space", "dense", "--rank", "8", "--output", "\(folder)/x.safetensors", "--json",
          "--no-survival",
        ])
      #expect(result.status == 0, "\(result.error)")
      let json = try result.json()
      // What was one direction is spread over the whole layer, so a cut loses much of it.
      #expect(try #require(json["discarded_energy"] as? Double) > 0.05)
      #expect(json["survival"] == nil)
    }
  }

  /// As PEFT's `ties` does it; its `ties_svd` is the dense space.
  @Test func factorsKeepOneRank() throws {
    try CommandLineHarness.scratch { folder in
      let arguments = ["--method", "ties", "--space", "factors", "--output", "\(folder)/x.safetensors", "--json"]
      let json = try merge(files + arguments).json()
      let rank = try #require(json["rank"] as? [String: Int])
      // Both files have rank 4, and so has what is made of their factors.
      #expect(rank["min"] == 4 && rank["max"] == 4)
    }
  }

  @Test func concatMeasuresSurvivalOnlyWhenAsked() throws {
    try CommandLineHarness.scratch { folder in
      let output = ["--output", "\(folder)/x.safetensors", "--json", "--force"]
      #expect(try merge(files + output).json()["survival"] == nil)
      let rows = try #require(try merge(files + output + ["--survival"]).json()["survival"] as? [[String: Any]])
      for row in rows {
        let (kept, sum) = (row["kept"] as? Double, row["kept_in_sum"] as? Double)
        // The file is the plain sum, but for F16.
        #expect(abs((kept ?? 0) - (sum ?? 1)) < 1e-3)
      }
    }
  }

  /// concat is the plain sum, whatever the weights: the two columns must agree.
  @Test func thePlainSumHasTheWeightsThatWereApplied() throws {
    try CommandLineHarness.scratch { folder in
      let json = try merge(
        ["\(files[0]):0.8", files[1], "--output", "\(folder)/x.safetensors", "--json", "--survival"] + [
          "--lambda", "0.5", "--layers", "1:unet.**.attn1.**=0.25", "--exclude", "unet.**.attn2.to_q",
        ]
      ).json()
      let rows = try #require(json["survival"] as? [[String: Any]])
      for row in rows {
        let (kept, sum) = (try #require(row["kept"] as? Double), try #require(row["kept_in_sum"] as? Double))
        // F16 factors.
        #expect(abs(kept - sum) < 1e-3)
        #expect(kept < 0.6, "λ is a half")
      }
      let overlaps = try #require(json["overlaps"] as? [[String: Any]])
      #expect(overlaps.count == 1)
      for side in ["before", "after"] {
        let shared = try #require(overlaps[0][side] as? [String: Any])
        #expect(Set(shared.keys) == ["cosine", "omega_in", "omega_out"])
      }
      // Before is what diagnose says.
      let diagnosis = try CommandLineHarness.run(["diagnose"] + files + ["--no-angles", "--json"]).json()
      let total = try #require((diagnosis["pairs"] as? [[String: Any]])?.first?["total"] as? [String: Any])
      let before = try #require(overlaps[0]["before"] as? [String: Any])
      let difference = try #require(before["cosine"] as? Double) - (try #require(total["cosine"] as? Double))
      // The same sums, over panels with another LoRA beside them.
      #expect(abs(difference) < 1e-6)
    }
  }

  @Test func layersCanBeLeftOutAndWeighed() throws {
    try CommandLineHarness.scratch { folder in
      let output = ["--output", "\(folder)/x.safetensors", "--json", "--force"]
      #expect(try merge(files + output + ["--exclude", "unet.**.attn1.**"]).json()["modules"] as? Int == 3)
      let halved = try merge(
        files + output + ["--layers", "1:unet.**=0.5", "--survival"]
      ).json()
      let rows = try #require(halved["survival"] as? [[String: Any]])
      let whole = try #require(try merge(files + output + ["--survival"]).json()["survival"] as? [[String: Any]])
      // Half of the first is missing from what the file keeps of it.
      let difference = try #require(whole[0]["kept"] as? Double) - (try #require(rows[0]["kept"] as? Double))
      #expect(abs(difference - 0.5) < 1e-3)
    }
  }

  @Test func aRecipeIsCarriedOutAndKept() throws {
    try CommandLineHarness.scratch { folder in
      let recipe = """
        method = "tsv"
        rank = 4
        output = "cast.safetensors"
        [options]
        keep = 0.5
        [[source]]
        file = "\(files[0])"
        strength = 0.8
        [[source]]
        file = "\(files[1])"
        """
      try Data(recipe.utf8).write(to: URL(fileURLWithPath: "\(folder)/cast.toml"))
      let dry = try merge(["--recipe", "\(folder)/cast.toml", "--dry-run"])
      #expect(dry.status == 0 && dry.output.contains("would write \(folder)/cast.safetensors: tsv, 6 layers, rank 4"))
      #expect(!FileManager.default.fileExists(atPath: "\(folder)/cast.safetensors"))
      let json = try merge(["--recipe", "\(folder)/cast.toml", "--json"]).json()
      #expect(json["method"] as? String == "tsv" && json["output"] as? String == "\(folder)/cast.safetensors")
      let raw = try CommandLineHarness.run(["inspect", "--raw", "\(folder)/cast.safetensors"]).output
      #expect(raw.contains("troupe.recipe_sha256") && raw.contains("\"keep\""))
      // The same recipe, the same bytes.
      let again = try merge(["--recipe", "\(folder)/cast.toml", "--json", "--force"]).json()
      #expect(json["hash"] as? String == again["hash"] as? String)
    }
  }

  @Test(arguments: [
    (["--method", "ties", "--gamma", "0.1"], "--gamma goes with --method breadcrumbs"),
    (["--method", "ties", "--density", "0"], "density is 0"),
    (["--method", "np", "--protect", "3"], "there are sources 1 to 2"),
    (["--method", "ties", "--space", "dense"], "needs --rank"),
    (["--method", "regmean"], "give their file with --covariances"),
    (["--method", "ties", "--covariances", "x.safetensors"], "--covariances goes with --method regmean"),
    (["--method", "nonsense"], "nonsense"),
    (["--layers", "3:te=1"], "from 1 to 2"),
    (["--layers", "1:lbw=1,2"], "12, 20 or 26 numbers"),
    (["--exclude", "unet.**.attn9.**"], "names no layer"),
    (["--recipe", "x.toml"], "name them here or there"),
    (["--tolerance", "0.1"], "goes with --verify"),
  ]) func badUsage(options: [String], sentence: String) throws {
    try CommandLineHarness.scratch { folder in
      let result = try merge(files + ["--output", "\(folder)/x.safetensors"] + options)
      #expect(result.status == 2 && result.error.contains(sentence), "\(result.status) \(result.error)")
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder).isEmpty)
    }
  }

  @Test func badRecipes() throws {
    try CommandLineHarness.scratch { folder in
      for (text, sentence, status) in [
        ("methd = \"ties\"\n[[source]]\nfile = \"a\"", "methd", Int32(3)),
        ("[options]\ngamma = 0.1\n[[source]]\nfile = \"\(files[0])\"", "--gamma goes with", 2),
        ("[[source]]\nfile = \"\(files[0])\"", "names no output", 2),
      ] {
        try Data(text.utf8).write(to: URL(fileURLWithPath: "\(folder)/r.toml"))
        let output = sentence == "names no output" ? [] : ["--output", "\(folder)/x.safetensors"]
        let result = try merge(["--recipe", "\(folder)/r.toml"] + output)
        #expect(result.status == status && result.error.contains(sentence), "\(result.status) \(result.error)")
      }
    }
  }

  /// Of an exceeded file size limit nothing is left, and the sources are as they were.
  @Test func aFullDiskLeavesNothing() throws {
    try CommandLineHarness.scratch { folder in
      let before = try Data(contentsOf: URL(fileURLWithPath: files[0]))
      let process = Process()
      process.executableURL = URL(fileURLWithPath: "/bin/sh")
      process.arguments = [
        "-c", "ulimit -f 20; exec \"$0\" merge \"$1\" \"$2\" --method tsv --output \"$3\"",
        try CommandLineHarness.program().path, files[0], files[1], "\(folder)/x.safetensors",
      ]
      process.standardOutput = FileHandle.nullDevice
      process.standardError = FileHandle.nullDevice
      try process.run()
      process.waitUntilExit()
      #expect(process.terminationReason == .exit && process.terminationStatus == 4)
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder).isEmpty)
      #expect(try Data(contentsOf: URL(fileURLWithPath: files[0])) == before)
    }
  }
}
