public import Torch

/// Whom a sample shows and how much it counts.
public struct LossSample: Sendable, Hashable {
  /// The character's number in the cast; `nil` for regularisation.
  public let character: Int?
  /// What its losses are multiplied by.
  public let weight: Double

  /// Describes a sample.
  public init(character: Int?, weight: Double = 1) {
    self.character = character
    self.weight = weight
  }
}

/// The loss of a batch, for the backward pass and for reports.
public struct CombinedLoss: Sendable {
  /// One number, from which gradients are taken.
  public let total: Tensor
  /// Every term as it was computed, without weights and without history: `[batch]`, or one number.
  public let terms: [LossTerm: Tensor]
  /// Whom the samples show.
  public let samples: [LossSample]

  /// A term's mean over the samples of each character, without weights; under `nil` that of regularisation.
  ///
  /// Waits for the device. Empty for terms that are not there or are the batch's own.
  public func means(of term: LossTerm) throws(TorchError) -> [Int?: Double] {
    guard let losses = terms[term], losses.dimensions == 1 else { return [:] }
    let values: [Double] = try losses.to(.f64).array()
    return Dictionary(grouping: zip(samples, values), by: \.0.character).mapValues { members in
      members.reduce(0) { $0 + $1.1 } / Double(members.count)
    }
  }
}
