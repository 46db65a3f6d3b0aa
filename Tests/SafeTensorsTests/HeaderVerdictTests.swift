import Foundation
import Testing

@testable import SafeTensors

/// What the reference reader (safetensors 0.8.0) says to one container.
struct HeaderVerdict {
  var name: String
  var bytes: [UInt8]
  var isAccepted: Bool
  var metadata: [String: String]
  var tensors: [Tensor]

  struct Tensor {
    var name: String
    var dtype: String
    var shape: [Int]
    var data: [UInt8]
  }

  /// All cases by what they are about: the part of the name before the colon.
  static let all: [String: [HeaderVerdict]] = {
    guard let data = FileManager.default.contents(atPath: Fixtures.path("header_verdicts.json")),
      let cases = try? JSONParser.parse(Array(data)).elements?.compactMap({ HeaderVerdict($0) })
    else { return [:] }
    return Dictionary(grouping: cases) { $0.name.split(separator: ":").first.map(String.init) ?? "" }
  }()

  /// Reads a case; nil when a field is missing.
  ///
  /// Not with Foundation's decoder: it takes two names that are equal
  /// strings of different bytes for one.
  init?(_ json: JSONValue) {
    guard let name = json["name"]?.string, let verdict = json["verdict"]?.string,
      let bytes = json["bytes_base64"].flatMap(Self.data)
    else { return nil }
    (self.name, self.bytes, isAccepted) = (name, bytes, verdict == "ok")
    metadata = [:]
    for member in json["metadata"]?.members ?? [] { metadata[member.name] = member.value.string }
    tensors = []
    for member in json["tensors"]?.members ?? [] {
      guard let list = member.value.elements, list.count == 3, let dtype = list[0].string,
        let shape = list[1].elements, let data = Self.data(list[2])
      else { return nil }
      // Dimensions beyond Int.max, possible only without elements, are documented to be cut there.
      tensors.append(.init(name: member.name, dtype: dtype, shape: shape.map { $0.int ?? .max }, data: data))
    }
  }

  private static func data(_ json: JSONValue) -> [UInt8]? {
    json.string.flatMap { Data(base64Encoded: $0) }.map { Array($0) }
  }
}

@Suite("Verdicts of the reference reader")
struct HeaderVerdictTests {
  @Test func theFixtureIsWhole() {
    let cases = HeaderVerdict.all.values.joined()
    #expect(cases.count == 1111)
    #expect(cases.count { $0.isAccepted } == 239)
  }

  @Test(arguments: HeaderVerdict.all.keys.sorted())
  func agree(subject: String) throws {
    for verdict in HeaderVerdict.all[subject] ?? [] {
      let bytes = verdict.bytes
      let header: Header
      do {
        header = try Header(path: "a file", fileSize: bytes.count) { Array(bytes[$0]) }
      } catch {
        #expect(!verdict.isAccepted, "\(verdict.name): \(error)")
        #expect(error.description.hasPrefix("a file: "))
        continue
      }
      guard verdict.isAccepted else {
        Issue.record("\(verdict.name): accepted, the reference refuses it")
        continue
      }
      compare(header, verdict, bytes)
    }
  }

  private func compare(_ header: Header, _ verdict: HeaderVerdict, _ bytes: [UInt8]) {
    let name = verdict.name
    #expect(header.metadata == verdict.metadata, "\(name)")
    #expect(header.tensors.count == verdict.tensors.count, "\(name)")
    for expected in verdict.tensors {
      let tensor = header.tensors.first { $0.name.utf8.elementsEqual(expected.name.utf8) }
      guard let tensor else {
        Issue.record("\(name): no tensor \(expected.name)")
        continue
      }
      #expect(tensor.dtype.rawValue == expected.dtype, "\(name)")
      #expect(tensor.shape == expected.shape, "\(name)")
      let data = bytes[
        header.dataStart + tensor.range.lowerBound..<header.dataStart + tensor.range.upperBound]
      #expect(Array(data) == expected.data, "\(name)")
    }
  }
}

@Suite(
  "Collected malformed files",
  .enabled(if: Fixtures.isShared("malformed/index.json"), Fixtures.sharedIsAbsent))
struct MalformedFileTests {
  private struct Entry: Decodable {
    var file: String
    var bytes: Int
    var reference_deserialize: String
  }

  @Test func sameVerdicts() throws {
    let folder = Fixtures.shared.appending(path: "malformed")
    let entries = try JSONDecoder().decode(
      [Entry].self, from: Data(contentsOf: folder.appending(path: "index.json")))
    #expect(entries.count == 64)
    for entry in entries {
      let path = folder.appending(path: entry.file).path(percentEncoded: false)
      do {
        let file = try SafeTensorsFile(path: path)
        #expect(entry.reference_deserialize == "ok", "\(entry.file): accepted")
        #expect(file.size == entry.bytes)
      } catch {
        #expect(entry.reference_deserialize != "ok", "\(error)")
        #expect(error.description.contains(path))
      }
    }
  }
}
