import Adapters
import Foundation
import Testing

@testable import troupe

/// What `troupe inspect` shows of files beside the weights, of exposure and of settings that no field takes.
@Suite("Inspect, beside the file") struct InspectNotesTests {
  @Test func notesAndTheirSource() async throws {
    try await InspectFixtures.withFile { path in
      let notes = #"{"activation text": "mika_oc", "preferred weight": 0.8, "notes": "a\u001b[2Jb"}"#
      try Data(notes.utf8).write(to: URL(filePath: path.replacing(".safetensors", with: ".json")))
      let lines = InspectView(try await Inspection.make(path: path), style: .plain, width: 80).lines()
      let text = lines.joined(separator: "\n")
      #expect(
        text.contains(
          """
          Beside the file
            Activation text mika_oc
            Preferred stre… 0.8
            Notes           a?[2Jb
          """))
      #expect(text.contains("Read from       mika.json beside the file (activation text,"))
      for line in lines { #expect(Terminal.columns(of: line) <= 80 && Terminal.sanitised(line) == line) }
    }
  }

  @Test func settingsWithoutAField() async throws {
    let more = ["ss_seed": "42", "ss_brand_new": "7", "ss_fp8_llm": "True", "ss_gradient_checkpointing": "True"]
    let file = try await InspectFixtures.inspection(metadata: InspectFixtures.metadata.merging(more) { $1 })
    let lines = InspectView(file, style: .plain, width: 80).lines()
    #expect(lines.contains("  Also            gradient checkpointing, seed 42"))
    #expect(lines.contains("  ss_brand_new    7") && lines.contains("  FP8 language m… True (ss_fp8_llm)"))
  }

  @Test func exposure() async throws {
    let sets = #"""
      [{"resolution": [512, 512], "subsets": [
         {"img_count": 20, "num_repeats": 2, "image_dir": "aya", "class_tokens": "aya girl"},
         {"img_count": 10, "num_repeats": 1, "image_dir": "rin"},
         {"img_count": 5, "num_repeats": 1, "image_dir": "1_girl", "is_reg": true}]},
       {"resolution": [768, 768], "subsets": [{"img_count": 20, "num_repeats": 1, "image_dir": "aya", "class_tokens": "aya girl"}]}]
      """#
    var metadata = InspectFixtures.metadata.filter { !["ss_dataset_dirs", "ss_tag_frequency"].contains($0.key) }
    metadata["ss_datasets"] = sets
    let file = try await InspectFixtures.inspection(metadata: metadata)
    let lines = InspectView(file, style: .plain, width: 80).lines()
    let at = try #require(lines.firstIndex(of: "On what"))
    #expect(
      lines[at..<(at + 7)].joined(separator: "\n") == """
        On what
          character   images  repeats  an epoch  share  in all  most frequent tags
          aya             20                 60   86 %     360  “aya girl” 2 folders
            aya           20      × 2        40                 at 512×512
            aya           20      × 1        20                 at 768×768
          rin             10      × 1        10   14 %      60
          girl (reg)       5      × 1        50  100 %     300
        """)
    let json = try JSONOutput.text(InspectionDocument([file]))
    let document = try #require(JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: Any])
    let recipe = try #require((document["files"] as? [[String: Any]])?.first?["recipe"] as? [String: Any])
    let exposure = try #require(recipe["exposure"] as? [String: Any])
    #expect(Set(exposure.keys) == ["characters", "regularisation", "epochs"])
    let first = try #require((exposure["characters"] as? [[String: Any]])?.first)
    #expect(Set(first.keys) == ["name", "class_tokens", "folders", "images", "per_epoch", "share", "total"])
    #expect((recipe["sources"] as? [String: String])?["folders"] == "ss_datasets")
    #expect((recipe["data"] as? [String: Any])?["sets"] is [Any])
  }

  @Test(arguments: [60, 80, 120]) func absurdExposureKeepsTheWidth(width: Int) async throws {
    let most = Int.max
    let name = String(repeating: "w", count: 40)
    var metadata = InspectFixtures.metadata.filter { $0.key != "ss_tag_frequency" }
    metadata["ss_dataset_dirs"] =
      #"{"\#(most)_\#(name)": {"n_repeats": \#(most), "img_count": \#(most)}, "2_\#(name)": {"n_repeats": 2, "img_count": 1}}"#
    let file = try await InspectFixtures.inspection(metadata: metadata, options: .headerOnly)
    for line in InspectView(file, style: .plain, width: width).images {
      #expect(Terminal.columns(of: line) <= width, "\(line)")
    }
  }
}
