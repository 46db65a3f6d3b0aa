import Images
import Trainer

/// How often the reader is right about drawings of other size, place and pose than it compares with.
struct IdentityJudgement {
  private(set) var right = 0
  private(set) var all = 0
  private(set) var parts: [IdentityReader.Band: (right: Int, all: Int)] = [:]
  private(set) var mistakes: [String] = []

  init(_ sprites: CastSprites, count: Int, painter: Painter?) throws {
    let reader = IdentityReader(sprites)
    var random = CounterRandom(seed: 90)
    for member in CastMember.allCases {
      let placements = (0..<count).map { number in
        let background = Doll.Background.allCases[random.below(Doll.Background.allCases.count)]
        var placement = CastSprites.random(
          member, CastPose.allCases[number % CastPose.allCases.count], background, using: &random)
        placement.scale *= 0.95 + 0.1 * random.unit()
        return placement
      }
      let drawn = placements.map(sprites.picture)
      for (placement, picture) in zip(placements, try painter?.restored(drawn) ?? drawn) {
        let reading = reader.read(picture, without: placement.pose)
        note("\(member.rawValue) \(placement.pose.rawValue)", reading.member == member, reading)
        for (band, seen) in reading.parts {
          parts[band, default: (0, 0)].all += 1
          parts[band, default: (0, 0)].right += seen == member ? 1 : 0
        }
      }
    }
    let dolls = (0..<UInt64(count)).map { Canvas.picture(Doll.drawn(seed: 91, $0, heldOut: false)) }
    for picture in try painter?.restored(dolls) ?? dolls {
      let reading = reader.read(picture)
      note("a doll", reading.member == nil, reading)
    }
  }

  private mutating func note(_ what: String, _ isRight: Bool, _ reading: IdentityReader.Reading) {
    all += 1
    if isRight { right += 1 } else { mistakes.append("\(what) read as \(reading.member?.rawValue ?? "a doll")") }
  }

  /// The part of all pictures that were read rightly.
  var accuracy: Double { Double(right) / Double(max(1, all)) }

  /// The numbers as text.
  var table: String {
    let bands = IdentityReader.Band.allCases.map { band -> String in
      let count = parts[band] ?? (0, 0)
      return "\(band.rawValue) \(count.right) of \(count.all)"
    }
    return (["who: \(right) of \(all); by one part alone: \(bands.joined(separator: ", "))"] + mistakes).joined(
      separator: "\n")
  }
}
