import Images
import Trainer

/// Pictures of shapes of any form and colour, without a figure.
///
/// The autoencoder sees them beside the dolls: what is drawn by other hands, such as a character that a LoRA is trained
/// of, has to survive the way to latents and back as well.
enum Clutter {
  /// The picture that a stream of random numbers fixes.
  static func picture(using random: inout CounterRandom) -> Picture {
    let side = Canvas.side
    var pixels = [SIMD3<Float>](repeating: colour(using: &random), count: side * side)
    for _ in 0..<8 + random.below(32) {
      let shape = shape(using: &random)
      let colour = colour(using: &random)
      let edge: Float = random.below(2) == 0 ? 0 : 0.8
      Canvas.fill(&pixels, shape, colour, edge: edge)
    }
    return Canvas.picture(pixels)
  }

  private static func colour(using random: inout CounterRandom) -> SIMD3<Float> {
    SIMD3(Float(random.unit()), Float(random.unit()), Float(random.unit())) * 255
  }

  private static func point(using random: inout CounterRandom) -> Point {
    Point(Float(random.unit()), Float(random.unit())) * Float(Canvas.side)
  }

  private static func shape(using random: inout CounterRandom) -> Shape {
    let centre = point(using: &random)
    // Small ones more often than large ones.
    let size = 1 + 11 * Float(random.unit() * random.unit())
    func near() -> Point { centre + (point(using: &random) / Float(Canvas.side) - 0.5) * 4 * size }
    switch random.below(6) {
    case 0: return .circle(centre, size)
    case 1: return .ellipse(centre, Point(size, 0.8 + size * Float(random.unit())))
    case 2: return .line(centre, near(), 0.4 + 1.6 * Float(random.unit()))
    case 3: return .ring(centre, size, width: 0.8 + 1.2 * Float(random.unit()))
    case 4: return .polygon([centre, near(), near()])
    default: return .polygon([near(), near(), near(), near()], rounded: Float(random.unit()))
    }
  }
}
