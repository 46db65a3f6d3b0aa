public import Torch

/// What SDXL knows of a picture besides its text: the pooled text, and six sizes.
public struct AddedConditioning: Sendable {
  /// The second encoder's pooled projection, `[batch, 1280]`.
  public var pooled: Tensor
  /// Original height and width, crop's top and left, target height and width, in pixels: `[batch, 6]`, as
  /// ``SizeConditioning`` gives them.
  public var sizes: Tensor

  /// Puts both together.
  public init(pooled: Tensor, sizes: Tensor) {
    self.pooled = pooled
    self.sizes = sizes
  }

  /// Pooled text, then each size as waves: `[batch, inputWidth]`.
  func embedded(_ addition: UNetConfiguration.Addition) throws -> Tensor {
    let batch = try sizes.size(0)
    let waves = try Sinusoids.embed(sizes.reshaped(-1), width: addition.timeWidth).reshaped(batch, -1)
    let all = try Tensor.concatenated([pooled.to(.f32), waves.to(pooled.device, .f32)], 1)
    guard try all.size(1) == addition.inputWidth else {
      throw DiffusionError(
        "the pooled text has \(pooled.shape.last ?? 0) numbers; this UNet takes \(addition.inputWidth - 6 * addition.timeWidth)"
      )
    }
    return all
  }
}
