/// What was wrong with a file, in one sentence: which file, which tensor, which rule, what was found.
public struct SafeTensorsError: Error, Sendable, CustomStringConvertible {
  /// The rule that was broken.
  ///
  /// The raw value is stable and appears in `--json` output.
  public enum Rule: String, Sendable, CaseIterable {
    /// The file cannot be opened or mapped.
    case cannotOpen = "cannot-open"
    /// The file has fewer than 8 bytes, so there is no header length.
    case headerTooSmall = "header-too-small"
    /// The header claims more than 100 MB.
    case headerTooLarge = "header-too-large"
    /// The header is longer than the file.
    case headerLength = "header-length"
    /// The header is not UTF-8.
    case notUTF8 = "not-utf8"
    /// The header is not JSON.
    case notJSON = "not-json"
    /// The header nests more than 127 levels deep.
    case tooDeep = "too-deep"
    /// A header entry has a JSON type other than the format's.
    case wrongType = "wrong-type"
    /// A tensor lacks `dtype`, `shape` or `data_offsets`.
    case missingField = "missing-field"
    /// A field stands twice in one JSON object.
    case duplicateField = "duplicate-field"
    /// The dtype is none of the format's.
    case unknownDType = "unknown-dtype"
    /// Tensors leave a hole, overlap, or end before they begin.
    case offsets = "offsets"
    /// The shape's element or bit count does not fit in 64 bits.
    case overflow = "overflow"
    /// A packed tensor ends in the middle of a byte.
    case misaligned = "misaligned"
    /// The byte range does not have the size that shape and dtype give.
    case sizeMismatch = "size-mismatch"
    /// The tensors do not cover the rest of the file: it is truncated, or has a tail.
    case notCovered = "not-covered"
    /// The file is of another format altogether.
    case foreignFormat = "foreign-format"
    /// The compressed archive is damaged.
    case archive = "archive"
    /// A model in several files does not fit its index: a file or tensor is missing, or elsewhere.
    case shards
    /// An edit of the file was interrupted, or is under way.
    case interrupted
    /// There is no tensor of this name.
    case noSuchTensor = "no-such-tensor"
    /// The dtype has no numeric widening (packed 4/6-bit, E8M0, complex).
    case notNumeric = "not-numeric"
    /// A value is NaN or infinite, or became so when narrowed.
    case nonFinite = "non-finite"
    /// The output exists already and may not be replaced.
    case exists = "exists"
    /// Writing failed: no space, no permission.
    case cannotWrite = "cannot-write"
    /// The writer was handed something other than what it was told to expect.
    case writerMisuse = "writer-misuse"
  }

  /// The file, as the caller named it.
  public var path: String
  /// The broken rule.
  public var rule: Rule
  /// The tensor concerned, when there is one.
  public var tensor: String?
  /// What was found, and what to do where that helps; a clause without a final stop.
  public var detail: String

  /// Creates an error; `detail` is a clause without a final stop.
  public init(path: String, rule: Rule, tensor: String? = nil, detail: String) {
    self.path = path
    self.rule = rule
    self.tensor = tensor
    self.detail = detail
  }

  /// The whole sentence.
  public var description: String {
    let place = tensor.map { "tensor \"\($0.shortened(to: 120))\": " } ?? ""
    return "\(path): \(place)\(detail) [\(rule.rawValue)]"
  }
}

extension String {
  /// The text itself, or its beginning and an ellipsis when it is longer than `count` characters: names come
  /// from files and can be of any length.
  package func shortened(to count: Int) -> String {
    self.count <= count ? self : self.prefix(count - 1) + "…"
  }
}
