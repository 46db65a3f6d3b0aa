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

  /// `[batch, tokens, width]`, attending to `[batch, tokens, contextWidth]`.
  func callAsFunction(_ input: Tensor, context: Tensor?, _ pass: Pass) throws -> Tensor {
    let source = context ?? input
    let (q, k, v) = try (query(input, pass), key(source, pass), value(source, pass))
    return try output(Attention.attend(q, k, v, heads: heads, upcasts: upcasts), pass)
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
    try pass.segment([input, context]) { try run($0[0], context: $0[1], pass) }
  }

  private func run(_ input: Tensor, context: Tensor, _ pass: Pass) throws -> Tensor {
    var tokens = input
    tokens = try tokens + selfAttention(norms[0](tokens, pass), context: nil, pass)
    tokens = try tokens + crossAttention(norms[1](tokens, pass), context: context, pass)
    let halves = try expansion(norms[2](tokens, pass), pass).chunks(2, -1)
    return try tokens + contraction(halves[0] * halves[1].gelu(), pass)
  }
}
