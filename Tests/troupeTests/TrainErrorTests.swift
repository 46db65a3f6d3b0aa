import Foundation
import Testing

/// What keeps a run from beginning, or ends it: one sentence, the right exit code, and no LoRA.
@Suite(.serialized) struct TrainErrorTests {
  /// Expects an error, and that nothing was written but what `left` says.
  func expect(
    _ status: Int32, _ sentence: String, _ result: CommandLineHarness.Result, _ fixture: TrainFixture,
    left: [String] = []
  ) {
    #expect(result.status == status && result.error.contains(sentence), "\(result.status): \(result.error)")
    let lines = result.error.split(separator: "\n").filter { !$0.hasPrefix("Usage:") && !$0.hasPrefix("  See '") }
    #expect(lines.count == 1, "\(result.error)")
    #expect(fixture.output().filter { $0.hasSuffix(".safetensors") || $0.hasSuffix(".part") } == left)
  }

  @Test(arguments: [
    ("rank = 2", "rnak = 2", "cast.toml:4: [network] has no key \"rnak\"; did you mean \"rank\"?"),
    ("rank = 2", "rank = 0", "rank takes a whole number from 1 to 4096, 0 was given"),
    ("rank = 2", "rank = 4097", "rank takes a whole number from 1 to 4096, 4097 was given"),
    ("rank = 2", "rank = 2\nmode = \"both\"", "mode takes shared, separate, \"both\" was given"),
    ("rank = 2", "rank = 2\ncontinue = \"none.safetensors\"", "none.safetensors: cannot be opened"),
    ("images = \"konrad\"", "images = \"nowhere\"", "cast.toml:16: there is no folder "),
    ("images = \"konrad\"", "images = \".\"", "holds no picture (.png, "),
    ("lisar_httt", "konrad_httt", "\"Konrad\" and \"Li'sar\" have the same trigger \"konrad_httt\"; give each its own"),
    ("name = \"Konrad\"", "name = 5", "name takes text in quotes, a whole number was given"),
    ("pairs_with = [\"Konrad\"]", "pairs_with = [\"Konrat\"]", "did you mean \"Konrad\"?"),
    ("[output]", "[preview]\nsampler = \"heun\"\n[output]", "sampler takes ddim, euler, euler-a, dpmpp-2m, \"heun\""),
    ("[output]", "[preview]\nevery = 1\nsteps = 1000\n[output]", "[preview]: 1000 steps of 'euler-a'"),
    ("[network]", "clip_skip = 12\n[network]", "[model] clip_skip: "),
    ("unet.**.attn2.*", "unet.nothing.**", "[network] targets: \"unet.nothing.**\" names no layer of this model"),
    ("unet.**.attn2.*", "unet..attn2", "cast.toml:5: targets: in \"unet..attn2\" a segment between two dots is empty"),
    ("learning_rate = 1e-3", "learning_rate = 0", "[training] gives every network the rate 0"),
    ("learning_rate = 1e-3", "unet_rate = 0", "[network] leaves no layer to train"),
    (
      "images = \"reg\"", "images = \"reg\"\ngenerated = 2", "either images or generated pictures; leave one of the two"
    ),
    ("precision = \"f32\"", "precision = \"f16\"", "the CPU does not compute in f16; take bf16 or f32"),
    ("learning_rate = 1e-3", "optimizer = \"schedule_free\"\nschedule = \"cosine\"", "leave schedule out"),
    ("sd1\"", "nothing.safetensors\"", "nothing.safetensors: cannot be opened"),
    ("sd1\"", "sd1-lora.safetensors\"", "is a LoRA or another adapter, not a base model"),
  ])
  func castsThatCannotBeTrained(old: String, new: String, sentence: String) throws {
    try TrainFixture.make { fixture in
      try fixture.write((old, new))
      expect(3, sentence, try fixture.train("--device", "cpu"), fixture)
      #expect(fixture.output().isEmpty)
    }
  }

  @Test(arguments: [
    ["--processes", "0"], ["--processes", "65"], ["--rank", "0"], ["--steps", "0"], ["--precision", "f8"],
    ["--learning-rate", "-1"], ["--device", "tpu"], ["--resume", "--force"], ["--cache", "x", "--no-cache"],
    ["--name", "a/b"], ["--reg", "x"], ["--frobnicate"],
  ])
  func badUsageIsTwo(arguments: [String]) throws {
    try TrainFixture.make { fixture in
      let result = try fixture.train(arguments)
      #expect(result.status == 2 && result.output.isEmpty && !result.error.isEmpty, "\(result.error)")
      #expect(fixture.output().isEmpty)
    }
  }

  @Test func aCastOrADatasetIsNamed() throws {
    for arguments in [["train"], ["train", "--dataset-config", "data.toml"]] {
      let result = try CommandLineHarness.run(arguments)
      #expect(result.status == 2 && result.output.isEmpty, "\(result.error)")
    }
    let result = try CommandLineHarness.run(["train", "/nonexistent/cast.toml"])
    #expect(result.status == 3 && result.error.contains("/nonexistent/cast.toml: there is no such file"))
  }

  // MARK: - Pictures

  @Test func damagedPictures() throws {
    try TrainFixture.make { fixture in
      let whole = try Data(contentsOf: URL(filePath: fixture.path("konrad/a.png")))
      for length in [20, 200, whole.count - 40] {
        try fixture.put(whole.prefix(length), "konrad/a.png")
        expect(3, "konrad/a.png: is a damaged or incomplete PNG file", try fixture.train(), fixture)
      }
      try fixture.put("<!DOCTYPE html>".utf8, "konrad/a.png")
      expect(3, "konrad/a.png", try fixture.train(), fixture)
    }
  }

  @Test func aPictureOfOnePixel() throws {
    try TrainFixture.make { fixture in
      let pixel: [UInt8] = [
        0x42, 0x4D, 58, 0, 0, 0, 0, 0, 0, 0, 54, 0, 0, 0, 40, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 24, 0, 0, 0, 0, 0,
        4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9, 9, 9, 0,
      ]
      try fixture.put(pixel, "konrad/b.bmp")
      try fixture.write(("bucket_step = 16", "bucket_step = 8\nenlarge = false"))
      expect(3, "konrad/b.bmp: is too small (1×1) for any bucket", try fixture.train(), fixture)
      // Enlarged it is a picture like any other.
      try fixture.write(("bucket_step = 16", "bucket_step = 16"))
      let result = try fixture.train()
      #expect(result.status == 0, "\(result.error)")
    }
  }

  @Test func captions() throws {
    try TrainFixture.make { fixture in
      try fixture.put([0x63, 0x61, 0x66, 0xE9], "konrad/a.txt")
      expect(
        3, "konrad/a.txt: a caption is UTF-8 text, this file is not; save it as UTF-8", try fixture.train(), fixture)
      try fixture.put([], "konrad/a.txt")
      expect(3, "konrad/a.txt: the caption is empty", try fixture.train(), fixture)
    }
  }

  // MARK: - Models

  @Test func weightsThatAreNotFinite() throws {
    try TrainFixture.make { fixture in
      try fixture.copyModel { name, _, bytes in
        if name == "conv_in.weight" { bytes.replaceSubrange(0..<4, with: [0, 0, 0xC0, 0x7F]) }
      }
      let result = try fixture.train("--model", fixture.path("model"))
      expect(4, "step 1: the loss \"target\" is not finite", result, fixture)
      #expect(result.error.contains("the base model itself may be damaged"))
    }
  }

  @Test func numbersThatGoWrongLaterKeepTheLastWholeStep() throws {
    try TrainFixture.make { fixture in
      let vocabulary = try JSONSerialization.jsonObject(
        with: Data(contentsOf: URL(filePath: "\(TrainFixture.models)/sd1/tokenizer/vocab.json")))
      let token = try #require((vocabulary as? [String: Int])?["q</w>"])
      // One word makes everything infinite; one picture's caption has it.
      try fixture.copyModel("text_encoder/model") { name, shape, bytes in
        guard name.hasSuffix("token_embedding.weight") else { return }
        let width = bytes.count / shape[0]
        bytes.replaceSubrange(token * width..<token * width + 2, with: [0, 0x7C])
      }
      try fixture.write(("steps = 2", "steps = 6"))
      var resumed = 0
      for picture in ["a", "b", "c"] {
        try fixture.put("1boy, q".utf8, "konrad/\(picture).txt")
        let result = try fixture.train("--model", fixture.path("model"), "--no-cache")
        try fixture.put("1boy, standing".utf8, "konrad/\(picture).txt")
        let step = try #require(result.error.firstMatch(of: /step ([0-9]+): the loss "target" is not finite/)).1
        let done = try #require(Int(step)) - 1
        let left = done > 0 ? ["cast-step0000000\(done).state.safetensors"] : []
        expect(4, "lower the learning rate", result, fixture, left: left)
        if done > 0 {
          resumed += 1
          let next = try fixture.train("--model", fixture.path("model"), "--no-cache", "--resume")
          #expect(next.status == 0 && next.output.contains("resuming after step \(done) of 6"), "\(next.error)")
        }
        try FileManager.default.removeItem(atPath: fixture.path("output"))
      }
      #expect(resumed == 2, "every step holds a picture of Konrad, and the first is of one of three")
    }
  }

  @Test func anInpaintingModel() throws {
    try TrainFixture.make { fixture in
      try fixture.copyModel { name, shape, bytes in
        guard name == "conv_in.weight" else { return }
        let kernel = bytes.count / shape[0] / shape[1]
        shape[1] = 9
        bytes = [UInt8](repeating: 0, count: shape[0] * 9 * kernel)
      }
      let config = fixture.path("model/unet/config.json")
      let text = try String(contentsOfFile: config, encoding: .utf8)
      try fixture.put(text.replacing("\"in_channels\": 4", with: "\"in_channels\": 9").utf8, "model/unet/config.json")
      expect(3, "inpainting", try fixture.train("--model", fixture.path("model")), fixture)
    }
  }

  // MARK: - sd-scripts' datasets

  @Test(arguments: [
    ("resolution = 64\n[[datasets.subsets]]\nimage_dir = \"konrad\"\ncolor_aug = true", "color_aug is not done here"),
    (
      "resolution = 64\nvalidation_split = 0.1\n[[datasets.subsets]]\nimage_dir = \"konrad\"",
      "validation_split is not done here; write a cast with [training] validation"
    ),
    (
      "resolution = 64\nnetwork_multiplier = 0.5\n[[datasets.subsets]]\nimage_dir = \"konrad\"",
      "network_multiplier other than 1 is not done here"
    ),
    (
      "resolution = 64\n[[datasets.subsets]]\nimage_dir = \"konrad\"\nface_crop_aug_range = [1.0, 2.0]",
      "face_crop_aug_range is not done here"
    ),
    ("resolution = 64\n[[datasets.subsets]]\nimage_dir = \"konrad\"\nimage_dri = 1", "did you mean \"image_dir\"?"),
    ("image_directory = \"konrad\"", "a dataset of musubi-tuner"),
    ("[[datasets.subsets]]\nimage_dir = \"konrad\"", "the resolution is not given"),
    ("resolution = 64\n[[datasets.subsets]]\nimage_dir = \"nowhere\"", "there is no folder"),
  ])
  func datasets(text: String, sentence: String) throws {
    try TrainFixture.make { fixture in
      // Their folders are relative to where the program is started.
      let own = text.replacing("image_dir = \"", with: "image_dir = \"\(fixture.folder)/")
      try fixture.put("[[datasets]]\n\(own)\n".utf8, "data.toml")
      let result = try CommandLineHarness.run(
        [
          "train", "--dataset-config", fixture.path("data.toml"), "--model", "\(TrainFixture.models)/sd1", "-o",
          fixture.path("output"),
        ], environment: fixture.environment)
      expect(3, sentence, result, fixture)
    }
  }
}
