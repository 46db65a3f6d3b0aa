import Foundation
import SafeTensors
import Testing

/// `bake` and `extract` as a user runs them.
@Suite struct BakeCommandTests {
  private let stem = "lora_unet_down_blocks_0_attentions_0_transformer_blocks_0_attn1_to_q"
  private let query = "model.diffusion_model.input_blocks.1.1.transformer_blocks.0.attn1.to_q.weight"

  private func write(_ path: String, _ tensors: [(name: String, shape: [Int])]) throws {
    var writer = try SafeTensorsWriter(
      path: path, declarations: tensors.map { .init(name: $0.name, dtype: .f32, shape: $0.shape) }, metadata: [:])
    while let next = writer.expected {
      try writer.append(DType.f32.narrowed((0..<next.count).map { Float($0 % 7) - 3 }).bytes)
    }
    try writer.finish()
  }

  private func files(_ folder: String) throws -> (base: String, lora: String) {
    let (base, lora) = ("\(folder)/base.safetensors", "\(folder)/lora.safetensors")
    try write(base, [(query, [8, 8]), ("first_stage_model.decoder.conv_in.weight", [64, 64, 3, 3])])
    try write(lora, [("\(stem).lora_up.weight", [8, 2]), ("\(stem).lora_down.weight", [2, 8])])
    return (base, lora)
  }

  @Test func bakesAndExtractsItBack() throws {
    try CommandLineHarness.scratch { folder in
      let (base, lora) = try files(folder)
      let out = "\(folder)/out.safetensors"
      let baked = try CommandLineHarness.run([
        "bake", "--base", base, "\(lora):0.5", "--verify", "--tolerance", "1e-5", "--json", "-o", out,
      ])
      #expect(baked.status == 0, "\(baked.error)")
      let report = try baked.json()
      #expect(report["schema"] as? Int == 1 && report["changed_tensors"] as? Int == 1)
      #expect(try #require(report["residual"] as? Double) < 1e-5)
      #expect(report["skipped"] as? [String] == [])
      let extracted = try CommandLineHarness.run([
        "extract", "--base", base, "--tuned", out, "--rank", "2", "--json", "-o", "\(folder)/back.safetensors",
        "--verify", "--tolerance", "1e-2",
      ])
      #expect(extracted.status == 0, "\(extracted.error)")
      #expect(try #require(extracted.json()["captured_energy"] as? Double) > 0.999)
      let cut = try CommandLineHarness.run([
        "extract", "--base", base, "--tuned", out, "--rank", "1", "--force", "-o", "\(folder)/back.safetensors",
        "--verify", "--tolerance", "1e-2",
      ])
      // Half of the directions are missing, which is more than a hundredth.
      #expect(cut.status == 1 && cut.output.contains("of ‖difference‖") && cut.error.contains("above the tolerance"))
      let text = try CommandLineHarness.run(["bake", "--base", base, lora, "--force", "-o", out])
      #expect(text.status == 0 && text.output.contains("1 tensors changed"))
    }
  }

  @Test func unmeasuredIsNull() throws {
    try CommandLineHarness.scratch { folder in
      let (base, lora) = try files(folder)
      let result = try CommandLineHarness.run(["bake", "--base", base, lora, "--json", "-o", "\(folder)/o.safetensors"])
      let report = try result.json()
      for key in ["residual", "worst_tensor", "change_residual"] { #expect(report[key] is NSNull, "\(key)") }
    }
  }

  @Test func badUsageIsTwo() throws {
    try CommandLineHarness.scratch { folder in
      let (base, lora) = try files(folder)
      let before = try Data(contentsOf: URL(fileURLWithPath: base))
      for arguments in [
        ["bake", lora, "-o", "x.safetensors"], ["bake", "--base", base, "-o", "x.safetensors"],
        ["bake", "--base", base, lora, "-o", "x.ckpt"], ["bake", "--base", base, lora, "--force", "-o", base],
        ["bake", "--base", base, lora, "--force", "-o", lora], ["bake", "--base", base, lora, "-o", lora],
        ["bake", "--base", base, lora, "--tolerance", "1", "-o", "x.safetensors"],
        ["extract", "--base", base, "--tuned", base, "--rank", "0", "-o", "x.safetensors"],
        ["extract", "--base", base, "--tuned", base, "--rank", "2", "--force", "-o", base],
      ] {
        let result = try CommandLineHarness.run(arguments)
        #expect(result.status == 2, "\(arguments): \(result.error)")
      }
      #expect(try Data(contentsOf: URL(fileURLWithPath: base)) == before)
    }
  }

  @Test func badInputIsThree() throws {
    try CommandLineHarness.scratch { folder in
      let (base, lora) = try files(folder)
      for arguments in [
        ["bake", "--base", lora, lora, "-o", "\(folder)/x.safetensors"],
        ["bake", "--base", base, base, "-o", "\(folder)/x.safetensors"],
        ["extract", "--base", base, "--tuned", base, "--rank", "2", "-o", "\(folder)/x.safetensors"],
      ] {
        let result = try CommandLineHarness.run(arguments)
        #expect(result.status == 3, "\(arguments): \(result.error)")
        #expect(result.error.split(separator: "\n").count == 1)
      }
    }
  }

  @Test func aToleranceThatIsNotMetIsOne() throws {
    try CommandLineHarness.scratch { folder in
      let (base, lora) = try files(folder)
      let result = try CommandLineHarness.run([
        "bake", "--base", base, "\(lora):0.3", "--dtype", "f8_e4m3", "--verify", "--tolerance", "1e-6", "-o",
        "\(folder)/x.safetensors",
      ])
      #expect(result.status == 1, "\(result.error)")
    }
  }

  @Test func aFolderThatIsNotThereIsFour() throws {
    try CommandLineHarness.scratch { folder in
      let (base, lora) = try files(folder)
      let result = try CommandLineHarness.run(["bake", "--base", base, lora, "-o", "\(folder)/none/x.safetensors"])
      #expect(result.status == 4)
      #expect(result.error.contains("none/x.safetensors"))
    }
  }

  @Test func aFullDiskLeavesNothing() throws {
    try CommandLineHarness.scratch { folder in
      let (base, lora) = try files(folder)
      let before = try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
      // The limit on file sizes stands in for the disk: the copied tensor of 147 kB does not fit in 64 kB.
      let program = try CommandLineHarness.program().path
      let process = Process()
      process.executableURL = URL(fileURLWithPath: "/bin/bash")
      process.arguments = [
        "-c", "ulimit -f 64; \"$0\" \"$@\" 2> /dev/null", program, "bake", "--base", base, lora, "-o",
        "\(folder)/out.safetensors",
      ]
      try process.run()
      process.waitUntilExit()
      #expect(process.terminationStatus == 4 && process.terminationReason == .exit)
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder).sorted() == before)
    }
  }
}
