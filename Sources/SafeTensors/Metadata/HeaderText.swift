/// The header of a file as the text it is, of which metadata entries alone are changed.
///
/// Everything else keeps its bytes: the tensors' entries with their order and spelling, and every metadata entry that is
/// not set anew, with its escapes and spaces.
package struct HeaderText: Sendable, Equatable {
  private struct Entry: Sendable, Equatable {
    var name: ExactName
    /// `"name": "value"` as it stands.
    var text: [UInt8]
    var value: String
  }

  /// The text before the metadata's object, and the text behind it without the padding.
  private let head: [UInt8]
  private let tail: [UInt8]
  private var entries: [Entry]
  /// Whether the header had metadata at all, so that none need be written where there are none.
  private let hadMetadata: Bool

  /// Bytes that a header which is written anew keeps free for later edits, at least.
  package static let spare = 4096

  /// Takes a header's JSON apart.
  ///
  /// - Parameters:
  ///   - json: the header without its length, padding included; it has been read as a ``Header`` before.
  ///   - path: the file, for errors.
  /// - Throws: ``SafeTensorsError`` with rule `notJSON` or `wrongType` for what is no header after all.
  package init(_ json: [UInt8], path: String) throws(SafeTensorsError) {
    func failure(_ rule: SafeTensorsError.Rule, _ detail: String) -> SafeTensorsError {
      SafeTensorsError(path: path, rule: rule, detail: detail)
    }
    guard let root = JSONSpans(json, from: 0) else { throw failure(.notJSON, "the header is not a JSON object") }
    let end = json.lastIndex { ![0x20, 0x09, 0x0A, 0x0D].contains($0) }.map { $0 + 1 } ?? json.count
    func text(_ range: Range<Int>) -> String? { (try? JSONParser.parse(Array(json[range])))?.string }
    guard let member = root.members.first(where: { text($0.key) == "__metadata__" }) else {
      let start = json.firstIndex(of: UInt8(ascii: "{")).map { $0 + 1 } ?? 0
      head = json[..<start] + Array("\"__metadata__\":".utf8)
      tail = (root.members.isEmpty ? [] : [UInt8(ascii: ",")]) + json[start..<end]
      entries = []
      hadMetadata = false
      return
    }
    head = Array(json[..<member.value.lowerBound])
    tail = Array(json[member.value.upperBound..<end])
    hadMetadata = true
    guard json[member.value.lowerBound] == UInt8(ascii: "{") else {
      entries = []
      return
    }
    guard let metadata = JSONSpans(json, from: member.value.lowerBound) else {
      throw failure(.wrongType, "__metadata__ is not an object of strings")
    }
    entries = []
    for member in metadata.members {
      guard let name = text(member.key), let value = text(member.value) else {
        throw failure(.wrongType, "__metadata__ holds something other than strings")
      }
      entries.append(
        Entry(
          name: ExactName(name), text: Array(json[member.key.lowerBound..<member.value.upperBound]), value: value))
    }
  }

  /// The metadata's keys in the file's order, each once.
  package var names: [String] {
    var seen = Set<ExactName>()
    return entries.map(\.name).filter { seen.insert($0).inserted }.map(\.text)
  }

  /// A value; of one that stands twice the last, as in the reference.
  ///
  /// Set to nil, all entries of the name are removed. A value that is set to what it is keeps its text.
  package subscript(_ name: String) -> String? {
    get { entries.last { $0.name == ExactName(name) }?.value }
    set {
      let key = ExactName(name)
      guard let newValue else {
        entries.removeAll { $0.name == key }
        return
      }
      // Strings that differ in bytes alone are equal to Swift; here they are not.
      if let old = self[name], old.utf8.elementsEqual(newValue.utf8) { return }
      var text: [UInt8] = []
      text.appendJSON(name)
      text.append(UInt8(ascii: ":"))
      text.appendJSON(newValue)
      let entry = Entry(name: key, text: text, value: newValue)
      if let place = entries.firstIndex(where: { $0.name == key }) {
        entries[place] = entry
        // What counted before was the last of them.
        var isFirst = true
        entries.removeAll {
          guard $0.name == key else { return false }
          defer { isFirst = false }
          return !isFirst
        }
      } else {
        entries.append(entry)
      }
    }
  }

  /// The header's JSON without padding.
  package var json: [UInt8] {
    guard hadMetadata || !entries.isEmpty else {
      // Nothing was there and nothing came: the text as it was, without the place for metadata.
      let start = head.count - "\"__metadata__\":".utf8.count
      return Array(head[..<start]) + tail.drop { $0 == UInt8(ascii: ",") }
    }
    let inner = Array(entries.map(\.text).joined(separator: [UInt8(ascii: ",")]))
    return head + [UInt8(ascii: "{")] + inner + [UInt8(ascii: "}")] + tail
  }

  /// The header as it stands in a file: length, JSON, padding.
  ///
  /// - Parameter length: the length of the JSON with its padding; nil for one that leaves ``spare`` bytes free and a
  ///   multiple of 8, where tensors begin well.
  /// - Returns: nil where the JSON is longer than that, or longer than the format allows.
  package func encoded(length: Int? = nil) -> [UInt8]? {
    let json = json
    let length = length ?? min(Header.largest, (json.count + Self.spare + 7) / 8 * 8)
    guard json.count <= length, length <= Header.largest else { return nil }
    return (0..<8).map { UInt8(truncatingIfNeeded: UInt64(length) >> (8 * $0)) } + json
      + Array(repeating: UInt8(ascii: " "), count: length - json.count)
  }
}
