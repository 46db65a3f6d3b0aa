extension Unicode.Scalar {
  /// `\s` of the reference's regular expressions.
  var isCLIPSpace: Bool { value < 0x80 ? value == 0x20 || (0x09...0x0D).contains(value) : properties.isWhitespace }

  /// `\p{L}` of the reference's regular expressions.
  var isCLIPLetter: Bool {
    if value < 0x80 { return ("a"..."z").contains(self) || ("A"..."Z").contains(self) }
    switch properties.generalCategory {
    case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter: return isIn(unicode: 16)
    default: return false
    }
  }

  /// `\p{N}` of the reference's regular expressions.
  var isCLIPNumber: Bool {
    if value < 0x80 { return ("0"..."9").contains(self) }
    switch properties.generalCategory {
    case .decimalNumber, .letterNumber, .otherNumber: return isIn(unicode: 16)
    default: return false
    }
  }

  /// The canonical combining class, 0 for scalars that the reference's normaliser is too old to know.
  var composingOrder: UInt8 {
    guard value >= 0x300, properties.canonicalCombiningClass != .notReordered, isIn(unicode: 9) else { return 0 }
    return properties.canonicalCombiningClass.rawValue
  }

  // The reference's regular expressions know Unicode 16, its normaliser Unicode 9 and its lower case Unicode 17: the
  // same scalars must mean the same here, whatever the standard library knows.
  private func isIn(unicode version: Int) -> Bool { properties.age.map { $0 <= (version, 0) } ?? false }
}
