/// The shapes of a doll from the back to the front, in units of a ninth of its head around the head's centre.
struct Figure {
  private(set) var layers: [(part: Part, shape: Shape)] = []
  private let doll: Doll

  init(_ doll: Doll) {
    self.doll = doll
    let isBehind = doll.view == .behind
    if !isBehind { fallingHair() }
    if doll.framing == .fullBody { lowerBody() }
    if doll.pose != .armsUp { arms() }
    let half: Float = doll.isGirl ? 4.5 : 5.5
    add(.skin, .line(Point(0, 6), Point(0, 10), 2.6))
    add(
      .shirt, .polygon([Point(-half, 11), Point(half, 11), Point(half - 0.5, 22), Point(0.5 - half, 22)], rounded: 1.8))
    head()
    if isBehind { fallingHair() } else { face() }
    headwear()
    if doll.pose == .armsUp { arms() }
  }

  private mutating func add(_ part: Part, _ shape: Shape) { layers.append((part, shape)) }

  // MARK: - Body

  private mutating func lowerBody() {
    let isSitting = doll.pose == .sitting
    let isBehind = doll.view == .behind
    let legs: Part = doll.garment == .trousers ? .garment : .skin
    if isSitting, !isBehind { seat() }
    for side: Float in [-1, 1] {
      let foot: Point
      switch doll.pose {
      case .sitting:
        add(legs, .line(Point(3.5 * side, 24.5), Point(6 * side, 27.5), 2.6))
        foot = Point(6.2 * side, 36)
        add(legs, .line(Point(6 * side, 27.5), foot - Point(0, 1), 2.3))
      case .walking:
        foot = side < 0 ? Point(-8.6, 38) : Point(5.6, 39.4)
        add(legs, .line(Point(2.6 * side, 25), foot - Point(0, 1.4), 2.4))
      default:
        foot = Point(3.6 * side, 39.4)
        add(legs, .line(Point(3.2 * side, 25), Point(3.4 * side, 38), 2.4))
      }
      add(.shoe, .ellipse(foot + Point(0.7 * side, 0), Point(3.3, 1.9)))
    }
    if doll.garment == .trousers {
      add(.garment, .line(Point(-3, 23.6), Point(3, 23.6), 3.4))
    } else {
      let (wide, low): (Float, Float) = isSitting ? (10, 29.5) : (9.2, 31)
      add(.garment, .polygon([Point(-4.6, 21.6), Point(4.6, 21.6), Point(wide, low), Point(-wide, low)], rounded: 0.6))
    }
    if isSitting, isBehind { seat() }
  }

  private mutating func seat() {
    let top: Float = doll.view == .behind ? 30.5 : 26
    add(.seat, .polygon([Point(-12, top), Point(12, top), Point(12, 37), Point(-12, 37)], rounded: 0.8))
  }

  private mutating func arms() {
    for side: Float in [-1, 1] {
      let isUp = doll.pose == .armsUp || doll.pose == .waving && side > 0
      let shoulder = Point(7 * side, 12)
      let hand: Point =
        switch doll.pose {
        case _ where isUp: Point(14 * side, -2)
        case .walking: side < 0 ? Point(-13, 20.5) : Point(12, 22)
        case .sitting: Point(8.6 * side, 23)
        default: Point(10 * side, 24)
        }
      let wrist = shoulder + (hand - shoulder) * 0.84
      add(.shirt, .line(shoulder, wrist, 2.2))
      add(.skin, .circle(hand, 2.4))
    }
  }

  // MARK: - Head

  private mutating func head() {
    let isBehind = doll.view == .behind
    if doll.style == .spiked { spikes() }
    if !isBehind { add(.hair, .circle(Point(0, -0.4), 10.3).above(doll.style == .spiked ? -1 : 2)) }
    add(.skin, .circle(Point(0, 0), 9))
    if isBehind { add(.hair, .circle(Point(0, -0.4), 10.3).above(doll.style == .spiked ? 3.5 : 6)) }
    // Over the hair, so that the skin is seen in every view.
    for side: Float in [-1, 1] { add(.skin, .circle(Point(9.8 * side, 1.6), 2.3)) }
  }

  private mutating func spikes() {
    // Sine and cosine of ±15.5°, ±46.5°, ±77.5° and ±105°.
    for (sine, cosine) in [(0.267, 0.964), (0.725, 0.688), (0.976, 0.216), (0.966, -0.259)] as [(Float, Float)] {
      for side: Float in [-1, 1] {
        let out = Point(sine * side, -cosine)
        let across = Point(-out.y, out.x)
        add(.hair, .polygon([out * 7 - across * 3.2, out * 15, out * 7 + across * 3.2]))
      }
    }
  }

  /// Hair that falls behind the body where the doll faces the viewer, and before it where it does not.
  private mutating func fallingHair() {
    switch doll.style {
    case .long:
      // Narrow enough from behind to leave the shirt to be seen.
      let (top, half): (Float, Float) = doll.view == .behind ? (3.4, 5.2) : (-2, 9.6)
      add(.hair, .polygon([Point(-8.4, top), Point(8.4, top), Point(half, 17), Point(-half, 17)], rounded: 1.6))
    case .twintails:
      for side: Float in [-1, 1] {
        add(.hair, .line(Point(11.6 * side, -2.5), Point(14.2 * side, 9), 2.9))
        add(.ink, .circle(Point(10.8 * side, -4), 1.3))
      }
    default: break
    }
  }

  private mutating func face() {
    switch doll.style {
    case .spiked:
      let corners: [Point] = [
        Point(-8.4, -4.4), Point(-5.6, -2), Point(-2.8, -4.6), Point(0, -2), Point(2.8, -4.6), Point(5.6, -2),
        Point(8.4, -4.4), Point(6, -8), Point(0, -9.4), Point(-6, -8),
      ]
      add(.hair, .polygon(corners))
    default: add(.hair, .circle(Point(0, -0.2), 9.5).above(-2.8))
    }
    for side: Float in [-1, 1] {
      add(.ink, .ellipse(Point(3.5 * side, 1.4), Point(1.2, 1.6)))
      if doll.isGirl { add(.blush, .ellipse(Point(5.8 * side, 4.4), Point(1.5, 1))) }
    }
    add(.lip, .line(Point(-1.6, 5.6), Point(1.6, 5.6), 0.7))
    guard doll.hasGlasses else { return }
    for side: Float in [-1, 1] { add(.ink, .ring(Point(3.8 * side, 1.4), 3, width: 1)) }
    add(.ink, .line(Point(-1, 0.8), Point(1, 0.8), 0.5))
  }

  private mutating func headwear() {
    switch doll.headwear {
    case .nothing: break
    case .topHat:
      add(.hat, .polygon([Point(-7, -17), Point(7, -17), Point(6.4, -8), Point(-6.4, -8)]))
      add(.hat, .line(Point(-10.6, -7.6), Point(10.6, -7.6), 1.3))
    case .crown:
      let corners: [Point] = [
        Point(-7.6, -6.4), Point(7.6, -6.4), Point(8.6, -14), Point(4.3, -10.6), Point(0, -14.8), Point(-4.3, -10.6),
        Point(-8.6, -14),
      ]
      add(.crown, .polygon(corners))
    }
  }
}
