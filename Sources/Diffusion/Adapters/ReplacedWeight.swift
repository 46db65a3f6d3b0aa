import Adapters
import LinearAlgebra
import Torch

/// Changes of one layer of which at least one depends on the weight (DoRA, OFT, BOFT, (IA)³, GLoRA, T-LoRA): they do not
/// add up, so the changed weight is computed once and takes the base's place.
///
/// The same as baking: each file in turn, `V = W + s · ΔW`, and of a DoRA `V · (s (m / ‖V‖ − 1) + 1)`; the others as
/// `WeightChange` says, in double precision on the processor.
final class ReplacedWeight: LayerAdapter, @unchecked Sendable {
  private let changes: [(change: LayerChange, strength: Strength)]
  // Made at the first use, when the layer's weight is at hand. A pass belongs to one task.
  private var weights: [[Double]: Tensor] = [:]

  init(_ changes: [(change: LayerChange, strength: Strength)]) { self.changes = changes }

  func apply(to output: Tensor, input: Tensor, layer: any AdaptableLayer) throws -> Tensor {
    let batch = try input.size(0)
    let rows = try (0..<batch).map { sample in
      try changes.map { _, strength in
        switch strength {
        case .uniform(let value): return value
        case .perSample(let values):
          guard values.count == batch else {
            throw DiffusionError("\(values.count) strengths were given for a batch of \(batch) samples")
          }
          return values[sample]
        }
      }
    }
    guard let first = rows.first else { return output }
    guard rows.contains(where: { $0 != first }) else { return try run(input, layer, first) }
    return try Tensor.concatenated(
      rows.enumerated().map { index, strengths in
        try run(input.narrowed(0, from: index, length: 1), layer, strengths)
      })
  }

  private func run(_ input: Tensor, _ layer: any AdaptableLayer, _ strengths: [Double]) throws -> Tensor {
    var result = try layer.map(input, weight: weight(layer, strengths))
    if var bias = layer.bias {
      for ((change, _), strength) in zip(changes, strengths) {
        if let factors = change.biasFactors { bias = try bias * ((factors - 1) * strength + 1) }
      }
      result = try result + layer.spread(bias, over: result)
    }
    for ((change, _), strength) in zip(changes, strengths) {
      if let bias = change.bias { result = try result + layer.spread(bias, over: result) * strength }
    }
    return result
  }

  private func weight(_ layer: any AdaptableLayer, _ strengths: [Double]) throws -> Tensor {
    if let made = weights[strengths] { return made }
    var weight = try layer.weight.to(.f32)
    for ((change, _), strength) in zip(changes, strengths) {
      if let (own, geometry) = change.rewrite {
        let elements = try weight.to(.cpu).array(of: Float.self).map(Double.init)
        let matrix = Matrix(rows: geometry.outputs, columns: geometry.inputs, elements: elements)
        let changed = try own.applied(to: matrix, geometry, strength: strength)
        weight = try Tensor(changed.elements.map(Float.init), shape: weight.shape).to(weight.device)
      }
      if let delta = try change.whole(like: weight) { weight = try weight + delta * strength }
      guard let (values, axis) = change.magnitudes else { continue }
      let kernel = Array(2..<weight.dimensions)
      let lengths = try weight.norm((axis == .outputs ? [1] : [0]) + kernel, keep: true)
      // A vector of zeros stays zero.
      let ratio = try lengths.equals(0).choose(lengths.zerosLike() + 1, values / lengths)
      weight = try weight * ((ratio - 1) * strength + 1)
    }
    let made = try weight.to(layer.weight.scalarType)
    weights[strengths] = made
    return made
  }
}
