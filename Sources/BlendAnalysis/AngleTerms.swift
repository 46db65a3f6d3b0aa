import LinearAlgebra

/// The principal angles between what two LoRAs read, and between what they write, in a form that adds up over
/// layers.
struct AngleTerms: Sendable {
  /// The angles of the input side, radians, ascending.
  var inputs: [Double]
  /// The angles of the output side.
  var outputs: [Double]

  init(_ a: Details, _ b: Details) throws {
    inputs = try PrincipalAngles.between(a.inputBasis, b.inputBasis)
    outputs = try PrincipalAngles.between(a.outputBasis, b.outputBasis)
  }
}

/// A summary of principal angles over the layers of a block, or of everything.
public struct AngleSummary: Sendable, Codable, Equatable {
  /// The smallest angle of any layer, in degrees.
  ///
  /// Below 0.06° half-precision storage decides, so it is not reported as less.
  public var smallest: Double
  /// The mean over layers of each layer's smallest angle, in degrees.
  public var meanSmallest: Double
  /// How many angles are below 45°: directions that are more shared than not.
  public var shared: Int
  /// How many angles there are.
  public var count: Int

  init?(_ layers: [[Double]]) {
    let layers = layers.filter { !$0.isEmpty }
    guard !layers.isEmpty else { return nil }
    let degrees = 180 / Double.pi
    let floor = 1e-3
    let firsts = layers.map { max($0[0], floor) * degrees }
    smallest = firsts.min() ?? 0
    meanSmallest = firsts.reduce(0, +) / Double(firsts.count)
    shared = layers.reduce(0) { $0 + $1.count { $0 < .pi / 4 } }
    count = layers.reduce(0) { $0 + $1.count }
  }
}
