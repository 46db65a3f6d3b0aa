// What neural networks are made of.
extension Tensor {
  private static let matrixProduct = Operator("aten::matmul")
  private static let linear = Operator("aten::linear")
  private static let convolution = Operator("aten::conv2d")
  private static let groupNorm = Operator("aten::group_norm")
  private static let layerNorm = Operator("aten::layer_norm")
  private static let embedding = Operator("aten::embedding")
  private static let nearest = Operator("aten::upsample_nearest2d")
  private static let bilinear = Operator("aten::upsample_bilinear2d")
  private static let attention = Operator("aten::scaled_dot_product_attention")

  /// The matrix product over the last two dimensions, broadcast over the others.
  public func matrixProduct(_ other: Tensor) throws(TorchError) -> Tensor {
    try Self.matrixProduct(.tensor(self), .tensor(other))
  }

  /// `x Wᵀ + b`.
  /// - Parameters:
  ///   - weight: `[out, in]`.
  ///   - bias: `[out]`.
  public func linear(_ weight: Tensor, _ bias: Tensor? = nil) throws(TorchError) -> Tensor {
    try Self.linear(.tensor(self), .tensor(weight), .optional(bias))
  }

  /// Convolution of `[batch, in, height, width]`.
  /// - Parameters:
  ///   - weight: `[out, in / groups, kernel height, kernel width]`.
  ///   - bias: `[out]`.
  public func convolved(
    _ weight: Tensor, _ bias: Tensor? = nil, stride: [Int] = [1, 1], padding: [Int] = [0, 0],
    dilation: [Int] = [1, 1], groups: Int = 1
  ) throws(TorchError) -> Tensor {
    try Self.convolution(
      .tensor(self), .tensor(weight), .optional(bias), .ints(stride), .ints(padding), .ints(dilation), .int(groups))
  }

  /// Each group of channels brought to mean 0 and variance 1, then scaled and shifted by channel.
  public func groupNormalised(
    _ groups: Int, weight: Tensor?, bias: Tensor?, epsilon: Double
  ) throws(TorchError) -> Tensor {
    try Self.groupNorm(
      .tensor(self), .int(groups), .optional(weight), .optional(bias), .double(epsilon), .bool(false))
  }

  /// The last dimension brought to mean 0 and variance 1, then scaled and shifted.
  public func layerNormalised(weight: Tensor?, bias: Tensor?, epsilon: Double) throws(TorchError) -> Tensor {
    try Self.layerNorm(
      .tensor(self), .ints([size(-1)]), .optional(weight), .optional(bias), .double(epsilon), .bool(false))
  }

  /// The rows of this table that `indices` name: `[…] → […, width]`.
  public func embedding(_ indices: Tensor) throws(TorchError) -> Tensor {
    try Self.embedding(.tensor(self), .tensor(indices))
  }

  /// Each pixel copied to a block, to `[…, height, width]`.
  public func upsampledNearest(height: Int, width: Int) throws(TorchError) -> Tensor {
    try Self.nearest(.tensor(self), .ints([height, width]))
  }

  /// Resized with linear interpolation between pixels' centres.
  public func resizedBilinear(height: Int, width: Int) throws(TorchError) -> Tensor {
    try Self.bilinear(.tensor(self), .ints([height, width]), .bool(false))
  }

  /// Whether this libtorch has attention in one operation.
  public static var hasFusedAttention: Bool { attention.exists }

  /// `softmax(q kᵀ / √d) v` in one operation, over `[batch, heads, tokens, d]`.
  /// - Throws: ``TorchError`` of kind ``TorchError/Kind/missing`` before PyTorch 2.
  public static func fusedAttention(
    _ query: Tensor, _ key: Tensor, _ value: Tensor, mask: Tensor? = nil, causal: Bool = false
  ) throws(TorchError) -> Tensor {
    try attention(
      .tensor(query), .tensor(key), .tensor(value), .optional(mask), .double(0), .bool(causal))
  }
}
