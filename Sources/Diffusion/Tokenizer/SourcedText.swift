/// A scalar and the bytes of the source text that it stands for.
struct SourcedScalar: Sendable, Equatable {
  var scalar: Unicode.Scalar
  /// Where its source starts and ends, in bytes of UTF-8.
  var lower: Int
  var upper: Int

  init(_ scalar: Unicode.Scalar, _ lower: Int, _ upper: Int) {
    self.scalar = scalar
    self.lower = lower
    self.upper = upper
  }
}

/// A text whose scalars remember where they came from, through unescaping and normalisation.
struct SourcedText: Sendable, Equatable {
  var scalars: [SourcedScalar] = []

  init(_ scalars: some Sequence<SourcedScalar> = []) { self.scalars = Array(scalars) }

  init(_ text: String) {
    scalars.reserveCapacity(text.utf8.count)
    var at = 0
    for scalar in text.unicodeScalars {
      let end = at + UTF8.width(scalar)
      scalars.append(SourcedScalar(scalar, at, end))
      at = end
    }
  }

  var string: String {
    var view = String.UnicodeScalarView()
    view.append(contentsOf: scalars.lazy.map(\.scalar))
    return String(view)
  }

  /// The text as CLIP's tokenizer sees it: composed, runs of whitespace as one space, in lower case.
  ///
  /// Lower case goes scalar by scalar as in the reference, so a final sigma stays σ.
  var normalised: SourcedText {
    var result = SourcedText()
    result.scalars.reserveCapacity(scalars.count)
    for item in CanonicalComposition.composed(scalars) {
      switch item.scalar {
      case "a"..."z", "!"..."@": result.scalars.append(item)
      case let scalar where scalar.isCLIPSpace:
        if let last = result.scalars.last, last.scalar == " " {
          result.scalars[result.scalars.count - 1].upper = item.upper
        } else {
          result.scalars.append(SourcedScalar(" ", item.lower, item.upper))
        }
      default:
        for lower in item.scalar.properties.lowercaseMapping.unicodeScalars {
          result.scalars.append(SourcedScalar(lower, item.lower, item.upper))
        }
      }
    }
    return result
  }
}
