import Foundation
import Images
import SafeTensors
import Testing

/// `generate` as a user runs it, on tiny pipelines.
@Suite(.serialized) struct GenerateCommandTests {
  private static let folder = CommandLineHarness.root.appending(path: "Tests/Fixtures/diffusion/pipeline").path
  private let sd1 = "\(Self.folder)/sd1"
  private let lora = "\(Self.folder)/sd1-lora.safetensors"

  private func generate(_ arguments: String..., environment: [String: String] = [:]) throws
    -> CommandLineHarness.Result
  {
    try CommandLineHarness.run(
      ["generate"] + arguments, environment: ["TROUPE_THREADS": "1", "COLUMNS": "80"].merging(environment) { $1 })
  }

  private func picture(_ path: String) throws -> Picture { try Picture(contentsOf: path) }

  private func parameters(_ path: String) throws -> String {
    try #require(PictureInfo(contentsOf: path).text("parameters"))
  }

  /// The stated promise: diffusers' picture within 2/255, LoRA and negative prompt included.
  @Test(arguments: ["sd1-lora", "sdxl-lora", "sd2"]) func theFileIsDiffusersPicture(name: String) throws {
    let family = String(name.split(separator: "-")[0])
    let cases = try JSONSerialization.jsonObject(
      with: Data(contentsOf: URL(filePath: "\(Self.folder)/pictures.json")))
    let wanted = try #require((cases as? [[String: Any]])?.first { $0["name"] as? String == name })
    func text(_ key: String) -> String { wanted[key].map { "\($0)" } ?? "" }
    try CommandLineHarness.scratch { folder in
      var arguments = ["generate", "--model", "\(Self.folder)/\(family)", "--sampler", "euler", "--dtype", "f32"]
      for key in ["prompt", "negative", "seed", "width", "height", "steps", "cfg"] {
        arguments += ["--\(key)", text(key)]
      }
      if name.hasSuffix("lora") { arguments += ["--lora", "\(Self.folder)/\(name).safetensors:\(text("strength"))"] }
      let result = try CommandLineHarness.run(arguments + ["-o", "\(folder)/x.png", "--device", "cpu"])
      #expect(result.status == 0, "\(result.error)")
      let found = try picture("\(folder)/x.png")
      let file = try SafeTensorsFile(path: "\(Self.folder)/pictures.safetensors")
      let info = try #require(file["\(name).picture"])
      let bytes = try file.withBytes(of: info) { span in span.withUnsafeBytes { Array($0) } }
      #expect(found.bytes.count == bytes.count)
      #expect(zip(found.bytes, bytes).allSatisfy { abs(Int($0) - Int($1)) <= 2 })
    }
  }

  @Test func sheetsHaveRowsAndColumns() throws {
    try CommandLineHarness.scratch { folder in
      let result = try generate(
        "--model", sd1, "--lora", "k=\(lora):0.5", "--prompt", "konrad <lora:k:0.8>", "--label", "Konrad", "--prompt",
        "village", "--label", "Village", "--seeds", "2", "--strengths", "0,1", "--steps", "2", "--batch", "2",
        "--dtype",
        "f32", "-o", "\(folder)/out", "--grid", "\(folder)/sheet.png", "--json")
      #expect(result.status == 0 && result.error.isEmpty, "\(result.error)")
      let json = try result.json()
      #expect(
        Set(json.keys).isSuperset(of: [
          "schema", "model", "architecture", "device", "dtype", "sampler", "schedule", "steps", "cfg", "width",
          "height", "loras", "pictures", "sheet", "seconds",
        ]))
      let pictures = try #require(json["pictures"] as? [[String: Any]])
      #expect(pictures.count == 8)
      // The tagged LoRA acts where it is named alone: 0.5 of the file times 0.8 of the tag.
      #expect(pictures.map { ($0["strengths"] as? [Double])?.first } == [0, 0, 0.4, 0.4, 0, 0, 0, 0])
      let sheet = try #require(json["sheet"] as? [String: Any])
      #expect(sheet["rows"] as? Int == 4 && sheet["columns"] as? Int == 2)
      #expect(try picture("\(folder)/sheet.png").width == sheet["width"] as? Int)
      let names = try FileManager.default.contentsOfDirectory(atPath: "\(folder)/out").sorted()
      #expect(names.count == 8 && names[0] == "konrad-0-x0.png" && names[7] == "village-1-x1.png")
      let (without, with) = (try picture("\(folder)/out/konrad-0-x0.png"), try picture("\(folder)/out/konrad-0-x1.png"))
      #expect(without != with)
      #expect(try picture("\(folder)/out/village-0-x0.png") == picture("\(folder)/out/village-0-x1.png"))
      // Without its LoRA a picture does not mention it.
      #expect(try !parameters("\(folder)/out/konrad-0-x0.png").contains("lora"))
      #expect(
        try parameters("\(folder)/out/konrad-0-x1.png").hasPrefix("konrad <lora:k:0.4>\nSteps: 2, Sampler: Euler a"))
    }
  }

  @Test func settingsAreInThePicture() throws {
    try CommandLineHarness.scratch { folder in
      let model = "\(folder)/model.safetensors"
      let path = "\(folder)/x.png"
      let result = try generate(
        "--model", sd1, "--prompt", "konrad, (portrait:1.2)", "--negative", "blurry", "--seed", "11", "--steps", "2",
        "--sampler", "dpmpp-2m", "--schedule", "karras", "--cfg", "4.5", "--clip-skip", "2", "-o", path)
      #expect(result.status == 0, "\(result.error)")
      let text = try parameters(path)
      #expect(text.hasPrefix("konrad, (portrait:1.2)\nNegative prompt: blurry\n"))
      #expect(
        text.contains(
          "Steps: 2, Sampler: DPM++ 2M, Schedule type: Karras, CFG scale: 4.5, Seed: 11, Size: 32x32, Model: sd1"))
      #expect(text.contains("Clip skip: 2, RNG: CPU") && text.contains("Version: troupe"))
      #expect(!FileManager.default.fileExists(atPath: model))
    }
  }

  @Test func layersAreWeighed() throws {
    try CommandLineHarness.scratch { folder in
      func drawn(_ more: [String]) throws -> Picture {
        let path = "\(folder)/\(UUID().uuidString).png"
        let result = try CommandLineHarness.run(
          [
            "generate", "--model", sd1, "--prompt", "konrad", "--steps", "2", "--dtype", "f32", "--device", "cpu", "-o",
            path,
          ] + more)
        #expect(result.status == 0, "\(result.error)")
        return try picture(path)
      }
      let none = try drawn([])
      #expect(try drawn(["--lora", lora, "--te", "0", "--unet", "0"]) == none)
      #expect(try drawn(["--lora", lora, "--exclude", "**"]) == none)
      #expect(try drawn(["--lora", lora, "--te", "0"]) != drawn(["--lora", lora]))
      #expect(try drawn(["--lora", lora, "--layers", "1:unet=0"]) == drawn(["--lora", lora, "--unet", "0"]))
    }
  }

  @Test func nothingIsReplacedUnasked() throws {
    try CommandLineHarness.scratch { folder in
      let path = "\(folder)/x.png"
      try Data("mine".utf8).write(to: URL(filePath: path))
      let refused = try generate("--model", sd1, "--prompt", "a", "--steps", "1", "-o", path)
      #expect(refused.status == 2 && refused.error.contains("--force"))
      #expect(try String(contentsOfFile: path, encoding: .utf8) == "mine")
      let sheet = try generate("--model", sd1, "--prompt", "a", "--steps", "1", "--grid", path)
      #expect(sheet.status == 2)
      let forced = try generate("--model", sd1, "--prompt", "a", "--steps", "1", "-o", path, "--force")
      #expect(forced.status == 0)
      #expect(try picture(path).width == 32)
    }
  }

  /// Six pictures of 32 pixels side by side, each pixel of them four.
  @Test func sheetsEnlargeSmallPictures() throws {
    try CommandLineHarness.scratch { folder in
      let sheets = try [1, 2].map { scale in
        let grid = "\(folder)/\(scale).png"
        let run = try generate(
          "--model", sd1, "--prompt", "a", "--steps", "1", "--seeds", "6", "--grid", grid, "--grid-scale", "\(scale)")
        #expect(run.status == 0)
        return try picture(grid)
      }
      #expect(sheets[1].width == sheets[0].width + 6 * 32)
    }
  }

  @Test(arguments: [
    (["--prompt", "a <lora:x:1>"], 2, "add --lora x=FILE"), (["--prompt", "a", "--width", "33"], 2, "multiple of 2"),
    (["--prompt", "a", "--steps", "0"], 2, "from 1 to 1000"),
    (["--prompt", "a", "--grid-scale", "17"], 2, "--grid-scale must be from 1 to 16"),
    (["--prompt", "a", "--clip-skip", "7"], 2, "clip skip 7"),
    (["--prompt", "a", "--device", "cuda:99"], 2, "no device cuda:99"),
    (["--prompt", "a", "--label", "x", "--label", "y"], 2, "2 --label for 1 --prompt"),
    (["--prompt", "a", "--strengths", "0,1"], 2, "add one"), (["--prompt", "a", "--negative", "<lora:x:1>"], 2, "tag"),
    (["--prompt", "a", "--seeds", "2", "-o", "x.png"], 2, "name a folder"),
    (["--prompt", "a", "--lora", "LORA-SDXL"], 3, "another base model"),
    (["--prompt", "a", "--lora", "LORA-SD1", "--exclude", "unet.nothing.**"], 2, "names no layer"),
    (["--prompt", "a", "--lora", "k=LORA-SD1", "--lora", "k=LORA-SD1"], 2, "have the name k"),
    (["--prompt", "a", "--taesd", "LORA-SD1"], 3, "no TAESD"), (["--prompt", "a", "--hash"], 2, "no hash"),
  ]) func mistakesAreOneSentence(arguments: [String], status: Int, sentence: String) throws {
    try CommandLineHarness.scratch { folder in
      let own = arguments.map {
        $0.replacing("LORA-SDXL", with: "\(Self.folder)/sdxl-lora.safetensors").replacing("LORA-SD1", with: lora)
      }
      let output = own.contains("-o") ? [] : ["-o", "\(folder)/out"]
      let steps = own.contains("--steps") ? [] : ["--steps", "1"]
      let result = try CommandLineHarness.run(["generate", "--model", sd1] + own + output + steps)
      #expect(result.status == Int32(status), "\(result.error)")
      #expect(result.error.contains(sentence), "\(result.error)")
      // Nothing is left behind by what did not begin.
      let left = try FileManager.default.contentsOfDirectory(atPath: folder)
      #expect(result.output.isEmpty && left.isEmpty)
    }
  }

  @Test func withoutLibtorchItSaysWhatToDo() throws {
    try CommandLineHarness.scratch { folder in
      let result = try generate(
        "--model", sd1, "--prompt", "a", "-o", "\(folder)/out", environment: ["TROUPE_ENGINE": "/nonexistent"])
      #expect(result.status == 4)
      #expect(result.error.contains("troupe doctor") && result.error.split(separator: "\n").count == 1)
      let missing = try generate("--model", "\(folder)/nothing", "--prompt", "a", "-o", "\(folder)/out")
      #expect(missing.status == 3 && missing.error.contains("nothing"))
    }
  }
}
