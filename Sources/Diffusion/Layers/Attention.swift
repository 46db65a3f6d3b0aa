public import Torch

/// `softmax(q kᵀ / √d) v` by the best means that this libtorch has.
public enum Attention {
  /// Rows of the attention matrix computed at a time where there is no fused operation: with them all, one layer of
  /// SDXL at 1024² would hold 671 MB.
  static let rowsAtATime = 1024

  /// Attention over `[batch, tokens, heads · d]`.
  /// - Parameters:
  ///   - heads: how many heads the width is divided into.
  ///   - upcasts: whether scores are computed in F32 whatever the format.
  ///   - causal: whether tokens see those before them and themselves only.
  public static func attend(
    _ query: Tensor, _ key: Tensor, _ value: Tensor, heads: Int, causal: Bool = false, upcasts: Bool = false
  ) throws -> Tensor {
    let shape = query.shape
    let width = shape[2] / heads
    func split(_ tensor: Tensor) throws -> Tensor {
      try tensor.reshaped(shape[0], -1, heads, width).transposed(1, 2)
    }
    let (q, k, v) = try (split(query), split(key), split(value))
    let output =
      Tensor.hasFusedAttention && !upcasts
      ? try Tensor.fusedAttention(q, k, v, causal: causal) : try plain(q, k, v, causal: causal, upcasts: upcasts)
    return try output.transposed(1, 2).reshaped(shape[0], shape[1], shape[2])
  }

  /// The same in pieces of rows, over `[batch, heads, tokens, d]`.
  static func plain(_ query: Tensor, _ key: Tensor, _ value: Tensor, causal: Bool, upcasts: Bool) throws -> Tensor {
    let tokens = query.shape[2]
    let type = try query.scalarType
    let (query, key) = upcasts ? try (query.to(.f32), key.to(.f32)) : (query, key)
    let scaled = try query * (1 / Double(query.shape[3]).squareRoot())
    let keys = try key.transposed()
    let mask = causal ? try causalMask(tokens, like: query) : nil
    func rows(_ part: Tensor, _ mask: Tensor?) throws -> Tensor {
      var scores = try part.matrixProduct(keys)
      if let mask { scores = try scores + mask }
      return try scores.softmax().to(type).matrixProduct(value)
    }
    guard tokens > rowsAtATime else { return try rows(scaled, mask) }
    var parts: [Tensor] = []
    for start in stride(from: 0, to: tokens, by: rowsAtATime) {
      let length = min(rowsAtATime, tokens - start)
      parts.append(
        try rows(
          scaled.narrowed(2, from: start, length: length), mask?.narrowed(0, from: start, length: length)))
    }
    return try Tensor.concatenated(parts, 2)
  }

  private static func causalMask(_ tokens: Int, like tensor: Tensor) throws -> Tensor {
    var elements = [Float](repeating: 0, count: tokens * tokens)
    for row in 0..<tokens {
      for column in (row + 1)..<max(tokens, row + 1) { elements[row * tokens + column] = -.infinity }
    }
    return try Tensor(elements, shape: [tokens, tokens]).to(tensor.device, tensor.scalarType)
  }
}
