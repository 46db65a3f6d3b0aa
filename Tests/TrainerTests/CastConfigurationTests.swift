import TOML
import Testing

@testable import Trainer

@Suite struct CastConfigurationTests {
  static let full = """
    [model]
    checkpoint = "illustriousXL_v01.safetensors"
    prediction = "v"
    [network]
    kind = "lora"
    rank = 16
    alpha = 8
    mode = "separate"
    [training]
    steps = 2000
    batch = 4
    resolution = 1024
    learning_rate = 1e-4
    te1_rate = 0
    optimizer = "adamw"
    betas = [0.9, 0.99]
    seed = 1
    [losses]
    min_snr_gamma = 5
    prior_weight = 0.5
    [captions]
    shuffle = true
    keep_tokens = 1
    [preview]
    every = 200
    prompts = ["{trigger}, {class}, full body"]
    [[character]]
    name = "Konrad"
    trigger = "konrad_httt"
    class = "1boy"
      [[character.subset]]
      images = "konrad/face"
      share = 1
      [[character.subset]]
      images = "konrad/body"
      share = 2
      shuffle = false
    [[character]]
    name = "Li'sar"
    trigger = "lisar_httt"
    class = "1girl"
    flip = true
      [[character.subset]]
      images = "lisar"
    [[group]]
    characters = ["Konrad", "Li'sar"]
    images = "duo"
    [[regularization]]
    images = "reg/1boy"
    class = "1boy"
    pairs_with = ["Konrad"]
    weight = 2
    [[regularization]]
    target = "base"
    class = "1girl"
    """

  @Test func everythingIsRead() throws {
    let cast = try CastConfiguration(toml: Self.full, path: "runs/cast.toml")
    #expect(cast.model.prediction == .velocity && cast.network.mode == .separate && cast.network.alpha == 8)
    #expect(cast.network.summed == 0.5, "LoRAs apart meet their sum unless told otherwise")
    #expect(cast.network.convRank == 16 && cast.training.batch == 4 && cast.training.te1Rate == 0)
    #expect(cast.training.unetRate == nil && cast.training.betas == [0.9, 0.99])
    #expect(cast.losses.minSNRGamma == 5 && cast.preview.every == 200)
    let konrad = cast.characters[0]
    #expect(konrad.subsets.map(\.share) == [1, 2] && konrad.subsets.map(\.captions.shuffles) == [true, false])
    #expect(konrad.subsets[1].captions.trigger == "konrad_httt" && konrad.subsets[1].captions.keptTags == 1)
    #expect(cast.characters[1].subsets[0].pictures.flips && !konrad.subsets[0].pictures.flips)
    #expect(cast.groups[0].subsets[0].images == "duo" && cast.regularization[0].pairsWith == ["Konrad"])
    #expect(cast.regularization[1].target == .base && cast.regularization[1].subsets.isEmpty)
    #expect(cast.path(of: "a") == "runs/a" && cast.path(of: "/a") == "/a")
    #expect(cast.subsets.count == 5)
  }

  static let least =
    "[model]\ncheckpoint='m'\n[[character]]\nname='A'\ntrigger='a_x'\nimages='a'\n"

  @Test func defaults() throws {
    let cast = try CastConfiguration(toml: Self.least, path: "cast.toml")
    #expect(cast.network == .init() && cast.losses == .init() && cast.training.longestBucket == 2048)
    #expect(cast.training.resolutions == [PixelSize(1024)] && cast.characters[0].subsets.count == 1)
    let small = try CastConfiguration(toml: Self.least + "[training]\nresolutions=[128,256]", path: "")
    #expect(small.training.shortestBucket == 128 && small.training.longestBucket == 512)
    #expect(try small.training.buckets().rules.count == 2)
  }

  @Test(
    arguments: [
      ("[network]\nrnk = 4", .unknownKey, 8, "did you mean \"rank\"?"),
      ("[training]\nlearning_rat = 4", .unknownKey, 8, "\"learning_rate\""),
      ("[trainig]", .unknownKey, 7, "\"training\""),
      ("[losses]\nmin_snr = 5", .unknownKey, 8, "min_snr_gamma"), ("[network]\nrank = 0", .value, 8, "1 to 4096"),
      ("[network]\nrank = '8'", .value, 8, "text was given"),
      ("[network]\nmode = 'both'", .value, 8, "shared, separate"),
      ("[training]\nsteps = 1.5", .value, 8, "a number was given"),
      ("[captions]\ntag_dropout = 2", .value, 8, "0 to 1"),
      ("[training]\nbetas = [1]", .value, 8, "betas"), ("[training]\nresolution = [1,2,3]", .value, 8, "64"),
      ("[training]\nresolution = 1000\nmax_bucket = 512", .value, nil, "shorter than the resolution"),
      ("[model]\n", .duplicate, 7, "[model]"), ("[output]\nname = 'a/b'", .value, 8, "folders"),
      ("[[character]]\nname='B'\ntrigger='a_x'\nimages='b'", .duplicate, 7, "same trigger"),
      ("[[character]]\nname='B'\ntrigger='the a_x'\nimages='b'", .value, 7, "contain one another"),
      ("[[character]]\nname='A'\ntrigger='b'\nimages='b'", .duplicate, 7, "first on line 3"),
      ("[[character]]\nname='B'\nimages='b'", .missing, 7, "no trigger"),
      ("[[character]]\nname='B'\ntrigger='b'", .missing, 7, "no pictures"),
      ("[[character]]\ntrigger='b'\nimages='b'", .missing, 7, "no"),
      ("[[character]]\nname='B'\ntrigger='b, c'\nimages='b'", .value, 7, "comma"),
      ("[[character]]\nname='B'\ntrigger='1boy'\nclass='1boy'\nimages='b'", .value, 7, "is its class"),
      ("[[character]]\nname='B'\ntrigger='b'\n[[character.subset]]\nshare=1", .missing, 10, "names its folder"),
      (
        "[[character]]\nname='B'\ntrigger='b'\n[[character.subset]]\nimages='x'\nshares=1", .unknownKey, 12, "\"share\""
      ),
      ("[[group]]\ncharacters=['A']\nimages='d'", .value, 7, "two characters"),
      ("[[group]]\ncharacters=['A','Aa']\nimages='d'", .value, 7, "did you mean \"A\"?"),
      ("[[regularization]]\nimages='r'", .missing, 7, "names its class"),
      ("[[regularization]]\nclass='1girl'", .missing, 7, "no pictures"),
      ("[[regularization]]\nclass='1girl'\nimages='r'\npairs_with=['Z']", .value, 7, "not of the cast"),
      ("[[regularization]]\nclass='1girl'\nimages='r'\ngenerated=3", .value, 7, "leave one"),
      ("[[regularization]]\nclass='1girl'\ngenerated=0", .value, 9, "1 to 100000"),
    ] as [(String, TOMLError.Rule, Int?, String)])
  func refusals(text: String, rule: TOMLError.Rule, line: Int?, part: String) {
    let error = #expect(throws: TOMLError.self) { try CastConfiguration(toml: Self.least + text, path: "cast.toml") }
    #expect(error?.rule == rule && error?.line == line, "\(error?.description ?? "none")")
    #expect(error?.detail.contains(part) == true, "\(error?.description ?? "none")")
    #expect(error?.description.hasSuffix("[cast-\(rule.rawValue)]") == true)
  }

  @Test(arguments: ["", "[model]\ncheckpoint='m'", "[[character]]\nname='A'\ntrigger='a'\nimages='a'"])
  func whatIsNeeded(text: String) {
    let error = #expect(throws: TOMLError.self) { try CastConfiguration(toml: text, path: "x") }
    #expect(error?.rule == .missing && error?.line == nil)
  }

  @Test func foldersAreChecked() throws {
    let folder = try TemporaryFolder()
    try folder.write(Self.least + "[[regularization]]\nclass='1boy'\nimages='empty'", to: "cast.toml")
    try folder.write("x", to: "empty/notes.txt")
    let cast = try CastConfiguration(path: folder.path("cast.toml"))
    let problems = cast.folderProblems()
    #expect(problems.count == 2 && problems[0].detail.contains("there is no folder") && problems[0].line == 3)
    #expect(problems[1].detail.contains("holds no picture"))
    #expect(throws: DatasetPictures.Refusal.self) { try cast.pictures { _ in PixelSize(8) } }
    #expect(throws: TOMLError.self) { try CastConfiguration(path: folder.path("none.toml")) }
  }

  @Test func fromTextToSteps() throws {
    let folder = try TemporaryFolder()
    try folder.write(Self.full, to: "cast.toml")
    for (name, count) in [("konrad/face", 2), ("konrad/body", 30), ("lisar", 7), ("duo", 9), ("reg/1boy", 50)] {
      for index in 0..<count { try folder.write("", to: "\(name)/\(index).png") }
      try folder.write("a, b\n\n c ", to: "\(name)/0.txt")
    }
    let cast = try CastConfiguration(path: folder.path("cast.toml"))
    let pictures = try cast.pictures { _ in PixelSize(1000, 1400) }
    #expect(pictures.pictures.count == 98 && pictures.pictures[0].caption == "a, b\nc")
    #expect(pictures.pictures[1].caption == "1boy" && !pictures.pictures[1].hasCaption)
    #expect(pictures.pictures[40].caption == "konrad_httt, lisar_httt")
    let plan = try CastPlan(cast, pictures: pictures)
    // Two characters, the group, the boys' set, and one source per character for the set without pictures.
    #expect(plan.sources.count == 6 && plan.sources[2].role == .group([0, 1]))
    // 9 pictures against (32 + 7) / 2 are 0.46, less than a quarter of two.
    #expect(abs(plan.sources[2].rate - 9 / 19.5) < 1e-12)
    // Konrad has two sets, each with half of his samples; Li'sar has one.
    #expect(
      plan.sources[3...].map(\.rate) == [0.5, 0.5, 1] && plan.sources[3].weight == 2 && plan.sources[4].weight == 0.5)
    #expect(plan.sources[5].pools == plan.sources[1].pools)
    let report = ExposureReport(of: CastSampler(plan), steps: 300)
    #expect(report.sources[0].steps == 300 && report.sources[1].steps == 300)
    // The share of the body is twice the face's.
    let uses = pictures.numbers(of: 0).reduce(0) { $0 + report.pictures[$1] }
    #expect(abs(Double(uses) * 3 - Double(report.sources[0].samples)) < 300)
  }

  @Test func groupsAreCapped() throws {
    let cast = try CastConfiguration(toml: Self.full, path: "cast.toml")
    let counts = [2, 3, 5, 100, 4]
    let pictures = DatasetPictures(
      pictures: counts.enumerated().flatMap { subset, count in
        (0..<count).map { DatasetPictures.Picture(path: "\($0)", size: PixelSize(64), caption: "", subset: subset) }
      })
    #expect(try CastPlan(cast, pictures: pictures).sources[2].rate == 0.5)
  }

  @Test func heldOutPicturesAreNotTrained() throws {
    let cast = try CastConfiguration(toml: Self.full, path: "cast.toml")
    let counts = [20, 1, 10, 4, 4]
    let pictures = DatasetPictures(
      pictures: counts.enumerated().flatMap { subset, count in
        (0..<count).map { DatasetPictures.Picture(path: "\($0)", size: PixelSize(64), caption: "", subset: subset) }
      })
    let held = pictures.heldOut(of: 0..<3, share: 0.2, seed: 1)
    #expect(held.count == 6 && held == pictures.heldOut(of: 0..<3, share: 0.2, seed: 1))
    #expect(held != pictures.heldOut(of: 0..<3, share: 0.2, seed: 2))
    #expect(pictures.heldOut(of: 0..<3, share: 1, seed: 1).count == 28)
    let report = ExposureReport(
      of: CastSampler(try CastPlan(cast, pictures: pictures, heldOut: held)), steps: 200)
    #expect(Set(report.unused) == held)
  }

  @Test func sizesAreThoseOfHeaders() throws {
    #expect(try DatasetPictures.header(Fixtures.path("images/rgb.png")) == PixelSize(19, 13))
    // Stored lying down.
    #expect(try DatasetPictures.header(Fixtures.path("images/orientation6.jpg")) == PixelSize(13, 19))
  }

  /// Cut and doubled texts end in an error or a configuration, never in a crash.
  @Test func damagedTexts() {
    let scalars = Array(Self.full.unicodeScalars)
    for count in scalars.indices {
      let cut = String(String.UnicodeScalarView(scalars[..<count]))
      for extra in ["", "\"", "[", "= -1", "9999999999"] {
        _ = try? CastConfiguration(toml: cut + extra, path: "x")
        _ = try? DatasetConfiguration(toml: cut + extra, path: "x")
      }
    }
  }

  @Test func foreignFilesAreNamed() {
    for (text, part) in [
      ("[general]\n[[datasets]]", "--dataset-config"), ("{\"LoRA_type\": 1}", "kohya_ss"),
      ("job: extension\nconfig:\n", "ai-toolkit"),
      ("[\n {\"id\": \"a\", \"instance_data_dir\": \"b\"}]", "SimpleTuner"), ("{\"concepts\": []}", "OneTrainer"),
    ] {
      let error = #expect(throws: TOMLError.self) { try CastConfiguration(toml: text, path: "x") }
      #expect(error?.rule == .foreign && error?.detail.contains(part) == true, "\(error?.description ?? "")")
    }
  }
}
