public import Torch

/// What a UNet is told about a text.
public struct TextEmbedding: Sendable {
  /// The states that cross-attention reads, `[batch, tokens, width]`.
  public var context: Tensor
  /// The whole text in one state, `[batch, width]`; SDXL has one.
  public var pooled: Tensor?

  /// Makes an embedding.
  public init(context: Tensor, pooled: Tensor? = nil) {
    self.context = context
    self.pooled = pooled
  }

  /// Zeros of the same shape.
  ///
  /// What SDXL was trained with for an absent negative prompt (diffusers' `force_zeros_for_empty_prompt`).
  public func zeros() throws -> TextEmbedding {
    TextEmbedding(context: try context.zerosLike(), pooled: try pooled?.zerosLike())
  }

  /// The texts of several embeddings in one batch; all must have as many tokens.
  public static func joined(_ parts: [TextEmbedding]) throws -> TextEmbedding {
    let pooled = parts.compactMap(\.pooled)
    guard pooled.isEmpty || pooled.count == parts.count else {
      throw TextConditioningError.shape("some have a pooled state and others have none")
    }
    return TextEmbedding(
      context: try Tensor.concatenated(parts.map(\.context)), pooled: pooled.isEmpty ? nil : try .concatenated(pooled))
  }
}

/// What SDXL is told of a picture's sizes: what it was, what was cut off, what it became, in pixels.
public struct SizeConditioning: Sendable, Hashable {
  /// The picture's height before it was scaled and cut.
  public var originalHeight: Int
  /// The picture's width before it was scaled and cut.
  public var originalWidth: Int
  /// What was cut off above.
  public var cropTop: Int
  /// What was cut off on the left.
  public var cropLeft: Int
  /// The height the network sees.
  public var targetHeight: Int
  /// The width the network sees.
  public var targetWidth: Int

  /// A picture scaled and cut.
  public init(
    originalHeight: Int, originalWidth: Int, cropTop: Int = 0, cropLeft: Int = 0, targetHeight: Int, targetWidth: Int
  ) {
    self.originalHeight = originalHeight
    self.originalWidth = originalWidth
    self.cropTop = cropTop
    self.cropLeft = cropLeft
    self.targetHeight = targetHeight
    self.targetWidth = targetWidth
  }

  /// A picture neither scaled nor cut.
  public init(height: Int, width: Int) {
    self.init(originalHeight: height, originalWidth: width, targetHeight: height, targetWidth: width)
  }

  /// The six numbers in the order that SDXL takes them.
  public var numbers: [Float] {
    [originalHeight, originalWidth, cropTop, cropLeft, targetHeight, targetWidth].map(Float.init)
  }

  /// The numbers of a batch, `[batch, 6]` in F32.
  public static func tensor(_ batch: [SizeConditioning]) throws -> Tensor {
    try Tensor(batch.flatMap(\.numbers), shape: [batch.count, 6])
  }
}
