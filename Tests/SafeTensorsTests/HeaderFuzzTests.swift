import Foundation
import Testing

@testable import SafeTensors

/// Spoils sound containers, in their bytes and in their structure.
struct Mutator {
  var random: SeededGenerator

  /// A container that may or may not be sound still.
  mutating func container() -> [UInt8] {
    let source = RandomFile(seed: random.next())
    let tensors = Header.written(source.tensors.map(\.0))
    var bytes = Header.encoded(tensors: tensors, metadata: source.metadata)
    var header = Array(bytes[8...])
    var size = tensors.last?.range.upperBound ?? 0
    for _ in 0..<Int.random(in: 0...3, using: &random) { spoil(&header, &size) }
    // A length that fits, in most cases: else nothing behind it is reached.
    var length = UInt64(header.count)
    switch Int.random(in: 0..<24, using: &random) {
    case 0: length = random.next()
    case 1: length &+= UInt64.random(in: 0...3, using: &random)
    case 2: length &-= UInt64.random(in: 0...3, using: &random)
    default: break
    }
    bytes = (0..<8).map { UInt8(truncatingIfNeeded: length >> (8 * $0)) } + header
    bytes += Array(repeating: 0x5A, count: max(0, size))
    if Int.random(in: 0..<40, using: &random) == 0 {
      bytes = Array(bytes.prefix(Int.random(in: 0...bytes.count, using: &random)))
    }
    return bytes
  }

  private mutating func spoil(_ header: inout [UInt8], _ size: inout Int) {
    guard !header.isEmpty else { return }
    let at = Int.random(in: header.indices, using: &random)
    switch Int.random(in: 0..<10, using: &random) {
    case 0: header[at] ^= 1 << UInt8.random(in: 0..<8, using: &random)
    case 1: header[at] = UInt8.random(in: 0...255, using: &random)
    case 2: header.insert(Array("{}[]\":,0123456789-eE. \\u".utf8).randomElement(using: &random) ?? 0, at: at)
    case 3: header.removeSubrange(at..<min(header.count, at + Int.random(in: 1...4, using: &random)))
    case 4: header.insert(contentsOf: header[at..<min(header.count, at + 40)], at: at)
    case 5: size += Int.random(in: -8...8, using: &random)
    case 6: replaceNumber(&header, after: at)
    case 7:
      let names = DType.allCases.map(\.rawValue)
      let (old, new) = (names.randomElement(using: &random) ?? "", names.randomElement(using: &random) ?? "")
      replaceText(&header, "\"\(old)\"", "\"\(new)\"")
    case 8:
      let fields = [
        "\"dtype\"", "\"shape\"", "\"data_offsets\"", "\"__metadata__\"", "\"F32\"", "null", "[]", "{}",
        "[0,0]",
      ]
      replaceText(
        &header, fields.randomElement(using: &random) ?? "", fields.randomElement(using: &random) ?? "")
    default: addEmptyTensor(&header, size)
    }
  }

  /// A number becomes another: a near one, a huge one, or no whole number.
  private mutating func replaceNumber(_ header: inout [UInt8], after at: Int) {
    let digits = UInt8(ascii: "0")...UInt8(ascii: "9")
    guard let start = header[at...].firstIndex(where: { digits.contains($0) }) else { return }
    let end = header[start...].firstIndex { !digits.contains($0) } ?? header.count
    let old = Int(String(decoding: header[start..<end], as: UTF8.self)) ?? 0
    let new = [
      "\(old &+ 1)", "\(max(0, old &- 1))", "0", "\(old).0", "-\(old)", "18446744073709551615",
      "9223372036854775808",
      "4294967296", "1e3", "0\(old)", "[\(old)]",
    ]
    header.replaceSubrange(start..<end, with: Array((new.randomElement(using: &random) ?? "").utf8))
  }

  private func replaceText(_ header: inout [UInt8], _ old: String, _ new: String) {
    let text = String(decoding: header, as: UTF8.self)
    guard let range = text.firstRange(of: old) else { return }
    header = Array(text.replacingCharacters(in: range, with: new).utf8)
  }

  /// A tensor without elements fits anywhere between two others.
  private mutating func addEmptyTensor(_ header: inout [UInt8], _ size: Int) {
    guard header.first == UInt8(ascii: "{"), header.count > 8 else { return }
    let place = [0, size, size / 2].randomElement(using: &random) ?? 0
    let shape =
      ["[0]", "[0,18446744073709551615]", "[4294967296,2147483648,0]", "[3,0,5]"].randomElement(
        using: &random) ?? ""
    header.insert(
      contentsOf: Array(#""x":{"dtype":"F4","shape":\#(shape),"data_offsets":[\#(place),\#(place)]},"#.utf8),
      at: 1)
  }
}

@Suite("Spoiled headers")
struct HeaderFuzzTests {
  static func number(_ name: String) -> Double? {
    ProcessInfo.processInfo.environment[name].flatMap(Double.init)
  }

  /// Runs for TROUPE_FUZZ_SECONDS (1 unless told) from TROUPE_FUZZ_SEED (another one each time unless told).
  @Test func whateverIsAcceptedTilesTheData() {
    let seconds = Self.number("TROUPE_FUZZ_SECONDS") ?? 1
    let seed = Self.number("TROUPE_FUZZ_SEED").map { UInt64($0) } ?? UInt64.random(in: 0..<1 << 32)
    var mutator = Mutator(random: SeededGenerator(seed: seed))
    var rules: [SafeTensorsError.Rule: Int] = [:]
    var accepted = 0
    let start = ContinuousClock.now
    while ContinuousClock.now - start < .seconds(seconds) || accepted < 20 {
      let bytes = mutator.container()
      do {
        let header = try Header(path: "f", fileSize: bytes.count) { Array(bytes[$0]) }
        accepted += 1
        if let fault = Self.fault(header, fileSize: bytes.count) {
          Issue.record("seed \(seed): \(fault) in \(bytes)")
          return
        }
      } catch {
        rules[error.rule, default: 0] += 1
      }
    }
    let refused = rules.values.reduce(0, +)
    print(
      "Spoiled headers: seed \(seed), \(accepted) accepted, \(refused) refused, by rule \(rules.map { "\($0.key.rawValue) \($0.value)" }.sorted())"
    )
    #expect(refused > 0)
  }

  /// What is wrong with an accepted header; nil when nothing is.
  static func fault(_ header: Header, fileSize: Int) -> String? {
    guard (8...fileSize).contains(header.dataStart) else { return "data start at \(header.dataStart)" }
    var end = 0
    var names = Set<[UInt8]>()
    for tensor in header.tensors {
      guard tensor.range.lowerBound == end else { return "\(tensor) does not begin at \(end)" }
      end = tensor.range.upperBound
      guard names.insert(Array(tensor.name.utf8)).inserted else { return "\(tensor) is there twice" }
      let (bits, overflow) = tensor.count.multipliedReportingOverflow(by: tensor.dtype.bitWidth)
      guard !overflow, bits == tensor.range.count * 8 else { return "\(tensor) has another size" }
    }
    return end == fileSize - header.dataStart
      ? nil : "the data end at \(end) of \(fileSize - header.dataStart)"
  }

  /// The check itself notices what it is for.
  @Test func faultsAreNoticed() throws {
    let bytes = container(#"{"a":["U8",[2],[0,2]],"b":["U8",[1],[2,3]]}"#, data: [1, 2, 3])
    let header = try Header(path: "f", fileSize: bytes.count) { Array(bytes[$0]) }
    #expect(Self.fault(header, fileSize: bytes.count) == nil)
    #expect(Self.fault(header, fileSize: bytes.count + 1) != nil)
  }
}
