import Testing

@testable import SafeTensors

/// A file that breaks one rule.
struct BrokenFile: CustomTestStringConvertible {
  var rule: SafeTensorsError.Rule
  var tensor: String?
  var bytes: [UInt8]
  /// A part of the message that tells what was found.
  var finding: String

  init(_ rule: SafeTensorsError.Rule, _ tensor: String?, _ header: String, data: Int = 4, _ finding: String) {
    self.init(rule, tensor, bytes: container(header, data: Array(repeating: 0, count: data)), finding)
  }

  init(_ rule: SafeTensorsError.Rule, _ tensor: String? = nil, bytes: [UInt8], _ finding: String) {
    (self.rule, self.tensor, self.bytes, self.finding) = (rule, tensor, bytes, finding)
  }

  var testDescription: String { "\(rule.rawValue): \(finding)" }

  /// One tensor "w" with these JSON values.
  static func entry(_ dtype: String = #""F32""#, _ shape: String = "[1]", _ offsets: String = "[0,4]")
    -> String
  {
    #"{"w":{"dtype":\#(dtype),"shape":\#(shape),"data_offsets":\#(offsets)}}"#
  }

  static let all: [BrokenFile] = [
    BrokenFile(.headerTooSmall, bytes: [], "the file is empty"),
    BrokenFile(.headerTooSmall, bytes: [1, 2, 3, 4, 5, 6, 7], "7 bytes"),
    BrokenFile(.headerTooLarge, bytes: container([], length: 100_000_001), "100000001 bytes"),
    BrokenFile(.headerTooLarge, bytes: container([], length: .max), "18446744073709551615 bytes"),
    BrokenFile(.headerLength, bytes: container(Array("{}".utf8), length: 3), "claims 3 bytes, but only 2"),
    BrokenFile(.notUTF8, bytes: container([0x7B, 0x22, 0xFF, 0x22, 0x7D]), "UTF-8"),
    BrokenFile(.notJSON, nil, "{", "an object's key must be a string at byte 1"),
    BrokenFile(.notJSON, bytes: container([]), "the text ends where a value should stand"),
    BrokenFile(.tooDeep, nil, #"{"w":"# + String(repeating: "[", count: 200), "127 levels"),
    BrokenFile(.wrongType, nil, "[]", "the header is an array"),
    BrokenFile(.wrongType, "w", #"{"w":1}"#, "the entry is a number"),
    BrokenFile(.wrongType, "w", #"{"w":["F32",[1]]}"#, "an array of 2"),
    BrokenFile(.wrongType, "w", BrokenFile.entry("3"), "dtype is a number"),
    BrokenFile(.wrongType, "w", BrokenFile.entry(#""F32""#, "4"), "shape is a number"),
    BrokenFile(
      .wrongType, "w", BrokenFile.entry(#""F32""#, "[-1]"), "shape holds a number that is not a whole"),
    BrokenFile(
      .wrongType, "w", BrokenFile.entry(#""F32""#, "[1.0]"), "shape holds a number that is not a whole"),
    BrokenFile(.wrongType, "w", BrokenFile.entry(#""F32""#, "[1]", "[0,4,4]"), "data_offsets has 3 numbers"),
    BrokenFile(.wrongType, "w", BrokenFile.entry(#""F32""#, "[1]", "[-0,4]"), "data_offsets holds a number"),
    BrokenFile(.wrongType, nil, #"{"__metadata__":{"a":1}}"#, data: 0, "a number under \"a\""),
    BrokenFile(.wrongType, nil, #"{"__metadata__":[]}"#, data: 0, "__metadata__ is an array"),
    BrokenFile(.missingField, "w", #"{"w":{"shape":[1],"data_offsets":[0,4]}}"#, "\"dtype\""),
    BrokenFile(.missingField, "w", #"{"w":{"dtype":"F32","data_offsets":[0,4]}}"#, "\"shape\""),
    BrokenFile(.missingField, "w", #"{"w":{"dtype":"F32","shape":[1]}}"#, "\"data_offsets\""),
    BrokenFile(
      .duplicateField, "w", #"{"w":{"dtype":"F32","dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#,
      "\"dtype\""),
    BrokenFile(
      .duplicateField, nil, #"{"__metadata__":{},"__metadata__":{}}"#, data: 0, "__metadata__ stands twice"),
    BrokenFile(.unknownDType, "w", BrokenFile.entry(#""F128""#), "\"F128\""),
    BrokenFile(.unknownDType, "w", BrokenFile.entry(#""f32""#), "\"f32\""),
    BrokenFile(.offsets, "w", BrokenFile.entry(#""F32""#, "[1]", "[4,8]"), data: 8, "leaves a hole"),
    BrokenFile(
      .offsets, "b", #"{"a":["F32",[1],[0,4]],"b":["F32",[1],[2,6]]}"#, data: 6, "overlaps"),
    BrokenFile(
      .offsets, "b", #"{"a":["F32",[2],[0,8]],"b":["F32",[1],[8,4]]}"#, data: 8, "ends before it begins"),
    BrokenFile(
      .overflow, "w", BrokenFile.entry(#""F32""#, "[4294967296,4294967296]"), "more elements than 64 bits"),
    BrokenFile(
      .overflow, "w", BrokenFile.entry(#""F32""#, "[9223372036854775807]"), "more bits than 64 bits"),
    BrokenFile(.misaligned, "w", BrokenFile.entry(#""F4""#, "[3]", "[0,1]"), data: 1, "3 elements of F4"),
    BrokenFile(
      .misaligned, "w", BrokenFile.entry(#""F6_E2M3""#, "[2]", "[0,2]"), data: 2, "2 elements of F6_E2M3"),
    BrokenFile(
      .sizeMismatch, "w", BrokenFile.entry(#""F32""#, "[2]"), "takes 8 bytes, but data_offsets give 4"),
    BrokenFile(.notCovered, nil, BrokenFile.entry(), data: 3, "promises 4 bytes of tensors, 3 are there"),
    BrokenFile(.notCovered, nil, BrokenFile.entry(), data: 6, "2 bytes follow"),
  ]
}

@Suite("Header rules")
struct HeaderRuleTests {
  @Test(arguments: BrokenFile.all)
  func rule(broken: BrokenFile) throws {
    let folder = try TemporaryFolder()
    let path = try folder.file("broken.safetensors", broken.bytes)
    let error = try #require(throws: SafeTensorsError.self) { try SafeTensorsFile(path: path) }
    #expect(error.rule == broken.rule, "\(error)")
    #expect(error.tensor == broken.tensor)
    #expect(error.path == path)
    #expect(error.description.contains(path))
    #expect(error.description.contains(broken.finding), "\(error)")
    #expect(error.description.hasSuffix("[\(broken.rule.rawValue)]"))
    if let tensor = broken.tensor { #expect(error.description.contains("tensor \"\(tensor)\"")) }
  }

  @Test func everyRuleOfTheHeaderIsCovered() {
    let byHeader: Set<SafeTensorsError.Rule> = [
      .headerTooSmall, .headerTooLarge, .headerLength, .notUTF8, .notJSON, .tooDeep, .wrongType,
      .missingField,
      .duplicateField, .unknownDType, .offsets, .overflow, .misaligned, .sizeMismatch, .notCovered,
    ]
    #expect(Set(BrokenFile.all.map(\.rule)) == byHeader)
  }

  @Test func longNamesAreShortenedInMessages() throws {
    let name = String(repeating: "n", count: 5000)
    let bytes = container(#"{"\#(name)":1}"#)
    let error = try #require(throws: SafeTensorsError.self) {
      try Header(path: "p", fileSize: bytes.count) { Array(bytes[$0]) }
    }
    #expect(error.tensor == name)
    #expect(error.description.count < 300)
  }

  @Test func aRepeatedNameCountsLastAndIsNamed() throws {
    let bytes = container(
      #"{"w":["F32",[1],[0,4]],"v":["U8",[2],[4,6]],"w":["F16",[2],[0,4]]}"#,
      data: .init(repeating: 0, count: 6))
    let header = try Header(path: "p", fileSize: bytes.count) { Array(bytes[$0]) }
    #expect(header.duplicateNames == ["w"])
    #expect(header.tensors.map(\.name) == ["w", "v"])
    #expect(header.tensors[0].dtype == .f16)
  }

  /// The two spellings of é are different names to the format, which compares bytes, and equal strings to Swift.
  @Test func namesAreComparedByTheirBytes() throws {
    let names = ["caf\u{E9}", "cafe\u{301}", "CAF\u{E9}"]
    let entries = names.enumerated().map { #""\#($1)":["U8",[1],[\#($0),\#($0 + 1)]]"# }
    let bytes = container("{\(entries.joined(separator: ","))}", data: [7, 8, 9])
    let header = try Header(path: "p", fileSize: bytes.count) { Array(bytes[$0]) }
    #expect(header.tensors.map { Array($0.name.utf8) } == names.map { Array($0.utf8) })
    #expect(header.duplicateNames.isEmpty)
    let folder = try TemporaryFolder()
    let file = try SafeTensorsFile(path: folder.file("three.safetensors", bytes))
    #expect(try names.map { try file[$0].map { try file.bytes(of: $0) } } == [[7], [8], [9]])
  }
}
