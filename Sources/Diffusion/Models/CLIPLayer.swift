import Torch

/// One layer of a CLIP text encoder: attention to the tokens before, then an MLP, each beside a shortcut.
struct CLIPLayer: Sendable {
  let norm1: LayerNorm
  let query: Linear
  let key: Linear
  let value: Linear
  let output: Linear
  let norm2: LayerNorm
  let widen: Linear
  let narrow: Linear
  let heads: Int
  let activation: CLIPConfiguration.Activation

  init(_ parameters: Parameters, _ configuration: CLIPConfiguration) throws {
    let width = configuration.width
    let inner = configuration.intermediateWidth
    let attention = parameters["self_attn"]
    norm1 = try LayerNorm(parameters["layer_norm1"], width: width, epsilon: configuration.epsilon)
    query = try Linear(attention["q_proj"], inputs: width, outputs: width)
    key = try Linear(attention["k_proj"], inputs: width, outputs: width)
    value = try Linear(attention["v_proj"], inputs: width, outputs: width)
    output = try Linear(attention["out_proj"], inputs: width, outputs: width)
    norm2 = try LayerNorm(parameters["layer_norm2"], width: width, epsilon: configuration.epsilon)
    widen = try Linear(parameters["mlp"]["fc1"], inputs: width, outputs: inner)
    narrow = try Linear(parameters["mlp"]["fc2"], inputs: inner, outputs: width)
    heads = configuration.heads
    activation = configuration.activation
  }

  /// The layers that adapters can act on.
  var adaptable: [Linear] { [query, key, value, output, widen, narrow] }

  func callAsFunction(_ input: Tensor, _ pass: Pass) throws -> Tensor {
    let seen = try norm1(input, pass)
    let attended = try Attention.attend(
      query(seen, pass), key(seen, pass), value(seen, pass), heads: heads, causal: true)
    let hidden = try input + output(attended, pass)
    let wide = try widen(norm2(hidden, pass), pass)
    let active = activation == .gelu ? try wide.gelu() : try wide.quickGelu()
    return try hidden + narrow(active, pass)
  }
}
