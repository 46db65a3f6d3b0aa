import Testing

@testable import SafeTensors

/// Entries spelled as the reference spells them are read in a way of their own: it must be told from the general one by
/// nothing but its speed.
@Suite struct HeaderSpellingTests {
  /// What a header comes to: its entries, or why it has none.
  private static func outcome(_ json: JSONParser.HeaderRoot) -> String {
    do {
      let entries = try HeaderEntries(json, path: "x")
      return "\(entries.tensors) \(entries.metadata.sorted { $0.key < $1.key }) \(entries.duplicateNames)"
    } catch {
      return error.description
    }
  }

  private static func header(_ text: String) -> String {
    do { return outcome(try JSONParser.header(Array(text.utf8))) } catch {
      return "\(error.reason) \(error.message) at \(error.offset)"
    }
  }

  /// The same text without the quick way.
  private static func general(_ text: String) -> String {
    do {
      let root = try JSONParser.parse(text)
      let members = root.members?.map { JSONParser.HeaderRoot.Member(name: $0.name, value: .json($0.value)) }
      return outcome(members.map { .object($0) } ?? .other(root))
    } catch {
      return "\(error.reason) \(error.message) at \(error.offset)"
    }
  }

  private static let entry = #"{"dtype":"F16","shape":[2,3],"data_offsets":[0,12]}"#

  @Test func theUsualSpellingIsReadAtOnce() throws {
    let root = try JSONParser.header(Array("{\"a\":\(Self.entry)}".utf8))
    guard case .object(let members) = root, case .entry(let entry) = members[0].value else {
      Issue.record("went the general way")
      return
    }
    #expect(entry.dtype == .f16 && entry.shape == [2, 3] && entry.begin == 0 && entry.end == 12)
  }

  @Test(arguments: [
    ("[2,3]", "[]"), ("[2,3]", "[2,3,]"), ("[2,3]", "[2.0,3]"), ("[2,3]", "[-2,3]"), ("[2,3]", "[02,3]"),
    ("[2,3]", "[2e0]"), ("[2,3]", "[18446744073709551615]"), ("[2,3]", "[18446744073709551616]"),
    ("[2,3]", "[1234567890123456789]"), ("[2,3]", "[null]"), ("[2,3]", "2"), ("[2,3]", "[0]"),
    ("F16", "F17"), ("F16", "F1"), ("F16", "F8_E4M3"), ("F16", "F8_E4M3FNUZ"), ("F16", ""), ("F16", "F\\u0031"),
    ("[0,12]", "[0]"), ("[0,12]", "[0,12,13]"), ("[0,12]", "[0,1 2]"), ("[0,12]", "[ 0, 12 ]"), ("[0,12]", "[0,12"),
    ("12]}", "12]},"), ("12]}", "12],\"more\":1}"), ("12]}", "12],\"shape\":[]}"), ("\"shape\"", "\"Shape\""),
    ("{\"dtype\"", "{ \"dtype\""), ("{\"dtype\"", "[\"dtype\""),
  ])
  func bothWaysAgree(_ part: String, _ other: String) {
    let changed = Self.entry.replacingFirst(part, with: other)
    #expect(changed != Self.entry)
    for text in [
      "{\"a\":\(changed)}", "{\"b\":\(Self.entry),\"a\":\(changed)}", "{\"a\":\(Self.entry),\"a\":\(changed)}",
      "{\"__metadata__\":\(changed)}", "{\"__metadata__\":{\"k\":\"v\"},\"a\":\(changed)} x", "\(changed)",
    ] {
      #expect(Self.header(text) == Self.general(text), "\(text)")
    }
  }

  /// Wherever the text ends, for the same reason at the same byte.
  @Test func bothWaysAgreeOnCutTexts() {
    let text = "{\"a\":\(Self.entry)}"
    for count in 0..<text.utf8.count {
      let cut = String(text.prefix(count))
      #expect(Self.header(cut) == Self.general(cut), "\(cut)")
    }
  }
}

extension String {
  fileprivate func replacingFirst(_ part: String, with other: String) -> String {
    guard let place = ranges(of: part).first else { return self }
    return self[..<place.lowerBound] + other + self[place.upperBound...]
  }
}
