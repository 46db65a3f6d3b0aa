internal import Diffusion
internal import Torch

/// One trained layer in a batch whose samples belong to different LoRAs: each sample meets its own factors alone.
struct RoutedFactors: LayerAdapter {
  /// A LoRA's factors with the rows they act on.
  struct Route: Sendable {
    var factors: TrainableFactors
    /// The rows of the batch; nil for all of them.
    var rows: Tensor?
    /// What dropout draws for each of these rows; empty without dropout.
    var seeds: [UInt64] = []
  }

  private static let addRows = Operator("aten::index_add_")

  let routes: [Route]
  let dropout: NetworkDropout
  /// The layer's place in the network.
  let layer: Int

  func apply(to output: Tensor, input: Tensor, layer: any AdaptableLayer) throws -> Tensor {
    var result = output
    for route in routes {
      let own = try route.rows.map { try input.selected(0, $0) } ?? input
      let type = try own.scalarType
      var hidden = try layer.map(own, weight: route.factors.down.to(type)) * route.factors.scale
      if !route.seeds.isEmpty { hidden = try dropout.applied(to: hidden, seeds: route.seeds, layer: self.layer) }
      let up = try route.factors.up.to(type)
      let change = try up.dimensions == 4 ? hidden.convolved(up) : hidden.linear(up)
      result =
        if let rows = route.rows {
          // Into a copy, which lies in memory as the output does: another order would be another rounding, and slower.
          try Self.addRows(
            .tensor(result.copied()), .int(0), .tensor(rows), .tensor(change.to(result.scalarType)))
        } else {
          try result + change
        }
    }
    return result
  }
}
