extension Unicode.Scalar {
  /// `\s` of the reference's regular expressions.
  var isCLIPSpace: Bool { value < 0x80 ? value == 0x20 || (0x09...0x0D).contains(value) : properties.isWhitespace }

  /// `\p{L}` of the reference's regular expressions.
  var isCLIPLetter: Bool {
    if value < 0x80 { return ("a"..."z").contains(self) || ("A"..."Z").contains(self) }
    switch properties.generalCategory {
    case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter: return isInUnicode16
    default: return false
    }
  }

  /// `\p{N}` of the reference's regular expressions.
  var isCLIPNumber: Bool {
    if value < 0x80 { return ("0"..."9").contains(self) }
    switch properties.generalCategory {
    case .decimalNumber, .letterNumber, .otherNumber: return isInUnicode16
    default: return false
    }
  }

  /// Whether the reference's regular expressions, which know Unicode 16, have a class for it.
  private var isInUnicode16: Bool { properties.age.map { $0 <= (16, 0) } ?? false }
}
