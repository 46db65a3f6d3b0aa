package import SafeTensors

/// Metadata values, which hold documents as text.
package enum MetadataText {
  /// The document that a value holds; nil for plain text, and for numbers and words that are also JSON.
  package static func document(_ text: String) -> JSONValue? {
    guard let first = text.trimmed.first, first == "{" || first == "[" else { return nil }
    return LenientJSON.parse(text)
  }
}
