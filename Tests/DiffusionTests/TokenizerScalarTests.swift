import Testing

@testable import Diffusion

@Suite("Scalars as CLIP's tokenizer sees them")
struct TokenizerScalarTests {
  private static let every = (UInt32(0)..<0x110000).compactMap { Unicode.Scalar($0) }

  private func ranges(_ belongs: (Unicode.Scalar) -> Bool) -> [[Int]] {
    var ranges: [[Int]] = []
    for scalar in Self.every where belongs(scalar) {
      let value = Int(scalar.value)
      if let last = ranges.last, last[1] == value - 1 {
        ranges[ranges.count - 1][1] = value
      } else {
        ranges.append([value, value])
      }
    }
    return ranges
  }

  @Test("Letters, numbers, spaces and marks are the reference's, over all of Unicode")
  func classes() throws {
    let expected = try TokenizerFixture.scalars()
    #expect(ranges(\.isCLIPLetter) == expected.letters)
    #expect(ranges(\.isCLIPNumber) == expected.numbers)
    #expect(ranges(\.isCLIPSpace) == expected.spaces)
    let tables = CompositionTables(CanonicalMappings.text)
    let marks = ranges { $0.composingOrder != 0 && tables.parts(of: $0) == nil }
    #expect(marks == expected.marks)
  }

  @Test("Lower case is the reference's, over all of Unicode")
  func lowerCase() throws {
    let expected = Dictionary(
      uniqueKeysWithValues: try TokenizerFixture.scalars().lower.map {
        (Array($0[0].unicodeScalars), Array($0[1].unicodeScalars))
      })
    // The fixture's keys are single scalars, some of which change when composed: lower case is tested without that.
    for scalar in Self.every {
      let lower = Array(scalar.properties.lowercaseMapping.unicodeScalars)
      #expect(lower == expected[[scalar]] ?? [scalar], "\(String(scalar.value, radix: 16))")
    }
  }

  @Test("Composition is the reference's")
  func composition() throws {
    let pairs = try TokenizerFixture.scalars().composed
    #expect(pairs.count > 1500)
    for pair in pairs {
      let composed = CanonicalComposition.composed(SourcedText(pair[0]).scalars).map(\.scalar)
      #expect(
        composed == Array(pair[1].unicodeScalars), "\(pair[0].unicodeScalars.map { String($0.value, radix: 16) })")
    }
  }

  @Test("Every Hangul syllable comes back from its parts")
  func hangul() {
    for value in UInt32(0xAC00)..<0xD7A4 {
      let index = value - 0xAC00
      let parts = [0x1100 + index / 588, 0x1161 + index % 588 / 28] + (index % 28 == 0 ? [] : [0x11A7 + index % 28])
      let scalars = parts.compactMap { Unicode.Scalar($0) }.map { SourcedScalar($0, 0, 1) }
      #expect(CanonicalComposition.composed(scalars).map(\.scalar.value) == [value])
    }
  }

  @Test("A composed scalar stands for all of its sources, across marks that stay between them")
  func sources() {
    let composed = CanonicalComposition.composed(SourcedText("xa\u{323}\u{301}").scalars)
    #expect(composed == [SourcedScalar("x", 0, 1), SourcedScalar("\u{1EA1}", 1, 4), SourcedScalar("\u{301}", 4, 6)])
    let across = CanonicalComposition.composed(SourcedText("q\u{307}e\u{334}\u{301}").scalars)
    #expect(across.map(\.scalar) == ["q", "\u{307}", "\u{E9}", "\u{334}"])
    #expect(across[2] == SourcedScalar("\u{E9}", 3, 8))
  }
}
