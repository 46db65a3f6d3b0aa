import Foundation
import Testing

@testable import SafeTensors

@Suite("JSON")
struct JSONParserTests {
  @Test(arguments: [
    ("null", JSONValue.null), ("true", .bool(true)), (" false\n", .bool(false)), ("0", .unsigned(0)),
    ("18446744073709551615", .unsigned(.max)), ("-9223372036854775808", .negative(.min)),
    ("-1", .negative(-1)),
    // serde_json has no integer minus zero, and makes floats of whole numbers beyond 64 bits.
    ("-0", .double(-0.0)), ("18446744073709551616", .double(0x1p64)),
    ("-9223372036854775809", .double(-0x1p63)), ("1.0", .double(1)), ("1e2", .double(100)),
    ("1E+2", .double(100)), ("25e-1", .double(2.5)), ("0.1", .double(0.1)),
    ("5e-324", .double(.leastNonzeroMagnitude)),
    ("1e-400", .double(0)), ("1.7976931348623157e308", .double(.greatestFiniteMagnitude)),
    (#""""#, .string("")),
    (#""a\"\\\/\b\f\n\r\tz""#, .string("a\"\\/\u{8}\u{C}\n\r\tz")), (#""\u00e9\u20AC""#, .string("é€")),
    (#""\ud83d\ude00""#, .string("😀")), (#""\u0000""#, .string("\u{0}")),
    ("\"\u{7F}é😀\"", .string("\u{7F}é😀")),
    ("[]", .array([])), ("[ 1 , [ ] ]", .array([.unsigned(1), .array([])])), ("{}", .object([Member]())),
    (
      #"{ "a" : 1 , "a" : 2 }"#,
      .object([.init(name: "a", value: .unsigned(1)), .init(name: "a", value: .unsigned(2))])
    ),
  ])
  func accepted(text: String, value: JSONValue) throws {
    let found = try JSONParser.parse(text)
    #expect(found == value)
    if case .double(let d) = found, case .double(let e) = value { #expect(d.sign == e.sign) }
  }

  typealias Member = JSONValue.Member

  @Test(arguments: [
    "", " ", "nul", "True", "tru e", "+1", "01", "-01", "-", "1.", ".5", "1.e5", "1e", "1e+", "0x10", "1e400",
    "-1e400",
    "NaN", "Infinity", "-Infinity", "'a'", #"""#, #""a"#, #""\"#, #""\x""#, #""\u12""#, #""\u12g4""#,
    #""\U0041""#,
    #""\ud800""#, #""\ud800x""#, #""\ud800\n""#, #""\udc00""#, #""\ud800\ud800""#, #""\ud83d\u0041""#,
    "\"a\nb\"", "\"\t\"",
    "\"\u{0}\"", "[", "[1", "[1,", "[1,]", "[,1]", "[1 2]", "]", "{", "{\"a\"", "{\"a\":", "{\"a\":1",
    "{\"a\":1,",
    "{\"a\":1,}", "{a:1}", "{1:1}", "{\"a\" 1}", "{\"a\":1 \"b\":2}", "{} {}", "1 1", "[1]x", "// c\n1",
    "/**/1", "\u{FEFF}1",
    "\u{A0}1", "1\u{0}", "[1}", "{\"a\":1]",
  ])
  func refused(text: String) throws {
    let error = try #require(throws: JSONParsingError.self) { try JSONParser.parse(text) }
    #expect(error.reason == .syntax)
    #expect(!error.message.isEmpty && (0...text.utf8.count).contains(error.offset))
  }

  @Test(arguments: [("[", "]"), (#"{"a":"#, "}")])
  func depth(open: String, close: String) throws {
    func nested(_ depth: Int) -> String {
      String(repeating: open, count: depth) + "1" + String(repeating: close, count: depth)
    }
    #expect(throws: Never.self) { try JSONParser.parse(nested(127)) }
    let error = try #require(throws: JSONParsingError.self) { try JSONParser.parse(nested(128)) }
    #expect(error.reason == .tooDeep)
    // Depth is how many are open at once, not how many there are.
    let many = "[" + Array(repeating: nested(126), count: 50).joined(separator: ",") + "]"
    #expect(throws: Never.self) { try JSONParser.parse(many) }
    #expect(throws: JSONParsingError.self) { try JSONParser.parse(String(repeating: open, count: 1_000_000)) }
  }

  @Test func readingValues() throws {
    let json = try JSONParser.parse(
      #"{"n":1.5,"i":-3,"w":2.0,"s":"t","b":true,"a":[1],"o":{"k":null},"n":4}"#)
    #expect(json["n"] == .unsigned(4), "the last of a name counts")
    #expect(json["i"]?.int == -3 && json["i"]?.number == -3 && json["w"]?.int == 2 && json["w"]?.number == 2)
    #expect(json["s"]?.string == "t" && json["b"]?.bool == true && json["a"]?.elements == [.unsigned(1)])
    #expect(json["o"]?.members?.map(\.name) == ["k"] && json["o"]?["k"] == .null && json["missing"] == nil)
    #expect(
      json["s"]?.number == nil && json["n"]?.string == nil && json["b"]?.int == nil && json["a"]?["x"] == nil)
    #expect(JSONValue.unsigned(.max).int == nil && JSONValue.double(1.5).int == nil)
  }

  @Test func writing() throws {
    let text = #"{"a":[1,-2,1.5,true,null],"b\"\n":"é\u0001","c":{}}"#
    let value = try JSONParser.parse(text)
    #expect(value.text == text)
    #expect(JSONValue.array([.double(.infinity), .double(.nan)]).text == "[null,null]")
    #expect(JSONValue.object(["b": "2", "a": "1"] as [String: String]).text == #"{"a":"1","b":"2"}"#)
    #expect(
      JSONValue.object(["b": .null, "a": .bool(false)] as KeyValuePairs).text == #"{"b":null,"a":false}"#)
  }

  /// Doubles written and read again are the same.
  @Test func numbersSurviveWriting() throws {
    var random = SeededGenerator(seed: 7)
    for _ in 0..<2000 {
      let number = Double(bitPattern: random.next())
      guard number.isFinite else { continue }
      let back = try #require(try JSONParser.parse(JSONValue.double(number).text).number)
      #expect(back == number)
    }
  }
}
