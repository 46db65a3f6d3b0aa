import Diffusion
import Images
import Testing

@testable import small_base

@Suite struct DollTests {
  @Test func aDollIsFixedBySeedAndNumber() {
    let doll = Doll.drawn(seed: 7, 3, heldOut: false)
    #expect(doll == Doll.drawn(seed: 7, 3, heldOut: false))
    #expect(doll != Doll.drawn(seed: 7, 4, heldOut: false))
    #expect(doll != Doll.drawn(seed: 8, 3, heldOut: false))
    #expect(Canvas.picture(doll) == Canvas.picture(doll))
  }

  @Test func pairsOfHairAndShirtAreHeldOut() {
    for number in 0..<200 {
      #expect(Doll.drawn(seed: 1, UInt64(number), heldOut: true).isHeldOut)
      #expect(!Doll.drawn(seed: 1, UInt64(number), heldOut: false).isHeldOut)
    }
    var pairs = 0
    for hair in Doll.Hair.allCases {
      for shirt in Doll.Shirt.allCases {
        var doll = Doll()
        (doll.hair, doll.shirt) = (hair, shirt)
        pairs += doll.isHeldOut ? 1 : 0
      }
    }
    #expect(pairs == 7)
  }

  @Test func whatCannotBeSeenIsNotCaptioned() {
    for number in 0..<500 {
      let doll = Doll.drawn(seed: 2, UInt64(number), heldOut: false)
      if doll.view == .behind { #expect(!doll.hasGlasses) }
      let isLow = doll.tags.contains { $0.text.hasSuffix("trousers") || $0.text.hasSuffix("skirt") }
      #expect(isLow == (doll.framing == .fullBody))
      if doll.framing == .portrait { #expect(doll.pose != .sitting && doll.pose != .walking) }
    }
  }

  /// Parts of two dolls' drawings that differ in one attribute alone: each attribute must be visible.
  @Test func everyAttributeChangesThePicture() {
    let plain = Doll()
    let changes: [(inout Doll) -> Void] = [
      { $0.hair = .pink }, { $0.style = .twintails }, { $0.skin = .green }, { $0.shirt = .white },
      { $0.garment = .skirt }, { $0.garmentColour = .red }, { $0.hasGlasses = true }, { $0.headwear = .crown },
      { $0.pose = .sitting }, { $0.framing = .portrait }, { $0.view = .behind }, { $0.background = .pink },
      { $0.isGirl = false }, { $0.offset = SIMD2(2, 1) },
    ]
    for (index, change) in changes.enumerated() {
      var other = plain
      change(&other)
      #expect(Canvas.picture(other) != Canvas.picture(plain), "change \(index)")
    }
  }

  /// The bar is 99 % of 11 attributes; the generator's own pictures leave 0.2 % undecided (the fields that edges cover).
  @Test func theReaderReadsTheGeneratorsPictures() {
    let reader = Reader()
    var agreement = Agreement()
    for number in 0..<40 {
      let doll = Doll.drawn(seed: 11, UInt64(number), heldOut: number % 2 == 0)
      agreement.add(caption: doll.caption, reader.read(Canvas.picture(doll)))
    }
    #expect(agreement.total >= 0.99, "\(agreement.table)")
  }

  @Test func theReaderTellsAWrongCaption() {
    var doll = Doll()
    let reading = Reader().read(Canvas.picture(doll))
    (doll.hair, doll.pose) = (.red, .walking)
    var agreement = Agreement()
    agreement.add(caption: doll.caption, reading)
    let wrong = zip(Agreement.attributes, agreement.counts).filter { $1.read == 1 && $1.agreed == 0 }.map(\.0.name)
    #expect(wrong == ["hair colour", "pose"])
  }
}
