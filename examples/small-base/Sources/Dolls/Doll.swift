import Trainer

/// A paper doll: everything that its drawing and its caption depend on.
struct Doll: Sendable, Hashable {
  enum Hair: String, CaseIterable, Sendable { case black, brown, blonde, red, blue, green, pink, white }
  enum Style: String, CaseIterable, Sendable {
    case short = "short hair"
    case long = "long hair"
    case spiked = "spiked hair"
    case twintails
  }
  enum Skin: String, CaseIterable, Sendable { case pale, tan, dark, green }
  enum Shirt: String, CaseIterable, Sendable { case red, blue, green, yellow, purple, white, black }
  enum Garment: String, CaseIterable, Sendable { case trousers, skirt }
  enum GarmentColour: String, CaseIterable, Sendable { case black, white, blue, brown, red }
  enum Headwear: String, CaseIterable, Sendable {
    case nothing = ""
    case topHat = "top hat"
    case crown
  }
  enum Pose: String, CaseIterable, Sendable {
    case standing
    case armsUp = "arms up"
    case waving, sitting, walking
  }
  enum Framing: String, CaseIterable, Sendable {
    case fullBody = "full body"
    case portrait
  }
  enum View: String, CaseIterable, Sendable {
    case front = "facing viewer"
    case behind = "from behind"
  }
  enum Background: String, CaseIterable, Sendable { case white, grey, green, blue, pink, yellow }

  var isGirl = true
  var hair = Hair.brown
  var style = Style.short
  var skin = Skin.pale
  var shirt = Shirt.red
  var garment = Garment.trousers
  var garmentColour = GarmentColour.blue
  var hasGlasses = false
  var headwear = Headwear.nothing
  var pose = Pose.standing
  var framing = Framing.fullBody
  var view = View.front
  var background = Background.white
  /// How many pixels the doll stands to the right of the middle, and below its usual place.
  var offset = SIMD2<Int>(0, 0)

  /// Where a doll may stand.
  static let offsets = (x: -3...3, y: -1...2)

  init() {}

  /// A doll that a stream of random numbers fixes.
  init(using random: inout CounterRandom) {
    func pick<T: CaseIterable & Sendable>(_ type: T.Type, _ random: inout CounterRandom) -> T {
      let all = Array(T.allCases)
      return all[random.below(all.count)]
    }
    isGirl = random.below(2) == 0
    hair = pick(Hair.self, &random)
    style = isGirl ? pick(Style.self, &random) : [.short, .long, .spiked][random.below(3)]
    skin = pick(Skin.self, &random)
    shirt = pick(Shirt.self, &random)
    garment = isGirl && random.below(10) < 6 ? .skirt : .trousers
    garmentColour = pick(GarmentColour.self, &random)
    framing = random.below(10) < 6 ? .fullBody : .portrait
    view = random.below(5) == 0 ? .behind : .front
    hasGlasses = random.below(3) == 0 && view == .front
    headwear = random.below(2) == 0 ? .nothing : random.below(2) == 0 ? .topHat : .crown
    pose = pick(Pose.self, &random)
    if framing == .portrait, pose == .sitting || pose == .walking { pose = .standing }
    background = pick(Background.self, &random)
    offset.x = Self.offsets.x.lowerBound + random.below(Self.offsets.x.count)
    offset.y = Self.offsets.y.lowerBound + random.below(Self.offsets.y.count)
  }

  /// Whether the pair of hair and shirt is kept out of training, one in eight: what the base does with it, it has made up.
  var isHeldOut: Bool {
    let hair = Hair.allCases.firstIndex(of: hair) ?? 0
    let shirt = Shirt.allCases.firstIndex(of: shirt) ?? 0
    return (3 * hair + 5 * shirt) % 8 == 0
  }

  /// The numbered doll of a stream, held out or not.
  static func drawn(seed: UInt64, _ number: UInt64, heldOut: Bool) -> Doll {
    var random = CounterRandom(seed: seed, number)
    while true {
      let doll = Doll(using: &random)
      if doll.isHeldOut == heldOut { return doll }
    }
  }
}
