import TOML
import Testing

@testable import Trainer

@Suite struct DatasetConfigurationTests {
  static let full = """
    [general]
    shuffle_caption = true
    caption_extension = '.txt'
    keep_tokens = 1

    [[datasets]]
    resolution = 512
    batch_size = 4
    keep_tokens = 2
    enable_bucket = true
    [[datasets.subsets]]
    image_dir = 'C:\\\\hoge'
    class_tokens = 'hoge girl'
    [[datasets.subsets]]
    image_dir = 'b'
    keep_tokens = 3
    shuffle_caption = false
    caption_dropout_rate = 0.5
    [[datasets.subsets]]
    is_reg = true
    image_dir = 'reg'
    class_tokens = ''
    face_crop_aug_range = [1.0, 2.5]

    [[datasets]]
    resolution = [768, 512]
    [[datasets.subsets]]
    image_dir = 'p'
    metadata_file = 'p.json'
    num_repeats = 5
    """

  @Test func levelsFallBack() throws {
    let file = try DatasetConfiguration(toml: Self.full, path: "d.toml")
    #expect(file.datasets.map(\.batch) == [4, 1] && file.datasets[1].resolution == PixelSize(768, 512))
    let subsets = file.subsets
    #expect(subsets.map(\.captions.keptTags) == [2, 3, 2, 1])
    #expect(subsets.map(\.captions.shuffles) == [true, false, true, true])
    #expect(subsets.map(\.repeats) == [1, 1, 1, 5] && subsets.map(\.isRegularization) == [false, false, true, false])
    #expect(subsets[0].captionEnding == ".txt" && subsets[2].classTokens == "" && subsets[1].classTokens == nil)
    #expect(subsets[2].faceCrop == 1...2.5 && subsets[1].captions.dropout == 0.5)
    #expect(file.datasets.map(\.kind) == [.captions, .metadata] && subsets[0].images == "C:\\\\hoge")
    #expect(try file.datasets[0].rule().sizes.count == 17 && file.datasets[1].rule().sizes == [PixelSize(768, 512)])
  }

  @Test(
    arguments: [
      ("", .missing, nil, "no dataset"), ("[[datasets]]\nresolution=512", .missing, 1, "no"),
      ("[[datasets]]\n[[datasets.subsets]]\nimage_dir='a'", .missing, 1, "resolution"),
      ("[[datasets]]\nresolution=512\n[[datasets.subsets]]\nimage_dir=''", .missing, 4, "empty"),
      ("[[datasets]]\nresolution=512\n[[datasets.subsets]]\nnum_repeats=1", .missing, 3, "not given"),
      (
        "[[datasets]]\nresolution=512\n[[datasets.subsets]]\nimage_dir='a'\nnum_repeat=1", .unknownKey, 5,
        "\"num_repeats\""
      ),
      ("[general]\ncaption_dropout_every_n_epoches=1", .unknownKey, 2, "\"caption_dropout_every_n_epochs\""),
      ("[general]\nimage_dir='a'", .unknownKey, 2, "image_dir"),
      ("[general]\nbatch_size='4'", .value, 2, "text was given"),
      ("[general]\nflip_aug=1", .value, 2, "true or false"),
      ("[general]\nface_crop_aug_range=[1]", .value, 2, "two numbers"),
      (
        "[[datasets]]\nresolution=512\n[[datasets.subsets]]\nimage_dir='a'\nmetadata_file='m'\ncaption_extension='.txt'",
        .unknownKey, 6, "caption_extension"
      ),
      (
        "[[datasets]]\nresolution=512\n[[datasets.subsets]]\nimage_dir='a'\n[[datasets.subsets]]\nmetadata_file='m'",
        .value, 1,
        "a [[datasets]] of their own"
      ),
      (
        "[[datasets]]\nresolution=2048\nenable_bucket=true\n[[datasets.subsets]]\nimage_dir='a'", .value, 1,
        "make it larger"
      ),
      ("[[character]]", .foreign, nil, "a cast"), ("[[datasets]]\nimage_directory='a'", .foreign, nil, "musubi"),
      ("[[directory]]\npath='a'", .foreign, nil, "diffusion-pipe"),
      ("unet_target_name=['a']", .foreign, nil, "LyCORIS"),
      ("[Basics]\npretrained_model_name_or_path='a'", .foreign, nil, "--config_file"),
    ] as [(String, TOMLError.Rule, Int?, String)])
  func refusals(text: String, rule: TOMLError.Rule, line: Int?, part: String) {
    let error = #expect(throws: TOMLError.self) { try DatasetConfiguration(toml: text, path: "d.toml") }
    #expect(error?.rule == rule && error?.line == line, "\(error?.description ?? "none")")
    #expect(error?.detail.contains(part) == true, "\(error?.description ?? "none")")
  }

  static func sized() -> DatasetConfiguration.Defaults {
    var defaults = DatasetConfiguration.Defaults()
    defaults.resolution = PixelSize(512)
    return defaults
  }

  @Test func foldersByName() throws {
    let folder = try TemporaryFolder()
    for name in ["train/10_konrad_httt 1boy", "train/2_lisar", "train/notes", "train/0_none", "reg/1_1boy"] {
      for index in 0..<3 { try folder.write("", to: "\(name)/\(index).png") }
    }
    try folder.write("a caption\nsecond", to: "train/2_lisar/1.caption")
    let file = try DatasetConfiguration(
      folder: folder.path("train"), regularization: folder.path("reg"), defaults: Self.sized())
    #expect(file.subsets.map(\.repeats) == [10, 2, 1] && file.subsets.map(\.isRegularization) == [false, false, true])
    #expect(file.subsets.map(\.classTokens) == ["konrad_httt 1boy", "lisar", "1boy"])
    #expect(file.ignored.count == 2)
    let pictures = try file.pictures { _ in PixelSize(600) }
    #expect(
      pictures.pictures.map(\.caption).prefix(5) == [
        "konrad_httt 1boy", "konrad_httt 1boy", "konrad_httt 1boy", "lisar", "a caption",
      ])
    let sampler = KohyaSampler(blocks: try file.blocks(pictures), sizes: pictures.sizes, seed: 1)
    #expect(sampler.uses == [[10, 10, 10, 2, 2, 2, 12, 12, 12]] && sampler.batchesPerEpoch == 72)
    #expect(try DatasetConfiguration(path: folder.path("train"), defaults: Self.sized()).subsets.count == 2)
    #expect(throws: TOMLError.self) { try DatasetConfiguration(folder: folder.path("train")) }
    #expect(throws: TOMLError.self) {
      try DatasetConfiguration(folder: folder.path("reg/1_1boy"), defaults: Self.sized())
    }
    #expect(throws: TOMLError.self) { try DatasetConfiguration(folder: folder.path("none"), defaults: Self.sized()) }
  }

  @Test func metadataFiles() throws {
    let folder = try TemporaryFolder()
    let json = """
      {"b": {"caption": "one", "tags": "x, y", "image_size": [640, 480]}, "long.png": {"tags": "z"},
       "c.png": {"caption": "two"}}
      """
    try folder.write(json, to: "m.json")
    try folder.write(
      "{\"image_path\": \"c.png\", \"caption\": \"two\"}\n\n{\"image_path\": \"/x/y.png\", \"tags\": \"t\"}\n",
      to: "m.jsonl")
    for name in ["b.webp", "long.png", "c.png"] { try folder.write("", to: name) }
    func read(_ name: String) throws -> [DatasetPictures.Picture] {
      let text =
        "[[datasets]]\nresolution=512\n[[datasets.subsets]]\nimage_dir='\(folder.path)'\nmetadata_file='\(folder.path(name))'"
      return try DatasetConfiguration(toml: text, path: "d").pictures { _ in PixelSize(100) }.pictures
    }
    let found = try read("m.json")
    #expect(found.map(\.caption) == ["z", "two", "one,x, y"])
    #expect(found.map(\.path) == ["long.png", "c.png", "b.webp"].map(folder.path))
    #expect(found.map(\.size) == [PixelSize(100), PixelSize(100), PixelSize(640, 480)])
    #expect(try read("m.jsonl").map(\.caption) == ["t", "two"])
    for (text, part) in [
      ("{", "no JSON"), ("[]", "no object"), ("{}", "no picture"), ("{\"q\": {}}", "any known ending"),
    ] {
      try folder.write(text, to: "bad.json")
      let error = #expect(throws: DatasetPictures.Refusal.self) { try read("bad.json") }
      #expect(error?.description.contains(part) == true, "\(error?.description ?? "")")
    }
    for (name, part) in [("none.json", "no such file"), ("", "this is a folder")] {
      let error = #expect(throws: DatasetPictures.Refusal.self) { try read(name) }
      #expect(error?.description.contains(part) == true, "\(error?.description ?? "")")
    }
  }

  @Test func captionFiles() throws {
    let folder = try TemporaryFolder()
    try folder.write("\u{FEFF} a, b \r\n\r\n c", to: "x.txt")
    #expect(try PictureFolder.caption(of: folder.path("x.png")) == "a, b\nc")
    #expect(try PictureFolder.caption(of: folder.path("y.png")) == nil)
    try folder.write(" \n", to: "z.caption")
    #expect(throws: PictureFolder.Refusal.self) { try PictureFolder.caption(of: folder.path("z.png")) }
  }
}
