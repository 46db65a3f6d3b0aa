import Foundation
import Testing

@testable import SafeTensors

/// Headers changed as text.
@Suite("Header text")
struct HeaderTextTests {
  private func text(_ json: String) throws -> HeaderText { try HeaderText(Array(json.utf8), path: "f") }
  private func json(_ text: HeaderText) -> String { String(decoding: text.json, as: UTF8.self) }

  /// Order, spaces and escapes of what is not touched stay.
  @Test func untouchedTextStays() throws {
    let spelled =
      #" { "w" : {"dtype":"U8", "shape":[3],"data_offsets":[0,3]} ,"__metadata__": {"a" : "\u0041\/", "b":"x" , "c":"é"}, "v":["U8",[0],[3,3]] }   "#
    var header = try text(spelled)
    #expect(header.names == ["a", "b", "c"])
    #expect(header["a"] == "A/")
    header["b"] = "y\n"
    #expect(
      json(header)
        == #" { "w" : {"dtype":"U8", "shape":[3],"data_offsets":[0,3]} ,"__metadata__": {"a" : "\u0041\/","b":"y\n","c":"é"}, "v":["U8",[0],[3,3]] }"#
    )
    // Set to what it is, a value keeps its spelling.
    header["a"] = "A/"
    #expect(json(header).contains(#""a" : "\u0041\/""#))
  }

  @Test func entriesComeAndGo() throws {
    var header = try text(#"{"__metadata__":{"a":"1","b":"2"},"w":["U8",[1],[0,1]]}"#)
    header["a"] = nil
    header["c"] = "3"
    #expect(json(header) == #"{"__metadata__":{"b":"2","c":"3"},"w":["U8",[1],[0,1]]}"#)
    header["b"] = nil
    header["c"] = nil
    #expect(json(header) == #"{"__metadata__":{},"w":["U8",[1],[0,1]]}"#)
    #expect(header["b"] == nil && header.names.isEmpty)
  }

  @Test(arguments: [
    (#"{"w":["U8",[1],[0,1]]}"#, #"{"__metadata__":{"k":"v"},"w":["U8",[1],[0,1]]}"#),
    ("{}", #"{"__metadata__":{"k":"v"}}"#),
    (#"{"__metadata__":null}"#, #"{"__metadata__":{"k":"v"}}"#), (" { } ", #" {"__metadata__":{"k":"v"} }"#),
  ])
  func headersWithoutMetadata(before: String, after: String) throws {
    var header = try text(before)
    header["k"] = "v"
    #expect(json(header) == after)
    header["k"] = nil
    #expect(header.names.isEmpty)
  }

  @Test func aHeaderWithoutMetadataStaysOne() throws {
    let header = try text(#"{"w":["U8",[1],[0,1]]}  "#)
    #expect(json(header) == #"{"w":["U8",[1],[0,1]]}"#)
    #expect(try json(text("{}")) == "{}")
  }

  /// The last of several counts, as for every reader; setting leaves one.
  @Test func keysThatStandTwice() throws {
    var header = try text(#"{"__metadata__":{"a":"1","b":"2","a":"3"}}"#)
    #expect(header["a"] == "3" && header.names == ["a", "b"])
    header["a"] = "4"
    #expect(json(header) == #"{"__metadata__":{"a":"4","b":"2"}}"#)
  }

  /// Byte by byte, as the format compares keys.
  @Test func keysThatLookAlike() throws {
    var header = try text("{\"__metadata__\":{\"\u{E9}\":\"1\",\"e\u{301}\":\"2\"}}")
    #expect(header.names.count == 2)
    header["e\u{301}"] = nil
    #expect(header["\u{E9}"] == "1")
  }

  @Test func paddingAndLength() throws {
    var header = try text(#"{"__metadata__":{"a":"1"}}      "#)
    let length = 32
    #expect(header.encoded(length: length)?.count == 8 + length)
    header["a"] = String(repeating: "x", count: 40)
    #expect(header.encoded(length: length) == nil)
    let anew = try #require(header.encoded())
    #expect(anew.count % 8 == 0 && anew.count >= 8 + header.json.count + HeaderText.spare)
    #expect(try Header(path: "f", fileSize: anew.count) { Array(anew[$0]) }.metadata["a"]?.count == 40)
  }

  @Test(arguments: ["[]", "", #"{"__metadata__":[]}"#, #"{"__metadata__":{"a":1}}"#])
  func whatIsNoHeader(json: String) throws {
    // `{"__metadata__":[]}` is refused before by Header; here it has no entries at least.
    do throws(SafeTensorsError) {
      let names = try HeaderText(Array(json.utf8), path: "f").names
      #expect(names.isEmpty)
    } catch {
      #expect([.notJSON, .wrongType].contains(error.rule))
    }
  }
}
