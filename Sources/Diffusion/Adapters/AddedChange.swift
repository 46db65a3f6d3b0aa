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
      result = try result + scale.applied(to: layer.spread(bias, over: output))
    }
    return result
  }
}
