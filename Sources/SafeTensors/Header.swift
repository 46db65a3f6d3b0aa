/// The header of a safetensors file, checked by the rules of the reference implementation 0.8.0.
public struct Header: Sendable {
  /// The tensors in the order of their data.
  public let tensors: [TensorInfo]
  /// The `__metadata__` entries; empty when there are none.
  public let metadata: [String: String]
  /// The names that stand more than once in the header; the last entry counts, as in the reference.
  public let duplicateNames: [String]
  /// Where the data begin: 8 bytes of length, then the header.
  public let dataStart: Int
  /// Where each tensor stands in ``tensors``.
  let places: [ExactName: Int]

  /// The largest header the format allows, in bytes.
  public static let largest = 100_000_000
}

extension Header {
  /// Takes checked parts.
  /// - Parameter places: where each tensor stands, if that is known.
  init(
    tensors: [TensorInfo], metadata: [String: String], duplicateNames: [String], dataStart: Int,
    places: [ExactName: Int]? = nil
  ) {
    (self.tensors, self.metadata) = (tensors, metadata)
    (self.duplicateNames, self.dataStart) = (duplicateNames, dataStart)
    self.places =
      places
      ?? Dictionary(
        tensors.indices.map { (ExactName(tensors[$0].name), $0) }, uniquingKeysWith: { _, last in last })
  }

  /// Decodes and checks the header of a file of `fileSize` bytes.
  ///
  /// - Parameters:
  ///   - path: how errors name the file.
  ///   - fileSize: the whole file's size in bytes.
  ///   - read: lends a range of the file's bytes.
  /// - Throws: ``SafeTensorsError`` with the first rule that is broken, in the reference's order.
  package init(
    path: String, fileSize: Int, read: (Range<Int>) throws(SafeTensorsError) -> [UInt8]
  ) throws(SafeTensorsError) {
    guard fileSize >= 8 else {
      throw SafeTensorsError(
        path: path, rule: .headerTooSmall,
        detail: fileSize == 0
          ? "the file is empty: the download or copy did not happen, fetch it again"
          : "the file has \(fileSize) bytes, fewer than the 8 of a header length")
    }
    let length = try read(0..<8).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    guard length <= UInt64(Header.largest) else {
      throw SafeTensorsError(
        path: path, rule: .headerTooLarge,
        detail: "the header claims \(length) bytes, more than the 100 MB the format allows")
    }
    let end = 8 + Int(length)
    guard end <= fileSize else {
      throw SafeTensorsError(
        path: path, rule: .headerLength,
        detail: "the header claims \(length) bytes, but only \(fileSize - 8) follow; the file is cut off")
    }
    let bytes = try read(8..<end)
    guard String(validating: bytes, as: UTF8.self) != nil else {
      throw SafeTensorsError(path: path, rule: .notUTF8, detail: "the header is not UTF-8 text")
    }
    let root: JSONParser.HeaderRoot
    do {
      root = try JSONParser.header(bytes)
    } catch {
      throw SafeTensorsError(
        path: path, rule: error.reason == .tooDeep ? .tooDeep : .notJSON,
        detail: "the header is not JSON: \(error.message) at byte \(error.offset)")
    }
    let entries = try HeaderEntries(root, path: path)
    // Writers mostly list tensors in the order of their data; then there is nothing to sort.
    let isSorted = zip(entries.tensors, entries.tensors.dropFirst()).allSatisfy { $0.begin < $1.begin }
    let sorted =
      isSorted ? entries.tensors : entries.tensors.sorted { ($0.begin, $0.end, $0.name) < ($1.begin, $1.end, $1.name) }
    self.init(
      tensors: try Self.placed(sorted, path: path, available: fileSize - end), metadata: entries.metadata,
      duplicateNames: entries.duplicateNames, dataStart: end, places: isSorted ? entries.places : nil)
  }

  /// Checks that entries in the order of their places tile the data exactly.
  private static func placed(
    _ sorted: [HeaderEntries.Entry], path: String, available: Int
  ) throws(SafeTensorsError) -> [TensorInfo] {
    var start: UInt64 = 0
    var tensors: [TensorInfo] = []
    tensors.reserveCapacity(sorted.count)
    for entry in sorted {
      func broken(_ rule: SafeTensorsError.Rule, _ detail: String) -> SafeTensorsError {
        SafeTensorsError(path: path, rule: rule, tensor: entry.name, detail: detail)
      }
      guard entry.begin == start, entry.end >= entry.begin else {
        let what =
          entry.end < entry.begin ? "ends before it begins" : entry.begin > start ? "leaves a hole" : "overlaps"
        throw broken(
          .offsets, "data_offsets [\(entry.begin), \(entry.end)] \(what): the data before it end at byte \(start)")
      }
      start = entry.end
      var elements: UInt64 = 1
      for size in entry.shape {
        let (product, overflow) = elements.multipliedReportingOverflow(by: size)
        guard !overflow else {
          throw broken(.overflow, "the shape \(entry.shape) has more elements than 64 bits can count")
        }
        elements = product
      }
      let (bits, overflow) = elements.multipliedReportingOverflow(by: UInt64(entry.dtype.bitWidth))
      guard !overflow else {
        throw broken(
          .overflow, "the shape \(entry.shape) in \(entry.dtype.rawValue) has more bits than 64 bits can count")
      }
      guard bits % 8 == 0 else {
        throw broken(.misaligned, "\(elements) elements of \(entry.dtype.rawValue) do not end on a whole byte")
      }
      guard entry.end - entry.begin == bits / 8 else {
        throw broken(
          .sizeMismatch,
          "shape \(entry.shape) in \(entry.dtype.rawValue) takes \(bits / 8) bytes, but data_offsets give \(entry.end - entry.begin)"
        )
      }
      tensors.append(
        TensorInfo(
          name: entry.name, dtype: entry.dtype, shape: entry.shape.map { Int(clamping: $0) },
          // Both ends fit: they are sums of sizes below 2^61, and a wrapped sum breaks the tiling rule.
          range: Int(clamping: entry.begin)..<Int(clamping: entry.end)))
    }
    guard start == UInt64(available) else {
      throw SafeTensorsError(
        path: path, rule: .notCovered,
        detail: start > UInt64(available)
          ? "the file is truncated: its header promises \(start) bytes of tensors, \(available) are there; download it again"
          : "\(UInt64(available) - start) bytes follow the last tensor; the format allows none")
    }
    return tensors
  }
}
