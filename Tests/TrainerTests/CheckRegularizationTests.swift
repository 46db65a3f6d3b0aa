import Testing

@testable import Trainer

@Suite struct CheckRegularizationTests {
  private let both = CheckFixture.pictures(0, 12) + CheckFixture.pictures(1, 12)

  private func set(_ className: String, _ more: String) -> String {
    "[[regularization]]\nclass = \"\(className)\"\n\(more)"
  }

  @Test func charactersThatNoSetServes() throws {
    let one = try CheckFixture.check(
      CheckFixture.cast(set("1boy", "images = \"reg\"\npairs_with = [\"Konrad\"]")), both + CheckFixture.pictures(2, 30)
    )
    #expect(one.found("unpaired-regularization").map(\.about) == [["Li'sar"]])
    #expect(one.found("no-regularization").isEmpty && one.found("class-mismatch").isEmpty)
    let none = try CheckFixture.check(CheckFixture.cast(), both)
    let preserved = try CheckFixture.check("[losses]\noutput_preservation = 1\n" + CheckFixture.cast(), both)
    #expect(preserved.found("no-regularization").isEmpty)
    #expect(none.found("no-regularization").count == 1 && none.found("unpaired-regularization").isEmpty)
  }

  @Test func aSetOfAnotherClass() throws {
    let check = try CheckFixture.check(CheckFixture.cast(set("1boy", "target = \"base\"")), both)
    #expect(check.found("class-mismatch").map(\.about) == [["reg 1boy", "Li'sar"]])
    #expect(check.found("unpaired-regularization").isEmpty && check.found("starved-regularization").isEmpty)
    // It uses its characters' pictures.
    #expect(check.members[2].pictures == 24 && check.members[2].samples == 800)
  }

  @Test(arguments: [(3, DatasetCheck.Finding.Severity.warning), (8, .note), (12, nil)])
  func fewPicturesBecomeTheClass(count: Int, severity: DatasetCheck.Finding.Severity?) throws {
    let check = try CheckFixture.check(
      CheckFixture.cast(set("1boy", "images = \"reg\"\npairs_with = [\"Konrad\"]")),
      both + CheckFixture.pictures(2, count))
    #expect(check.found("starved-regularization").map(\.severity) == [severity].compactMap { $0 })
  }

  @Test func aSetThatHardlyComesUp() throws {
    let toml = CheckFixture.cast(set("1boy", "images = \"reg\"\npairs_with = [\"Konrad\"]\nratio = 0.05"))
    let check = try CheckFixture.check(toml, both + CheckFixture.pictures(2, 40))
    #expect(check.found("starved-regularization").map(\.severity) == [.warning])
    let never = toml.replacing("ratio = 0.05", with: "ratio = 0")
    let unused = try CheckFixture.check(never, both + CheckFixture.pictures(2, 40))
    #expect(unused.found("starved-regularization").map(\.severity) == [.problem])
  }

  /// Pictures that are drawn before the run are counted, and nothing is said of files that are not there yet.
  @Test func generatedPicturesAreCounted() throws {
    let check = try CheckFixture.check(
      CheckFixture.cast(set("1boy", "generated = 50\npairs_with = [\"Konrad\"]")), both)
    #expect(check.members[2].pictures == 50 && check.members[2].samples > 500)
    #expect(check.pictures.count == 24 && check.found("missing-caption").isEmpty)
    #expect(check.found("starved-regularization").isEmpty)
  }

  @Test func equalNamesAreNumbered() throws {
    let toml = CheckFixture.cast(
      set("1boy", "target = \"base\"\npairs_with = [\"Konrad\"]") + "\n"
        + set("1boy", "target = \"base\"\npairs_with = [\"Konrad\"]"))
    #expect(
      try CheckFixture.check(toml, both).members.map(\.name) == ["Konrad", "Li'sar", "reg 1boy", "reg 1boy (2)"])
  }
}
