import Adapters
import Foundation

@testable import BlendAnalysis

/// What `make_overlap_fixture.py` computed from dense matrices.
struct OverlapExpectation: Decodable {
  var groups: [String: [String]]
  var files: [String: [String: File]]
  var pairs: [String: Pair]
  var monteCarlo: [MonteCarlo]

  static let shared: OverlapExpectation? = {
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .custom { keys in
      // Only the structures' own fields are in snake case; the keys that are data (stems) must stay as they are.
      let name = keys.last?.stringValue ?? ""
      return Key(stringValue: name.hasPrefix("lora_") ? name : camelCased(name))
    }
    return FileManager.default.contents(atPath: Fixtures.path("overlap/overlap.json")).flatMap {
      try? decoder.decode(OverlapExpectation.self, from: $0)
    }
  }()

  private static func camelCased(_ name: String) -> String {
    let pieces = name.split(separator: "_")
    return (pieces.first.map(String.init) ?? "") + pieces.dropFirst().map(\.capitalized).joined()
  }

  private struct Key: CodingKey {
    var stringValue: String
    var intValue: Int? { nil }
    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
  }

  struct File: Decodable {
    var t: Double
    var q: Double
    var singularValues: [Double]
    var participationRatio: Double
    var stableRank: Double
    var entropyRank: Double
  }

  struct Four: Decodable {
    var value: Double
    var expected: Double
    var excess: Double
    var z: Double
  }

  struct Scalars: Decodable {
    var g: Double
    var xIn: Double
    var xOut: Double
    var cosine: Double
    var cosineZ: Double
    var omegaIn: Four
    var omegaOut: Four
    var phiIn: Four
    var phiOut: Four
  }

  struct Module: Decodable {
    var scalars: Scalars
    var anglesIn: [Double]
    var anglesOut: [Double]
    var sharedInit: SharedInit?

    private enum CodingKeys: String, CodingKey { case anglesIn, anglesOut, sharedInit }

    init(from decoder: any Decoder) throws {
      scalars = try Scalars(from: decoder)
      let object = try decoder.container(keyedBy: CodingKeys.self)
      anglesIn = try object.decode([Double].self, forKey: .anglesIn)
      anglesOut = try object.decode([Double].self, forKey: .anglesOut)
      sharedInit = try object.decodeIfPresent(SharedInit.self, forKey: .sharedInit)
    }
  }

  struct SharedInit: Decodable {
    var mean: Double
    var offDiagonalMean: Double
    var z: Double
  }

  struct Pair: Decodable {
    var modules: [String: Module]
    var groups: [String: Scalars?]
  }

  struct MonteCarlo: Decodable {
    var pair: String
    var module: String
    var xIn: Moments
    var phiIn: Moments
    var g: Moments
  }

  struct Moments: Decodable {
    var mean: Double
    var meanStandardError: Double
    var formulaMean: Double
    var variance: Double
    var varianceStandardError: Double
    var formulaVariance: Double
  }
}

/// The fixture's files, measured.
enum Measured {
  /// Every pair of the fixture's names, in order.
  static let pairs: [(String, String)] = Fixtures.names.indices.flatMap { i in
    Fixtures.names[(i + 1)...].map { (Fixtures.names[i], $0) }
  }

  private static let all = Task {
    try await Analysis.run(try Fixtures.subjects(), options: AnalysisOptions())
  }

  /// All four together, so that most layers have several participants.
  static func together() async throws -> Analysis { try await all.value }

  /// Two alone: then layers stored in 16 bits by both are multiplied in single precision.
  static func alone(_ a: String, _ b: String) async throws -> Analysis {
    try await Analysis.run(try Fixtures.subjects([a, b]), options: AnalysisOptions())
  }

  /// The layer that a stem of the fixture names.
  static func layer(_ stem: String, in analysis: Analysis) -> LayerAnalysis? {
    let path = analysis.subjects.lazy.compactMap { $0.adapter.modules.first { $0.stem == stem }?.path }.first
    return analysis.layers.first { $0.path == path }
  }
}

/// How closely a measurement must agree with the dense computation.
struct Closeness {
  var relative: Double

  /// Everything in double: products of at most a few hundred terms and a whitening of well-conditioned Gram
  /// matrices (condition below 1e4) leave 1e-12; required is a thousand times that.
  static let double = Closeness(relative: 1e-9)
  /// Both factors in 16 bits: Gram matrices are summed in single precision, good to 2e-7 of the vectors' norms, and
  /// errors of many entries average out in what is made of them.
  static let single = Closeness(relative: 1e-6)

  /// A number that may be small beside the terms it is the sum of, which have the size `scale`.
  func accepts(_ a: Double?, _ b: Double, scale: Double = 0) -> Bool {
    agree(a, b, relative: relative, floor: relative * scale)
  }

  /// The four numbers of an overlap.
  ///
  /// Excess and z are differences, so they are held to the size of what is subtracted.
  func accepts(_ found: Overlap, _ expected: OverlapExpectation.Four) -> Bool {
    let terms = expected.value + expected.expected
    let difference = abs(expected.value - expected.expected)
    let perDifference = difference > 0 ? abs(expected.z) / difference : 0
    return accepts(found.value, expected.value) && accepts(found.expected, expected.expected)
      && accepts(found.excess, expected.excess, scale: terms / (1 - expected.expected))
      && accepts(found.z, expected.z, scale: terms * perDifference)
  }

  /// All ratios of a pair.
  ///
  /// A cosine may be zero but for chance: it is held to its null's standard deviation.
  func differences(_ found: Measures, _ expected: OverlapExpectation.Scalars) -> [String] {
    var different: [String] = []
    let deviation = expected.cosineZ == 0 ? 0 : abs(expected.cosine / expected.cosineZ)
    if !accepts(found.cosine, expected.cosine, scale: deviation) { different.append("cosine") }
    if !accepts(found.cosineZ, expected.cosineZ, scale: 1) { different.append("cosineZ") }
    for (name, a, b) in [
      ("omegaIn", found.omegaIn, expected.omegaIn), ("omegaOut", found.omegaOut, expected.omegaOut),
      ("phiIn", found.phiIn, expected.phiIn), ("phiOut", found.phiOut, expected.phiOut),
    ] where !accepts(a, b) {
      different.append("\(name): \(a) instead of \(b)")
    }
    return different
  }
}
