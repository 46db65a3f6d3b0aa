import Foundation
import SafeTensors
import Testing

@testable import Adapters

/// The cast that Troupe's own trainer records.
@Suite struct CastRecordTests {
  static let cast: TrainingRecord.Cast = {
    var cast = TrainingRecord.Cast()
    (cast.troupe, cast.mode, cast.matching, cast.seed) = ("0.1.0", "shared", "cast", 1)
    (cast.steps, cast.samplesPerStep, cast.format, cast.continues) = (500, 4, "f16", "first.safetensors")
    cast.layers = ["unet": 722, "te1": 72]
    cast.characters = [
      .init(
        name: "Konrad \"K\"", trigger: "konrad_httt", className: "1boy", weight: 2, images: 15, samples: 1050,
        share: 0.525, paired: 250, longestGap: 3),
      .init(name: "Aya", trigger: "aya_oc", className: "", images: 6, samples: 950, share: 0.475),
    ]
    cast.groups = [.init(characters: ["Konrad \"K\"", "Aya"], weight: 0.5, images: 2, samples: 50)]
    cast.regularization = [
      .init(
        className: "1boy", target: "image", pairsWith: ["Konrad \"K\""], weight: 0.5, ratio: 1, images: 20,
        generated: 20, samples: 250)
    ]
    cast.losses = [.init(name: "target", weight: 1), .init(name: "cross_prior", weight: 0.25)]
    return cast
  }()

  private static func record(_ text: String, _ more: [String: String] = [:]) -> TrainingRecord {
    TrainingRecord(metadata: more.merging([TrainingRecord.Cast.key: text]) { $1 })
  }

  @Test func whatIsWrittenIsRead() throws {
    #expect(Self.record(Self.cast.text).cast == Self.cast)
    #expect(Self.record(TrainingRecord.Cast().text).cast == TrainingRecord.Cast())
    // The text is what anything else reads too.
    let json = try JSONSerialization.jsonObject(with: Data(Self.cast.text.utf8)) as? [String: Any]
    #expect(json?["schema"] as? Int == 1 && (json?["characters"] as? [Any])?.count == 2)
  }

  @Test func theRecordIsCodable() throws {
    let record = Self.record(Self.cast.text)
    let data = try JSONEncoder().encode(record)
    #expect(try JSONDecoder().decode(TrainingRecord.self, from: data) == record)
    // Records of files without a cast, as older versions wrote them.
    let plain = TrainingRecord(metadata: ["ss_network_dim": "8"])
    let text = String(decoding: try JSONEncoder().encode(plain), as: UTF8.self)
    #expect(!text.contains("\"cast\""))
    #expect(try JSONDecoder().decode(TrainingRecord.self, from: Data(text.utf8)) == plain)
  }

  @Test(arguments: [
    "", "x", "[]", "{}", "{\"schema\":\"1\"}", "{\"schema\":1,\"characters\":{}}",
    "{\"schema\":1,\"characters\":[{\"trigger\":\"a\"}]}", "{\"schema\":1,\"groups\":[7]}",
    "{\"schema\":1,\"regularization\":[\"1boy\"]}",
  ])
  func damagedRecordsAreReported(text: String) {
    let record = Self.record(text)
    #expect(record.cast == nil)
    // What is empty is absent.
    #expect(record.unreadable == (["", "[]", "{}"].contains(text) ? [] : [TrainingRecord.Cast.key]))
  }

  @Test func whatIsAbsentHasDefaults() throws {
    let text =
      "{\"schema\":2,\"characters\":[{\"name\":\"A\",\"new\":1}],\"losses\":{\"x\":1,\"y\":\"z\"},\"later\":[]}"
    let cast = try #require(Self.record(text).cast)
    #expect(cast.characters == [.init(name: "A", trigger: "", className: "", images: 0, samples: 0, share: 0)])
    #expect(cast.losses.map(\.name) == ["x"] && cast.mode == nil && cast.layers.isEmpty)
  }

  @Test func theTrainerIsTroupe() {
    let record = Self.record(Self.cast.text, ["ss_network_module": "networks.lora"])
    #expect(record.identity.trainer == "Troupe 0.1.0")
    #expect(Self.record("{\"schema\":1}").identity.trainer == "Troupe")
    #expect(record.fields.filter { $0.group == "Cast" }.map(\.id).contains("cast_characters"))
    #expect(TrainingRecord(metadata: [:]).fields.isEmpty)
  }

  @Test func triggersAreThoseOfTheCast() {
    let phrase = ["modelspec.trigger_phrase": "konrad_httt, aya_oc"]
    #expect(Self.record(Self.cast.text, phrase).triggerCandidates.map(\.token) == ["aya_oc", "konrad_httt"])
    // Someone wrote another phrase into the file afterwards.
    let other = Self.record(Self.cast.text, ["modelspec.trigger_phrase": "come here"])
    #expect(other.triggerCandidates.map(\.token) == ["aya_oc", "konrad_httt", "come here"])
    var own = Self.cast
    own.file = "Aya"
    #expect(Self.record(own.text, ["modelspec.trigger_phrase": "aya_oc"]).triggerCandidates.map(\.token) == ["aya_oc"])
  }

  @Test func charactersAreComparedAndNotTheirFolders() {
    let folders = [
      "ss_dataset_dirs": #"{"face": {"n_repeats": 1, "img_count": 5}, "body": {"n_repeats": 9, "img_count": 5}}"#
    ]
    func ids(_ cast: TrainingRecord.Cast) -> [String] { Self.record(cast.text, folders).findings().map(\.id) }
    #expect(ids(Self.cast) == [])
    var uneven = Self.cast
    uneven.characters[1].samples = 100
    #expect(ids(uneven) == ["unbalanced-exposure"])
    let text = Self.record(uneven.text, folders).findings().first?.text
    #expect(text?.contains("10.5 times as often as “Aya” (1050 against 100 samples)") == true)
    // Runs that are matched as sd-scripts does have folders for characters.
    var pooled = Self.cast
    pooled.matching = "kohya"
    #expect(ids(pooled) == ["unbalanced-exposure"])
  }

  @Test func oneSummaryOfBucketsIsEnough() {
    let buckets = #"{"buckets": {"0": {"resolution": [512, 512], "count": 7}}}"#
    let sets = "[{\"bucket_info\": \(buckets), \"subsets\": []}]"
    #expect(TrainingRecord(metadata: ["ss_datasets": sets]).data.buckets.map(\.count) == [7])
    let both = TrainingRecord(metadata: ["ss_datasets": sets, "ss_bucket_info": buckets])
    #expect(both.data.buckets.map(\.count) == [7])
  }

  @Test func setsOfACharacter() {
    #expect(Self.cast.regularization(of: "Aya").isEmpty && Self.cast.regularization(of: "Konrad \"K\"").count == 1)
  }

  @Test func timestamps() {
    #expect(PlainText.timestamp(1_709_210_096.9) == "2024-02-29T12:34:56Z")
    #expect(PlainText.timestamp(-1) == nil && PlainText.timestamp(.nan) == nil)
  }
}
