import Torch

/// A change that adds to the layer's output: LoRA, LoCon, LoHa, LoKr, whole differences and biases.
struct AddedChange: LayerAdapter {
  let change: LayerChange
  let strength: Strength

  func apply(to output: Tensor, input: Tensor, layer: any AdaptableLayer) throws -> Tensor {
    let scale = try ScaleFactor(strength, like: input)
    var result = output
    if let response = try change.response(to: input, of: layer, scale: scale) { result = try result + response }
    if let bias = change.bias {
      let shape =
        layer.site.shape.count == 4 ? [1, -1, 1, 1] : [Int](repeating: 1, count: output.dimensions - 1) + [-1]
      result = try result + scale.applied(to: bias.reshaped(shape))
    }
    return result
  }
}
