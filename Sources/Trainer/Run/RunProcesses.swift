public import Torch

/// The processes that share a run: each computes a part of every batch, and all take the same steps.
public protocol RunProcesses: Sendable {
  /// This process, from 0.
  var rank: Int { get }
  /// How many there are.
  var count: Int { get }
  /// Replaces tensors by their sums over all processes.
  func sum(_ tensors: [Tensor]) throws
  /// The numbers of every process, in order; each gives as many.
  func gather(_ numbers: [Double]) throws -> [[Double]]
}

/// A run of one process.
public struct SingleProcess: RunProcesses {
  /// This process.
  public let rank = 0
  /// One.
  public let count = 1

  /// A run of one process.
  public init() {}

  /// Does nothing: there is nobody else.
  public func sum(_ tensors: [Tensor]) {}

  /// The numbers themselves.
  public func gather(_ numbers: [Double]) -> [[Double]] { [numbers] }
}

extension ProcessGroup: RunProcesses {}

extension RunProcesses {
  /// Whether this process writes files.
  var isFirst: Bool { rank == 0 }

  /// This process' part of a batch: neighbours, as evenly as can be.
  func share<Element>(of batch: [Element]) -> ArraySlice<Element> {
    batch[batch.count * rank / count..<batch.count * (rank + 1) / count]
  }

  /// Sums the gradients of parameters; one that has none anywhere has none afterwards.
  func sumGradients(_ parameters: [Tensor]) throws {
    guard count > 1 else { return }
    let present = try gather(parameters.map { $0.gradient == nil ? 0 : 1 })
    let active = parameters.indices.filter { index in present.contains { $0[index] > 0 } }
    var gradients: [Tensor] = []
    for index in active {
      if let gradient = parameters[index].gradient {
        gradients.append(gradient)
      } else {
        let zero = try parameters[index].detached().zerosLike()
        try parameters[index].setGradient(zero)
        gradients.append(parameters[index].gradient ?? zero)
      }
    }
    try sum(gradients)
    for (index, gradient) in zip(active, gradients) { try parameters[index].setGradient(gradient) }
  }
}
