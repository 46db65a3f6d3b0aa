/// The header's JSON read as entries: each of the right JSON type, not yet placed in the file.
///
/// The reference decodes through serde with a flattened map, so it accepts some spellings that no writer
/// produces: a tensor as `["F32", [2], [0, 8]]`, a dtype as `{"F32": null}`. They are accepted here too, so
/// that both readers agree on every file.
struct HeaderEntries {
  struct Entry {
    var name: String
    var dtype: DType
    var shape: [UInt64]
    var begin: UInt64
    var end: UInt64
  }

  var metadata: [String: String] = [:]
  var tensors: [Entry] = []
  var duplicateNames: [String] = []
  /// Where the entry of each name stands.
  var places: [ExactName: Int] = [:]

  init(_ root: JSONParser.HeaderRoot, path: String) throws(SafeTensorsError) {
    let members: [JSONParser.HeaderRoot.Member]
    switch root {
    case .object(let found): members = found
    case .other(let value):
      throw SafeTensorsError(path: path, rule: .wrongType, detail: "the header is \(value.kind), not a JSON object")
    }
    var metadataSeen = false
    tensors.reserveCapacity(members.count)
    places.reserveCapacity(members.count)
    for member in members {
      if member.name == "__metadata__" {
        guard !metadataSeen else {
          throw SafeTensorsError(path: path, rule: .duplicateField, detail: "__metadata__ stands twice in the header")
        }
        metadataSeen = true
        metadata = try Self.metadata(member.value.json, path: path)
        continue
      }
      let entry: Entry
      switch member.value {
      case .entry(let read): entry = read
      case .json(let value): entry = try Self.entry(member.name, value, path: path)
      }
      let name = ExactName(member.name)
      if let place = places.updateValue(tensors.count, forKey: name) {
        // The last one wins; keep positions stable by replacing in place.
        tensors[place] = entry
        places[name] = place
        duplicateNames.append(member.name)
      } else {
        tensors.append(entry)
      }
    }
  }

  private static func metadata(_ value: JSONValue, path: String) throws(SafeTensorsError) -> [String: String] {
    switch value {
    case .null: return [:]
    case .object(let members):
      var result: [String: String] = [:]
      for member in members {
        guard case .string(let text) = member.value else {
          throw SafeTensorsError(
            path: path, rule: .wrongType,
            detail:
              "__metadata__ holds \(member.value.kind) under \"\(member.name.shortened(to: 60))\"; the format allows only strings"
          )
        }
        result[member.name] = text
      }
      return result
    default:
      throw SafeTensorsError(
        path: path, rule: .wrongType, detail: "__metadata__ is \(value.kind), not an object of strings")
    }
  }

  private static func entry(_ name: String, _ value: JSONValue, path: String) throws(SafeTensorsError) -> Entry {
    func broken(_ rule: SafeTensorsError.Rule, _ detail: String) -> SafeTensorsError {
      SafeTensorsError(path: path, rule: rule, tensor: name, detail: detail)
    }
    // Three variables and no dictionary: a library of LoRAs has millions of entries.
    var (dtypeValue, shapeValue, offsetsValue): (JSONValue?, JSONValue?, JSONValue?)
    func set(_ slot: inout JSONValue?, _ member: JSONValue.Member) throws(SafeTensorsError) {
      guard slot == nil else { throw broken(.duplicateField, "the field \"\(member.name)\" stands twice") }
      slot = member.value
    }
    switch value {
    case .object(let members):
      for member in members {
        switch member.name {
        case "dtype": try set(&dtypeValue, member)
        case "shape": try set(&shapeValue, member)
        case "data_offsets": try set(&offsetsValue, member)
        default: break
        }
      }
    case .array(let elements):
      guard elements.count == 3 else {
        throw broken(.wrongType, "the entry is an array of \(elements.count), not of dtype, shape and data_offsets")
      }
      (dtypeValue, shapeValue, offsetsValue) = (elements[0], elements[1], elements[2])
    default: throw broken(.wrongType, "the entry is \(value.kind), not an object with dtype, shape and data_offsets")
    }
    func field(_ name: String, _ value: JSONValue?) throws(SafeTensorsError) -> JSONValue {
      guard let value else { throw broken(.missingField, "the field \"\(name)\" is missing") }
      return value
    }
    let dtypeName = try Self.dtypeName(field("dtype", dtypeValue), broken)
    guard let dtype = Self.dtypes[dtypeName] else {
      throw broken(.unknownDType, "dtype \"\(dtypeName.shortened(to: 40))\" is none of the format's")
    }
    let shape = try Self.sizes(field("shape", shapeValue), "shape", broken)
    let offsets = try Self.sizes(field("data_offsets", offsetsValue), "data_offsets", broken)
    guard offsets.count == 2 else {
      throw broken(.wrongType, "data_offsets has \(offsets.count) numbers, not 2")
    }
    return Entry(name: name, dtype: dtype, shape: shape, begin: offsets[0], end: offsets[1])
  }

  /// The formats by name; the raw value's own search compares with one name after the other.
  private static let dtypes = Dictionary(uniqueKeysWithValues: DType.allCases.map { ($0.rawValue, $0) })

  private static func dtypeName(
    _ value: JSONValue, _ broken: (SafeTensorsError.Rule, String) -> SafeTensorsError
  ) throws(SafeTensorsError) -> String {
    switch value {
    case .string(let name): return name
    case .object(let members) where members.count == 1 && members[0].value == .null:
      return members[0].name
    default: throw broken(.wrongType, "dtype is \(value.kind), not a string")
    }
  }

  private static func sizes(
    _ value: JSONValue, _ field: String, _ broken: (SafeTensorsError.Rule, String) -> SafeTensorsError
  ) throws(SafeTensorsError) -> [UInt64] {
    guard case .array(let elements) = value else {
      throw broken(.wrongType, "\(field) is \(value.kind), not an array")
    }
    var sizes: [UInt64] = []
    sizes.reserveCapacity(elements.count)
    for element in elements {
      guard case .unsigned(let size) = element else {
        throw broken(.wrongType, "\(field) holds \(element.kind) that is not a whole number from 0 to 2^64 - 1")
      }
      sizes.append(size)
    }
    return sizes
  }
}
