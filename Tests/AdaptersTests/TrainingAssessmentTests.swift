import SafeTensors
import Testing

@testable import Adapters

@Suite("Base models, triggers and warnings")
struct TrainingAssessmentTests {
  @Test(arguments: [
    ("v1-5-pruned-emaonly.safetensors", "Stable Diffusion 1.x"),
    ("runwayml/stable-diffusion-v1-5", "Stable Diffusion 1.x"),
    ("v2-1_768-ema-pruned.ckpt", "Stable Diffusion 2.x"),
    ("animefull-final-pruned.safetensors", "NovelAI anime (SD 1.x)"),
    ("nai.ckpt", "NovelAI anime (SD 1.x)"), ("sd_xl_base_1.0_0.9vae.safetensors", "SDXL base 1.0"),
    ("stabilityai/stable-diffusion-xl-base-1.0", "SDXL base 1.0"),
    ("sdXL_v10VAEFix.safetensors", "SDXL base 1.0"),
    ("Illustrious-XL-v0.1.safetensors", "Illustrious XL"),
    ("illustriousXL20_v20.safetensors", "Illustrious XL"),
    ("noobaiXLNAIXL_epsilonPred11Version.safetensors", "NoobAI-XL"),
    ("NoobAI-XL-Vpred-v1.0.safetensors", "NoobAI-XL"),
    ("ponyDiffusionV6XL_v6StartWithThisOne.safetensors", "Pony Diffusion"),
    ("animagine-xl-3.1.safetensors", "Animagine XL"),
    ("animagine-xl-4.0-opt.safetensors", "Animagine XL"), ("kohakuXLEpsilon_rev1.safetensors", "Kohaku XL"),
    ("flux1-dev-fp8.safetensors", "Flux.1"), ("FLUX.1-dev", "Flux.1"),
    ("sd3.5_large.safetensors", "Stable Diffusion 3"),
  ])
  func foundations(name: String, label: String) {
    let assessment = BaseAssessment(name: name, hash: nil)
    #expect(assessment.kind == .foundation, "\(assessment.reason)")
    #expect(assessment.foundation == label)
  }

  @Test(arguments: [
    "anyloraCheckpoint_bakedvaeBlessedFp16.safetensors", "AbyssOrangeMix2_sfw.safetensors",
    "waiNSFWIllustrious_v140",
    "ponyRealism_v21.safetensors", "sdxlUnstableDiffusers_v11.safetensors",
    "autismmixSDXL_autismmixConfetti.safetensors",
    "juggernautXL_v8Rundiffusion.safetensors", "illustriousXLPersonalMerge_v30.safetensors",
    "fluxmania_v3.safetensors",
    "someAnime_v3.safetensors", "Darkstorm.safetensors",
  ])
  func derivatives(name: String) {
    let assessment = BaseAssessment(name: name, hash: nil)
    #expect(assessment.kind == .derivative, "\(assessment.reason)")
  }

  @Test(arguments: [
    "", "691639.safetensors", "model.safetensors", "diffusion_pytorch_model.safetensors", "a1b2c3d4e5.ckpt",
  ])
  func tellingNothing(name: String) {
    #expect(BaseAssessment(name: name, hash: nil).kind == .unknown)
  }

  @Test func theHashOutweighsTheName() {
    let hash = "31e35c80fc4829d14f90153f4c74cd59c90b779f6afe05a74cd6120b893f7e5b"
    let assessment = BaseAssessment(name: "my favourite mix.safetensors", hash: hash)
    #expect(assessment.kind == .foundation && assessment.foundation == "SDXL base 1.0")
  }

  @Test(arguments: [
    ("trigger word is smart falcon \\(umamusume\\)", ["smart falcon \\(umamusume\\)"]),
    ("Trigger: ohwx woman", ["ohwx woman"]),
    ("My first LoRA. TRIGGER WORDS: a b, \"c\"; have fun", ["a b", "c"]),
    ("activation text = foo. Weight 0.8", ["foo"]), ("no trigger word needed", []),
    ("the trigger word is not needed", []),
    ("trigger issues everywhere", []), ("trigger", []), ("", []),
  ])
  func triggersInComments(comment: String, words: [String]) {
    #expect(TriggerSearch.words(inComment: comment) == words)
  }

  @Test func uncaptionedFolderIsItsOwnTrigger() throws {
    let record = TrainingRecord(metadata: [
      "ss_dataset_dirs": #"{"12_sks girl": {"n_repeats": 12, "img_count": 20}}"#
    ])
    let candidate = try #require(record.triggerCandidates.first)
    #expect(candidate.token == "sks girl" && candidate.confidence >= 0.7)
  }

  @Test func oneNameOfSeveralFoldersIsOneHint() throws {
    let folders = #"{"9_a b": {"n_repeats": 9, "img_count": 30}, "1_a b": {"n_repeats": 1, "img_count": 30}}"#
    let candidate = try #require(
      TrainingRecord(metadata: ["ss_dataset_dirs": folders]).triggerCandidates.first)
    #expect(
      candidate.confidence == 0.75 && candidate.evidence == "the image folder's name"
        && candidate.folder == nil)
  }

  @Test func embeddedTokensAreTriggers() {
    let record = TrainingRecord(metadata: ["<s1>": "<embed>", "unet:0:rank": "4", "unet:1:rank": "4"])
    #expect(record.triggerCandidates.map(\.token) == ["<s1>"])
    #expect(record.network.dim == 4 && record.identity.trainer == "cloneofsimo/lora")
  }

  private func warnings(_ changes: [String: String]) -> [String] {
    TrainingRecord(metadata: TrainingFixtures.kohya.merging(changes) { _, new in new }).findings().map(\.id)
  }

  @Test func warningsOneByOne() {
    #expect(warnings(["ss_steps": "900"]) == ["truncated-training"])
    #expect(warnings(["ss_learning_rate": "0.5"]) == ["implausible-learning-rate"])
    #expect(warnings(["ss_optimizer": "prodigyopt.prodigy.Prodigy"]) == ["adaptive-learning-rate-low"])
    #expect(warnings(["ss_text_encoder_lr": "[0, 0.0]"]) == ["text-encoder-not-trained"])
    #expect(warnings(["ss_text_encoder_lr": "None"]).isEmpty)
    #expect(warnings(["ss_prior_loss_weight": "0.1"]) == ["prior-loss-without-regularisation"])
    #expect(warnings(["modelspec.prediction_type": "v"]) == ["prediction-type-mismatch"])
    #expect(
      warnings(["ss_sd_model_name": "noobaiXLNAIXL_vPred10Version.safetensors"]) == [
        "prediction-type-mismatch"
      ])
    #expect(warnings(["sshs_model_hash": "E3B0C442"]) == ["hash-of-nothing"])
    let folders = #"{"9_a": {"n_repeats": 9, "img_count": 30}, "1_b": {"n_repeats": 1, "img_count": 30}}"#
    #expect(warnings(["ss_dataset_dirs": folders]) == ["unbalanced-exposure"])
    // One character in two qualities is one character.
    let grades = #"{"9_a": {"n_repeats": 9, "img_count": 30}, "1_a": {"n_repeats": 1, "img_count": 30}}"#
    #expect(warnings(["ss_dataset_dirs": grades]).isEmpty)
  }

  @Test func lenientJSON() {
    #expect(LenientJSON.parse(#"{"a": NaN, "b": [-Infinity, Infinity], "NaN": "NaN \" NaN"}"#) != nil)
    #expect(
      LenientJSON.parse(#"{"a": "\ud83c\udfad \ud800 \udc00 \\ud800"}"#)?["a"]?.string
        == "🎭 \u{FFFD} \u{FFFD} \\ud800")
    #expect(LenientJSON.parse("{'a': 1}") == nil)
  }

  @Test func datesAndSpans() {
    #expect(PlainText.moment(0) == "1970-01-01 00:00 UTC")
    #expect(PlainText.moment(951_782_399) == "2000-02-28 23:59 UTC")
    #expect(PlainText.moment(951_782_400) == "2000-02-29 00:00 UTC")
    #expect(PlainText.moment(1_680_789_496.73) == "2023-04-06 13:58 UTC")
    #expect(PlainText.moment(-1) == nil && PlainText.moment(.infinity) == nil)
    #expect(PlainText.duration(4836) == "1 h 20 min" && PlainText.duration(59) == "59 s")
    #expect(PlainText.number(16) == "16" && PlainText.number(0.0003) == "0.0003")
  }
}
