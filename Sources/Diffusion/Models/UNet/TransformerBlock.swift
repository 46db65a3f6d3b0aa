import Torch

/// Attention of tokens to one another or to the text.
struct AttentionLayer: Sendable {
  let query: Linear
  let key: Linear
  let value: Linear
  let output: Linear
  let heads: Int
  let upcasts: Bool

  /// - Parameter contextWidth: the width of the tokens attended to; `nil` for the tokens themselves.
  init(_ parameters: Parameters, width: Int, contextWidth: Int?, heads: Int, upcasts: Bool) throws {
    query = try Linear(parameters["to_q"], inputs: width, outputs: width, bias: false)
    key = try Linear(parameters["to_k"], inputs: contextWidth ?? width, outputs: width, bias: false)
    value = try Linear(parameters["to_v"], inputs: contextWidth ?? width, outputs: width, bias: false)
    output = try Linear(parameters["to_out"][0], inputs: width, outputs: width)
    self.heads = heads
    self.upcasts = upcasts
  }

  /// `[batch, tokens, width]`, attending to `[batch, tokens, contextWidth]`; the last layer is yet to come.
  func attended(_ input: Tensor, context: Tensor?, _ pass: Pass) throws -> Tensor {
    let source = context ?? input
    let (q, k, v) = try (query(input, pass), key(source, pass), value(source, pass))
    return try Attention.attend(q, k, v, heads: heads, upcasts: upcasts)
  }
}

/// Self-attention, attention to the text and a gated MLP, each added to its input.
///
/// diffusers' `BasicTransformerBlock`.
struct TransformerBlock: Sendable {
  let norms: [LayerNorm]
  let selfAttention: AttentionLayer
  let crossAttention: AttentionLayer
  let expansion: Linear
  let contraction: Linear

  init(_ parameters: Parameters, width: Int, contextWidth: Int, heads: Int, upcasts: Bool) throws {
    norms = try (1...3).map { try LayerNorm(parameters["norm\($0)"], width: width) }
    selfAttention = try AttentionLayer(
      parameters["attn1"], width: width, contextWidth: nil, heads: heads, upcasts: upcasts)
    crossAttention = try AttentionLayer(
      parameters["attn2"], width: width, contextWidth: contextWidth, heads: heads, upcasts: upcasts)
    let mlp = parameters["ff"]["net"]
    // Values and gates in one layer.
    expansion = try Linear(mlp[0]["proj"], inputs: width, outputs: 8 * width)
    contraction = try Linear(mlp[2], inputs: 4 * width, outputs: width)
  }

  /// `[batch, tokens, width]`, with the text as `[batch, text tokens, contextWidth]`.
  func callAsFunction(_ input: Tensor, context: Tensor, _ pass: Pass) throws -> Tensor {
    // The last layer of each part stands outside of what is computed again: nothing of its output is needed for
    // gradients, and a frozen layer does not even keep its input.
    var tokens = input
    let own = try pass.segment([tokens]) { try selfAttention.attended(norms[0]($0[0], pass), context: nil, pass) }
    tokens = try tokens + selfAttention.output(own, pass)
    let other = try pass.segment([tokens, context]) {
      try crossAttention.attended(norms[1]($0[0], pass), context: $0[1], pass)
    }
    tokens = try tokens + crossAttention.output(other, pass)
    let wide = try pass.segment(from: .light, [tokens]) {
      let halves = try expansion(norms[2]($0[0], pass), pass).chunks(2, -1)
      return try halves[0] * halves[1].gelu()
    }
    return try tokens + contraction(wide, pass)
  }
}
