/// Under which key and in which form a parameter stands in a file.
struct StoredName: Sendable, Hashable {
  /// How the stored numbers relate to the parameter's.
  enum Form: Sendable, Hashable {
    /// The same matrix, vector or kernel.
    case plain
    /// One third of the rows: 0 is the query, 1 the key, 2 the value.
    case third(Int)
    /// A matrix stored as `[in, out]`.
    case transposed
    /// A matrix stored as a convolution of kernel 1.
    case pointwise
  }

  /// The tensor's key.
  var key: String
  /// The form.
  var form: Form = .plain

  /// The shape of the stored tensor for a parameter of this shape.
  func storedShape(_ shape: [Int]) -> [Int] {
    switch form {
    case .plain: shape
    case .third: shape.enumerated().map { $0.offset == 0 ? 3 * $0.element : $0.element }
    case .transposed: shape.reversed()
    case .pointwise: shape.count == 2 ? shape + [1, 1] : shape
    }
  }

  /// The shape of the parameter in a stored tensor of this shape; `nil` where the form does not fit it.
  func parameterShape(_ stored: [Int]) -> [Int]? {
    switch form {
    case .plain, .pointwise: return stored
    case .third:
      guard let rows = stored.first, rows % 3 == 0 else { return nil }
      return [rows / 3] + stored.dropFirst()
    case .transposed: return stored.count == 2 ? stored.reversed() : nil
    }
  }
}

extension [Int] {
  /// Without the trailing ones that turn a matrix into a kernel of width 1: both hold the same numbers.
  private var withoutOnes: ArraySlice<Int> {
    var sizes = self[...]
    while sizes.count > 2, sizes.last == 1 { sizes.removeLast() }
    return sizes
  }

  /// Whether a tensor of this shape is the same numbers in the same order as one of `other`.
  func holds(_ other: [Int]) -> Bool {
    self == other || count > 1 && other.count > 1 && withoutOnes == other.withoutOnes
  }
}

/// Names that several versions of diffusers and transformers write differently.
enum CanonicalName {
  private static let oldAttention = [
    ".query.": ".to_q.", ".key.": ".to_k.", ".value.": ".to_v.", ".proj_attn.": ".to_out.0.",
  ]

  /// The name by which this package knows a parameter.
  ///
  /// Text encoders have their first level `text_model` everywhere but in files of transformers 5; the attention of a VAE
  /// was named otherwise before diffusers 0.17.
  static func of(_ part: NetworkPart, _ name: String) -> String {
    switch part {
    case .unet: return name
    case .textEncoder1, .textEncoder2:
      return name.hasPrefix("text_model.") || name.hasPrefix("text_projection.") ? name : "text_model.\(name)"
    case .vae:
      guard name.contains("mid_block.attentions.") else { return name }
      for (old, new) in oldAttention {
        if let place = name.firstRange(of: old) { return name.replacingCharacters(in: place, with: new) }
      }
      return name
    }
  }
}

extension String {
  fileprivate func firstRange(of text: String) -> Range<String.Index>? {
    var start = startIndex
    while start < endIndex {
      if self[start...].hasPrefix(text) { return start..<index(start, offsetBy: text.count) }
      start = index(after: start)
    }
    return nil
  }

  fileprivate func replacingCharacters(in range: Range<String.Index>, with text: String) -> String {
    var copy = self
    copy.replaceSubrange(range, with: text)
    return copy
  }
}
