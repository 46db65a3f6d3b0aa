import Images

/// Says who is in a picture: the character, of all poses and places, or the doll that looks most like it.
///
/// Pictures are compared at half their size by the mean squared distance of colours, before a background of the colour
/// that the picture's own border has; at a quarter of it first, to find which poses and places are worth a closer look.
/// Nothing is learnt, so nothing of a LoRA's training can leak into its judge.
final class IdentityReader {
  /// Who was seen.
  struct Reading: Sendable {
    /// The character that is nearest; `nil` for a doll.
    var member: CastMember?
    /// The root of the mean squared distance to the nearest drawing of that kind, 0 to 442.
    var distance: Double
    /// The distances to the nearest drawing of each character.
    var distances: [CastMember: Double]
    /// The character nearest in each part of the figure.
    var parts: [Band: CastMember]
  }

  /// A part of a figure, by its rows.
  enum Band: String, CaseIterable, Sendable { case head, torso, legs }

  private struct Template {
    var member: CastMember
    var pose: CastPose
    var fine: Raster
    var coarse: Raster
    /// The rows of each band.
    var bands: [Range<Int>]
  }

  /// A pose at a place.
  private struct Candidate {
    var template: Int
    var x: Int
    var y: Int
    var cost: Float
  }

  /// How far figures are moved at first, in pixels of a quarter of the size.
  private static let reach = 2
  /// How many poses and places of each character get a closer look.
  private static let kept = 4

  private let templates: [Template]
  private let dolls = Reader()

  init(_ sprites: CastSprites) {
    templates = CastMember.allCases.flatMap { member in
      CastPose.allCases.flatMap { pose in
        [false, true].map { flipped in
          var placement = CastSprites.Placement(member: member, pose: pose)
          placement.isFlipped = flipped
          let fine = Raster(sprites.figure(placement)).halved()
          return Template(member: member, pose: pose, fine: fine, coarse: fine.halved(), bands: Self.bands(fine))
        }
      }
    }
  }

  /// Reads a picture of 64 × 64 pixels in three channels.
  /// - Parameter omitted: a pose that is not compared with, to judge the reader by.
  func read(_ picture: Picture, without omitted: CastPose? = nil) -> Reading {
    let fine = Raster(picture.rgba()).halved()
    let coarse = fine.halved()
    let background = fine.border
    var whole: [CastMember: Float] = [:]
    var banded: [Band: (member: CastMember, cost: Float)] = [:]
    for (member, candidates) in candidates(coarse, background, without: omitted) {
      for candidate in candidates {
        let template = templates[candidate.template]
        for shift in 0..<9 {
          let (x, y) = (2 * candidate.x + shift % 3 - 1, 2 * candidate.y + shift / 3 - 1)
          let rows = fine.distances(to: template.fine, background, x, y)
          whole[member] = min(whole[member] ?? .infinity, rows.reduce(0, +) / Float(rows.count * rows.count))
          for (band, range) in zip(Band.allCases, template.bands) {
            let seen = ((range.lowerBound + y)..<(range.upperBound + y)).clamped(to: rows.indices)
            guard seen.count * 2 >= range.count, !seen.isEmpty else { continue }
            let part = rows[seen].reduce(0, +) / Float(seen.count * rows.count)
            // Of equals the first in the alphabet, whatever order the candidates came in.
            let best = banded[band] ?? (member, .infinity)
            if (part, member.rawValue) < (best.cost, best.member.rawValue) { banded[band] = (member, part) }
          }
        }
      }
    }
    let doll = Raster(Canvas.picture(dolls.read(picture).doll).rgba()).halved()
    let rows = fine.distances(to: doll, background, 0, 0)
    let dollCost = rows.reduce(0, +) / Float(rows.count * rows.count)
    func root(_ cost: Float) -> Double { Double(cost).squareRoot() * 255 }
    let nearest = whole.min { ($0.value, $0.key.rawValue) < ($1.value, $1.key.rawValue) }
    let isMember = nearest.map { $0.value < dollCost } ?? false
    return Reading(
      member: isMember ? nearest?.key : nil, distance: root(isMember ? nearest?.value ?? 0 : dollCost),
      distances: whole.mapValues(root), parts: banded.mapValues(\.member))
  }

  /// The poses and places of each character that are nearest at a quarter of the size.
  private func candidates(
    _ picture: Raster, _ background: SIMD4<Float>, without omitted: CastPose?
  ) -> [CastMember: [Candidate]] {
    var all: [CastMember: [Candidate]] = [:]
    for (index, template) in templates.enumerated() where template.pose != omitted {
      for y in -Self.reach...Self.reach {
        for x in -Self.reach...Self.reach {
          let cost = picture.distances(to: template.coarse, background, x, y).reduce(0, +)
          all[template.member, default: []].append(Candidate(template: index, x: x, y: y, cost: cost))
        }
      }
    }
    return all.mapValues { Array($0.sorted { ($0.cost, $0.template) < ($1.cost, $1.template) }.prefix(Self.kept)) }
  }

  /// Head, torso and legs of a figure: 55, 25 and 20 parts of its height.
  private static func bands(_ figure: Raster) -> [Range<Int>] {
    let rows = (0..<figure.side).filter { row in (0..<figure.side).contains { figure[$0, row].w > 0.5 } }
    let (first, last) = (rows.first ?? 0, (rows.last ?? figure.side - 1) + 1)
    let height = Double(last - first)
    let neck = first + Int((height * 0.55).rounded())
    let belt = first + Int((height * 0.8).rounded())
    return [first..<neck, neck..<belt, belt..<last]
  }
}
