import Diffusion
import Foundation
import Testing

@testable import Trainer

@Suite struct CheckCaptionTests {
  private func check(
    _ konrad: @escaping (Int) -> String = { "portrait, red hair, pose \($0)" }, _ rest: String = "",
    _ more: [DatasetPictures.Picture] = [], vocabulary: CheckVocabulary = .notAsked, toml: String? = nil
  ) throws -> DatasetCheck {
    try CheckFixture.check(
      toml ?? CheckFixture.cast(rest),
      CheckFixture.pictures(0, 12, caption: konrad) + CheckFixture.pictures(1, 12) + more, vocabulary: vocabulary)
  }

  @Test func tagsAreComparedWithoutCaseAndUnderscores() {
    let tags = CaptionTags("1Boy, Red_Hair ,red hair, , smile\\(sad\\)\nsecond line")
    #expect(tags.tags == ["1boy", "red hair", "smile(sad)"])
    #expect(tags.holds("red_hair") && !tags.holds("hai") && !tags.holds("second"))
    var rule = CaptionRule()
    rule.expandsWildcards = true
    rule.secondarySeparator = ";"
    #expect(CaptionTags("{hat|no hat}, a;b\nc", rule: rule).tags == ["hat", "no hat", "a", "b", "c"])
    rule.prefix = "solo,"
    rule.suffix = ", night"
    let picture = DatasetPictures.Picture(path: "a", size: PixelSize(1), caption: "day", subset: 0)
    #expect(CaptionTags(picture, rule: rule).tags == ["solo", "day", "night"])
  }

  @Test func missingCaptions() throws {
    let pictures =
      CheckFixture.pictures(0, 12, hasCaption: false, caption: { _ in "1boy" }) + CheckFixture.pictures(1, 12)
    let check = try CheckFixture.check(CheckFixture.cast(), pictures)
    let missing = check.found("missing-caption")
    #expect(missing.map(\.severity) == [.warning] && missing[0].meaning.contains("\"konrad_httt, 1boy\" alone"))
    #expect(missing[0].evidence.hasSuffix("0.png, 1.png, 2.png and 9 more"))
    let toml = "[[datasets]]\nresolution = 64\n[[datasets.subsets]]\nimage_dir = \"a\""
    let bare = try CheckFixture.kohya(toml, CheckFixture.pictures(0, 12, hasCaption: false, caption: { _ in "" }))
    #expect(bare.found("missing-caption").map(\.severity) == [.problem])
  }

  @Test func triggersWhereTheyDoNotBelong() throws {
    let foreign = try check { "portrait, \($0 == 3 ? "Lisar_HTTT stands behind" : "alone")" }
    #expect(foreign.found("foreign-trigger").map(\.about) == [["Konrad", "Li'sar"]])
    #expect(foreign.found("foreign-trigger")[0].pictures == ["0/3.png"])
    let part = try check { _ in "portrait, lisar_httts" }
    #expect(part.found("foreign-trigger").isEmpty, "part of a longer word calls nobody")
    let set = "[[regularization]]\nclass = \"1boy\"\nimages = \"reg\""
    let reg = try check(
      { "portrait, pose \($0)" }, set, CheckFixture.pictures(2, 30, caption: { $0 == 0 ? "konrad_httt" : "1boy" }))
    #expect(reg.found("foreign-trigger").map(\.about) == [["reg 1boy", "Konrad"]])
  }

  @Test func groupsNameEverybody() throws {
    let group = "[[group]]\ncharacters = [\"Konrad\", \"Li'sar\"]\nimages = \"duo\""
    let check = try check(
      { "portrait, pose \($0)" }, group,
      CheckFixture.pictures(2, 2, caption: { $0 == 0 ? "konrad_httt and lisar_httt" : "konrad_httt, 1girl" }))
    #expect(check.found("missing-trigger").map(\.about) == [["Konrad + Li'sar", "Li'sar"]])
    #expect(check.found("missing-trigger")[0].pictures == ["2/1.png"] && check.found("foreign-trigger").isEmpty)
  }

  @Test func contradictions() throws {
    let tags = try check { $0 < 2 ? "Long_Hair, short hair, portrait" : "portrait" }
    #expect(tags.found("contradictory-caption").map(\.pictures) == [["0/0.png", "0/1.png"]])
    let word = try check { _ in "portrait, long hair" }
    #expect(word.found("contradictory-caption").isEmpty)
    let wrongClass = try check { $0 == 0 ? "1girl, portrait" : "1boy, portrait" }
    #expect(
      wrongClass.found("contradictory-caption").map(\.evidence) == [
        "its class is \"1boy\", and 1 caption says \"1girl\": 0.png"
      ])
    let both = try check { _ in "1boy, 1girl, portrait" }
    #expect(both.found("contradictory-caption").isEmpty, "someone else may be in the picture")
  }

  @Test func framing() throws {
    let none = try check { "red hair, pose \($0)" }
    let missing = none.found("framing-tags-missing")
    #expect(missing.map(\.about) == [["Konrad"]] && missing[0].evidence.hasPrefix("12 of 12 captions"))
    let text = try check { $0 < 9 ? "a full-body picture of him from behind" : "his face" }
    #expect(text.found("framing-tags-missing").isEmpty && text.found("one-framing").isEmpty)
    let view = try check { _ in "from behind" }
    #expect(view.found("framing-tags-missing").count == 1, "from where is not how much")
    #expect(try check { "portrait, \($0)" }.found("one-framing").map(\.about) == [["Konrad"]])
    #expect(try check { $0 < 8 ? "cowboy shot" : "portrait, \($0)" }.found("one-framing").isEmpty)
  }

  @Test func tagsThatOnlyOneHas() throws {
    let own = try check { "portrait, 1boy, red hair, \($0 < 8 ? "armor" : "shirt")" }
    // On 8 of 12 is less than 70 %.
    #expect(own.found("tags-of-one-character").map(\.evidence) == ["\"red hair\" on 12 of 12"])
    let pictures =
      CheckFixture.pictures(0, 12, caption: { _ in "portrait, red hair" })
      + CheckFixture.pictures(1, 12, caption: { $0 == 0 ? "portrait, red hair" : "portrait" })
    #expect(try CheckFixture.check(CheckFixture.cast(), pictures).found("tags-of-one-character").isEmpty)
  }

  private func tokenizers() throws -> CheckVocabulary {
    .known(ModelTokenizers(try CLIPTokenizer(folder: Fixtures.path("diffusion/pipeline/sd1/tokenizer"))))
  }

  /// `girl` is one token of the small vocabulary, and `cat` too.
  @Test func triggersByTheirTokens() throws {
    let toml = CheckFixture.cast().replacing("konrad_httt", with: "photo").replacing("lisar_httt", with: "zq cat")
    let words = try check(vocabulary: try tokenizers(), toml: toml)
    #expect(words.found("trigger-is-word").map(\.about) == [["Konrad"]])
    #expect(words.found("shared-tokens").isEmpty && words.found("triggers-not-checked").isEmpty)
    let shared = CheckFixture.cast().replacing("konrad_httt", with: "zx cat").replacing("lisar_httt", with: "qv cat")
    let both = try check(vocabulary: try tokenizers(), toml: shared)
    #expect(both.found("shared-tokens").map(\.severity) == [.note])
    #expect(both.found("shared-tokens")[0].evidence.contains("share 1 of 3 tokens: \"cat\""))
    let close = CheckFixture.cast().replacing("konrad_httt", with: "x cat").replacing("lisar_httt", with: "y cat")
    #expect(try check(vocabulary: try tokenizers(), toml: close).found("shared-tokens").map(\.severity) == [.warning])
  }

  @Test func longCaptions() throws {
    let words = [String](repeating: "cat", count: 73).joined(separator: " ")
    // The trigger "girl" with its comma makes 75.
    let toml = CheckFixture.cast().replacing("konrad_httt", with: "girl")
    let fits = try check({ _ in words }, vocabulary: try tokenizers(), toml: toml)
    #expect(fits.found("long-caption").isEmpty)
    let long = try check({ $0 == 0 ? words + " cat" : words }, vocabulary: try tokenizers(), toml: toml)
    #expect(long.found("long-caption").map(\.pictures) == [["0/0.png"]])
    #expect(long.found("long-caption")[0].advice.contains("tokens = 150"))
  }

  @Test func whatIsNotCheckedIsSaid() throws {
    let none = try check()
    #expect(none.found("triggers-not-checked").map(\.severity) == [.note] && none.found("unreadable-model").isEmpty)
    let broken = CheckVocabulary(checkpoint: "/nonexistent/model.safetensors") { _ in nil }
    let check = try check(vocabulary: broken)
    #expect(check.found("unreadable-model").map(\.severity) == [.problem])
    #expect(check.found("unreadable-model")[0].evidence.contains("/nonexistent/model.safetensors"))
    #expect(check.found("triggers-not-checked").count == 1)
    #expect(check.findings.first?.id == "unreadable-model", "the most serious come first")
  }

  @Test func aModelWithItsVocabularyIsUsed() throws {
    guard case .known = CheckVocabulary(checkpoint: Fixtures.path("diffusion/pipeline/sd1"), environment: { _ in nil })
    else {
      Issue.record("the model's own tokenizer was not found")
      return
    }
  }

  @Test func aModelWithoutAVocabularyIsANote() throws {
    let folder = try TemporaryFolder()
    let model = folder.path("model")
    try FileManager.default.copyItem(atPath: Fixtures.path("diffusion/pipeline/sd1"), toPath: model)
    try FileManager.default.removeItem(atPath: "\(model)/tokenizer")
    let check = try check(vocabulary: CheckVocabulary(checkpoint: model) { _ in "/nonexistent" })
    #expect(check.found("triggers-not-checked").map(\.severity) == [.note])
    #expect(check.found("triggers-not-checked")[0].evidence.contains("scripts/fetch-vocabulary"))
    #expect(check.found("unreadable-model").isEmpty)
  }
}
