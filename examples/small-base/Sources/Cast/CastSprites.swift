import Images
import SafeTensors
import Trainer

/// The pictures of the cast, and how they are put onto the base's canvas.
struct CastSprites: Sendable {
  /// How one picture is drawn.
  struct Placement: Sendable {
    var member: CastMember
    var pose: CastPose
    var background = Doll.Background.white
    /// Pixels to the right of the middle, and below the usual place.
    var offset = SIMD2<Int>(0, 0)
    var isFlipped = false
    /// Pixels of the canvas for each of the sprite's.
    var scale = CastSprites.scale
  }

  /// Makes a figure as tall as a doll.
  static let scale = 0.55
  /// Where dolls' feet end.
  static let ground = 62

  private let pictures: [CastMember: [CastPose: Picture]]

  /// Reads the six characters.
  /// - Parameter folder: what `examples/cast/fetch` made.
  init(folder: String) throws {
    var pictures: [CastMember: [CastPose: Picture]] = [:]
    for member in CastMember.allCases {
      for pose in CastPose.allCases {
        let path = "\(folder)/\(member.file(pose))"
        guard FolderContents.exists(path) else {
          throw RecipeFailure("\(path): is not there; fetch the characters with examples/cast/fetch \(folder)")
        }
        pictures[member, default: [:]][pose] = try Picture(contentsOf: path, as: .rgba)
      }
    }
    self.pictures = pictures
  }

  /// The character with transparent surroundings, on the canvas.
  func figure(_ placement: Placement) -> Picture {
    guard let stored = pictures[placement.member]?[placement.pose] else { preconditionFailure("every pose was read") }
    let upright = placement.isFlipped ? stored.flipped() : stored
    let width = Int((Double(upright.width) * placement.scale).rounded())
    let height = Int((Double(upright.height) * placement.scale).rounded())
    let small = upright.resized(width: width, height: height)
    let (left, top) = (
      (Canvas.side - width) / 2 + placement.offset.x, Self.ground - height + placement.offset.y
    )
    var bytes = [UInt8](repeating: 0, count: 4 * Canvas.side * Canvas.side)
    for y in max(0, -top)..<max(0, min(height, Canvas.side - top)) {
      for x in max(0, -left)..<max(0, min(width, Canvas.side - left)) {
        let (source, target) = (4 * (y * width + x), 4 * ((y + top) * Canvas.side + x + left))
        for channel in 0..<4 { bytes[target + channel] = small.bytes[source + channel] }
      }
    }
    return Picture(width: Canvas.side, height: Canvas.side, channels: 4, bytes: bytes)
  }

  /// The character before a plain background.
  func picture(_ placement: Placement) -> Picture { figure(placement).rgb(over: placement.background.colour) }

  /// Two characters, each in the middle of its half and as large as fits there, their feet on the ground.
  func sideBySide(_ placements: [Placement]) -> Picture {
    var canvas = Picture(width: Canvas.side, height: Canvas.side, filledWith: .white)
    for (place, placement) in placements.enumerated() {
      let whole = figure(placement)
      let rows = (0..<Canvas.side).filter { y in (0..<Canvas.side).contains { whole[$0, y].last != 0 } }
      let columns = (0..<Canvas.side).filter { x in (0..<Canvas.side).contains { whole[x, $0].last != 0 } }
      guard let top = rows.first, let bottom = rows.last, let left = columns.first, let right = columns.last else {
        continue
      }
      let cut = whole.cropped(x: left, y: top, width: right - left + 1, height: bottom - top + 1)
      let scale = min(30 / Double(cut.width), 60 / Double(cut.height))
      let (width, height) = (Int(Double(cut.width) * scale), Int(Double(cut.height) * scale))
      canvas.paste(
        cut.resized(width: width, height: height), x: 32 * place + (32 - width) / 2, y: Self.ground - height)
    }
    return canvas
  }

  /// The pictures to train with: every pose before three backgrounds, at random places, half of them mirrored.
  /// - Parameter cutOuts: whether the first of each pose has nothing behind it, so that others can stand beside.
  func training(_ member: CastMember, seed: UInt64, cutOuts: Bool = false) -> [(picture: Picture, caption: String)] {
    var random = CounterRandom(seed: seed, 6)
    let backgrounds = Doll.Background.allCases
    var number = CastMember.allCases.firstIndex(of: member) ?? 0
    return CastPose.allCases.flatMap { pose in
      (0..<3).map { turn -> (Picture, String) in
        let placement = Self.random(member, pose, backgrounds[number % backgrounds.count], using: &random)
        number += 1
        // Trained before white, as the caption says.
        if cutOuts, turn == 0 { return (figure(placement), member.caption(pose, .white)) }
        return (picture(placement), member.caption(pose, placement.background))
      }
    }
  }

  /// A placement where dolls may stand.
  static func random(
    _ member: CastMember, _ pose: CastPose, _ background: Doll.Background, using random: inout CounterRandom
  ) -> Placement {
    var placement = Placement(member: member, pose: pose, background: background)
    placement.offset.x = Doll.offsets.x.lowerBound + random.below(Doll.offsets.x.count)
    placement.offset.y = Doll.offsets.y.lowerBound + random.below(Doll.offsets.y.count)
    placement.isFlipped = random.below(2) == 0
    return placement
  }
}
