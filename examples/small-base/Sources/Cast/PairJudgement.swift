import Images
import Trainer

/// How often the reader of pictures of two is right about drawings in poses and sizes that it does not compare with.
struct PairJudgement {
  private(set) var right = 0
  private(set) var all = 0
  /// Of drawings of one figure, those read as one.
  private(set) var single = (right: 0, all: 0)
  /// Detect-and-Compare's mean where both are there, and where the first stands there twice.
  private(set) var scores = (both: 0.0, twice: 0.0)
  private(set) var mistakes: [String] = []

  /// Draws every ordered pair of different characters `count` times, the first of each pair twice, and each alone.
  init(
    _ sprites: CastSprites, cast: [CastMember] = CastMember.allCases, count: Int, painter: Painter?
  ) throws {
    let reader = PairReader(IdentityReader(sprites))
    let comparison = DetectAndCompare(sprites)
    var random = CounterRandom(seed: 92)
    func placement(_ member: CastMember) -> CastSprites.Placement {
      let pose = CastPose.allCases[random.below(CastPose.allCases.count)]
      return CastSprites.random(member, pose, .white, using: &random)
    }
    for first in cast {
      for second in cast where second != first {
        var drawn: [(placements: [CastSprites.Placement], picture: Picture)] = []
        for _ in 0..<count {
          for members in [[first, second], [first, first]] {
            let placements = members.map(placement)
            drawn.append((placements, sprites.sideBySide(placements)))
          }
        }
        let pictures = drawn.map(\.picture)
        for (placements, picture) in zip(drawn.map(\.placements), try painter?.restored(pictures) ?? pictures) {
          let seen = reader.read(picture, without: placements.map(\.pose))
          let (members, found) = (placements.map(\.member), seen.map(\.reading.member))
          let score = comparison.score(seen.map(\.figure), [first, second])
          all += 1
          if found == members {
            right += 1
          } else {
            let names = found.map { $0?.rawValue ?? "a doll" }.joined(separator: " and ")
            mistakes.append("\(placements.map { "\($0.member.rawValue) \($0.pose.rawValue)" }) read as \(names)")
          }
          if members[0] == members[1] { scores.twice += score } else { scores.both += score }
        }
      }
      let alone = (0..<count).map { _ in sprites.picture(placement(first)) }
      for picture in try painter?.restored(alone) ?? alone {
        single.all += 1
        single.right += reader.read(picture).count == 1 ? 1 : 0
      }
    }
    let pairs = Double(max(1, all / 2))
    scores = (scores.both / pairs, scores.twice / pairs)
  }

  /// The part of all pictures of two that were read rightly: who stands left, and who right.
  var accuracy: Double { Double(right) / Double(max(1, all)) }

  /// The numbers as text.
  var table: String {
    let lines = [
      "two: \(right) of \(all); one read as one: \(single.right) of \(single.all)",
      "Detect-and-Compare: \(SeedMean.share(scores.both)) for both, \(SeedMean.share(scores.twice)) for one twice",
    ]
    return (lines + mistakes).joined(separator: "\n")
  }
}
