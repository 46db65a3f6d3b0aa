import Adapters
import Foundation
import Testing

@testable import troupe

@Suite("Inspect view")
struct InspectViewTests {
  @Test func wholeScreen() async throws {
    let lines = InspectView(try await InspectFixtures.inspection(), style: .plain, width: 80).lines()
    let expected = #"""
      mika.safetensors                                                         7.90 kB
      ────────────────────────────────────────────────────────────────────────────────

      What it is
        For             Stable Diffusion 1.x
        Kind            LoRA
        Layers          2: TE1 1, UNet 1
        Rank            1
        Alpha           0.5 (stored beside the weights); scale 0.5
        Stored as       F32, keys of kohya (diffusers layer names)
        AutoV2          f336f7e784
        AutoV3          93d76d61be0b ✓ as stored in the file

      How it was trained
        Title           mika_v1
        Base            animefull-final-pruned.safetensors
                        The name is that of NovelAI anime (SD 1.x).
        Trainer         kohya sd-scripts
        Network         lora, rank 1, alpha 0.5
        Length          900 of 1 500 steps, 6 of 10 epochs, batch size 2
        Learning rate   UNet 0.0001, text encoder 5e-05
        Optimizer       AdamW8bit (weight_decay = 0.1)
        Scheduler       cosine
        Noise, loss     noise offset 0.05
        Resolution      512×512
        Saved           2023-11-14 23:13 UTC after 1 h 0 min

      On what
        character  images  repeats  an epoch  share  in all  most frequent tags
        mika           30     × 10       300   67 %   1 800  1girl, mika_oc, red hair
        rin            30      × 5       150   33 %     900  1girl, rin_oc
        Likely trigger words
          mika_oc for 10_mika: in 30 of 30 captions of “10_mika” only
          rin_oc for 5_rin: in 30 of 30 captions of “5_rin” only
          mika for 10_mika: the image folder's name
          rin for 5_rin: the image folder's name

      Strength
        part  layers   ‖ΔW‖  effective rank  σ₁ share  energy
        TE1        1  12.00        1.0 of 1     100 %  ████████▌░ 85 %
        UNet       1   5.00        1.0 of 1     100 %  █▌░░░░░░░░ 15 %
        all        2  13.00        1.0 of 1     100 %

      ⚠ Saved at step 900 of 1500 planned (epoch 6 of 10): an intermediate save or an
        interrupted run, so the learning-rate schedule had not ended.
      """#
    #expect(lines.joined(separator: "\n") == expected)
  }

  @Test func headerOnly() async throws {
    let file = try await InspectFixtures.inspection(options: .headerOnly)
    let text = InspectView(file, style: .plain, width: 80).lines().joined(separator: "\n")
    #expect(text.contains("not computed (--hash)") && text.contains("not measured"))
    #expect(!text.contains("✓") && !text.contains("‖ΔW‖"))
  }

  @Test func controlCharactersStayOut() async throws {
    let evil = "a\u{1B}[2Jb\u{07}\u{202E}c\u{9B}d\r\ne"
    var metadata = InspectFixtures.metadata.mapValues { $0 }
    for key in [
      "ss_output_name", "ss_sd_model_name", "ss_optimizer", "ss_lr_scheduler", "modelspec.author",
      "ss_base_model_version",
    ] {
      metadata[key] = evil
    }
    metadata["ss_training_comment"] = "trigger word: \(evil)"
    metadata["ss_network_args"] = #"{"x": "\u001b[31m"}"#
    metadata["ss_dataset_dirs"] = #"{"10_\u001b[2J": {"n_repeats": 10, "img_count": 30}}"#
    metadata["ss_tag_frequency"] = #"{"10_\u001b[2J": {"\u001b]0;x\u0007": 30}}"#
    metadata[evil] = evil
    let options = InspectionOptions(listsLayers: true, keepsMetadata: true)
    try await InspectFixtures.withFile(metadata: metadata) { path in
      let file = try await Inspection.make(path: path, options: options)
      let view = InspectView(
        file, showsTags: true, showsModules: true, showsMetadata: true, style: .plain, width: 80)
      let comparison = try #require(InspectionDocument.comparison([file, file]))
      let lines = view.lines() + InspectComparisonView(comparison, style: .plain, width: 80).lines()
      for line in lines { #expect(Terminal.sanitised(line) == line) }
    }
  }

  @Test(arguments: [60, 80, 120])
  func nothingIsWiderThanTheTerminal(width: Int) async throws {
    let file = try await InspectFixtures.inspection(options: .init(listsLayers: true))
    let comparison = try #require(InspectionDocument.comparison([file, file, file, file, file]))
    let lines =
      InspectView(file, showsTags: true, showsModules: true, style: .plain, width: width).lines()
      + InspectComparisonView(comparison, style: .plain, width: width).lines()
    for line in lines { #expect(Terminal.columns(of: line) <= width, "\(line)") }
  }

  @Test func comparisonMarks() async throws {
    let first = try await InspectFixtures.inspection()
    let second = try await InspectFixtures.inspection(
      metadata: InspectFixtures.metadata.merging(["ss_lr_scheduler": "linear", "ss_noise_offset": "None"]) {
        $1
      })
    let comparison = try #require(InspectionDocument.comparison([first, second]))
    let lines = InspectComparisonView(comparison, style: .plain, width: 80).lines()
    #expect(
      lines.contains { $0.hasPrefix("≠ LR scheduler") && $0.contains("cosine") && $0.contains("linear") })
    #expect(lines.contains { $0.hasPrefix("≠ Noise offset") && $0.hasSuffix("not set") })
    let third = try await InspectFixtures.inspection(
      metadata: InspectFixtures.metadata.filter { $0.key != "ss_noise_offset" })
    let silent = try #require(InspectionDocument.comparison([first, third]))
    let more = InspectComparisonView(silent, style: .plain, width: 80).lines()
    #expect(more.contains { $0.hasPrefix("? Noise offset") && $0.hasSuffix("–") })
    #expect(lines.contains { $0.hasPrefix("  Optimizer ") })
    for question in ["Same base model?", "Same parameters?", "Same author?", "Same training run?"] {
      #expect(lines.contains { $0.hasPrefix(question) })
    }
    // Files that are no adapters have no recipe to compare.
    #expect(InspectionDocument.comparison([first]) == nil)
  }

  @Test func bars() {
    #expect(InspectView.bar(0) == "░░░░░░░░░░" && InspectView.bar(1) == "██████████")
    #expect(InspectView.bar(0.55) == "█████▌░░░░")
  }

  @Test func cells() {
    #expect(CellWrap.lines("one two three", width: 7) == ["one two", "three"])
    #expect(CellWrap.lines("abcdefghij", width: 4) == ["abcd", "efgh", "ij"])
    #expect(CellWrap.lines("a b c d e f", width: 3, limit: 2) == ["a b", "c …"])
  }
}

@Suite("Inspect command")
struct InspectCommandTests {
  @Test func json() async throws {
    try await InspectFixtures.withFile { path in
      let result = try CommandLineHarness.run([
        "inspect", "--json", "--modules", "--raw", path, "/nowhere.safetensors",
      ])
      #expect(result.status == 3 && result.error.hasPrefix("error: /nowhere.safetensors"))
      let document = try result.json()
      #expect(document["schema"] as? Int == 1)
      let errors = try #require(document["errors"] as? [[String: Any]])
      #expect(errors.count == 1 && Set(errors[0].keys) == ["path", "rule", "text"])
      let file = try #require((document["files"] as? [[String: Any]])?.first)
      #expect(file["kind"] as? String == "lora" && file["architecture"] as? String == "sd1")
      #expect((file["layers"] as? [[String: Any]])?.count == 2)
      #expect((file["metadata"] as? [String: String])?["ss_output_name"] == "mika_v1")
      let recipe = try #require(file["recipe"] as? [String: Any])
      // Folder names are data, not keys of ours.
      #expect((recipe["tag_frequency"] as? [String: Any])?.keys.contains("10_mika") == true)
    }
  }

  @Test(arguments: [("truncated-training", 1), ("any", 1), ("zero-modules", 0), ("no-such-warning", 2)])
  func failOn(id: String, status: Int32) async throws {
    try await InspectFixtures.withFile { path in
      let result = try CommandLineHarness.run(["inspect", "--fail-on", id, path])
      #expect(result.status == status)
    }
  }
}
