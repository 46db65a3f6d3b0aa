public import Torch

/// A trigger's attention stays where its character is (after Mix-of-Show, arXiv 2305.18292).
///
/// `mean ‖A/max A − M‖²` over pixels, with A the attention of pixels to the trigger's tokens, averaged over heads and
/// tokens, and M the character's mask, brought to the map's size by area.
public enum AttentionLocalisation {
  /// The loss of each sample, `[batch]`; 0 for samples without a mask or a trigger.
  /// - Parameters:
  ///   - maps: `[batch, heads, pixels, tokens]` of one layer, after softmax.
  ///   - grid: the height and width that the pixels lie in, row by row.
  ///   - trigger: `[batch, tokens]`, 1 at the trigger's tokens, 0 elsewhere.
  ///   - masks: `[batch, 1, height, width]`, 0 to 1, of any size.
  ///   - present: which samples have a mask.
  public static func losses(
    _ maps: Tensor, grid: (height: Int, width: Int), trigger: Tensor, masks: Tensor, present: [Bool]
  ) throws(TorchError) -> Tensor {
    let (batch, pixels) = (try maps.size(0), try maps.size(2))
    guard grid.height * grid.width == pixels, present.count == batch else {
      throw TorchError(
        .general,
        "attention maps of \(batch) samples and \(pixels) pixels were given \(present.count) samples and a grid of "
          + "\(grid.height) × \(grid.width)")
    }
    let marks = try trigger.to(maps.device, .f32)
    let counts = try marks.sum([1], keep: true)
    let heads = try maps.to(.f32).mean([1])
    let map = try (heads * marks.unsqueezed(1)).sum([2]) / counts.clamped(from: 1)
    let relative = try map / map.maximum([1], keep: true).clamped(from: 1e-12)
    let wanted = try masks.to(maps.device, .f32).areaResized(height: grid.height, width: grid.width)
      .reshaped(batch, pixels)
    let distance = try relative - wanted
    let counted = try Tensor(present.map { $0 ? 1 : 0 } as [Float]).to(maps.device) * counts.squeezed(1).clamped(0...1)
    return try (distance * distance).mean([1]) * counted
  }
}
