import Torch

/// How a large picture is cut into overlapping tiles, whose results are blended.
///
/// Memory then depends on the tile, not on the picture. Each tile has group norms and attention of its own, so that the
/// result is near the untiled one, not equal to it.
public struct VAETiling: Sendable, Hashable {
  /// The width and height of a tile in pixels of the picture.
  public let size: Int
  /// How far neighbours overlap at least, in pixels.
  public let overlap: Int

  /// A tiling; sizes are rounded down to whole latents, at least one more than the overlap.
  public init(size: Int = 512, overlap: Int = 128) {
    self.size = max(1, size)
    self.overlap = min(max(0, overlap), self.size - 1)
  }

  /// Where tiles begin along one side, all of one size, the last one ending at the end.
  static func starts(length: Int, tile: Int, overlap: Int) -> [Int] {
    guard length > tile else { return [0] }
    let count = (length - overlap + tile - overlap - 1) / (tile - overlap)
    return (0..<count).map { $0 * (length - tile) / (count - 1) }
  }

  /// How much each place of a tile counts along one side: less towards its ends, never nothing.
  static func ramp(length: Int, overlap: Int) -> [Float] {
    (0..<length).map { min(1, Float(min($0, length - 1 - $0) + 1) / Float(overlap + 1)) }
  }

  /// Runs `body` over tiles of `input` and blends what it gives.
  /// - Parameters:
  ///   - input: `[batch, channels, height, width]`.
  ///   - unit: pixels of the picture for one place of the input: 1 for a picture, 8 for latents.
  ///   - factor: places of the output for one of the input, and its inverse when the output is smaller.
  ///   - body: a tile of the input to a tile of the output.
  func blended(
    _ input: Tensor, unit: Int, up factor: Int = 1, down divisor: Int = 1, _ body: (Tensor) throws -> Tensor
  ) throws -> Tensor {
    let (height, width) = try (input.size(2), input.size(3))
    // Whole places of the output on both sides.
    let overlap = max(overlap / unit / divisor * divisor, 0)
    let tile = max(size / unit / divisor * divisor, overlap + divisor)
    guard height > tile || width > tile else { return try body(input) }
    let rows = Self.starts(length: height / divisor, tile: tile / divisor, overlap: overlap / divisor)
    let columns = Self.starts(length: width / divisor, tile: tile / divisor, overlap: overlap / divisor)
    var sum: Tensor?
    var weights: Tensor?
    for row in rows {
      for column in columns {
        let part = try input.narrowed(2, from: row * divisor, length: min(tile, height))
          .narrowed(3, from: column * divisor, length: min(tile, width))
        let result = try body(part).to(.f32)
        let (h, w) = try (result.size(2), result.size(3))
        let mask = try mask(height: h, width: w, overlap: overlap * factor / divisor, on: result.device)
        let whole = [height * factor / divisor, width * factor / divisor]
        let total = try sum ?? .zeros([result.size(0), result.size(1)] + whole, on: result.device)
        let weight = try weights ?? .zeros([1, 1] + whole, on: result.device)
        func place(_ tensor: Tensor) throws -> Tensor {
          try tensor.narrowed(2, from: row * factor, length: h).narrowed(3, from: column * factor, length: w)
        }
        try place(total).add(product: result, mask)
        try place(weight).add(mask)
        (sum, weights) = (total, weight)
      }
    }
    guard let sum, let weights else { return try body(input) }
    return try (sum / weights).to(input.scalarType)
  }

  private func mask(height: Int, width: Int, overlap: Int, on device: Device) throws -> Tensor {
    let down = try Tensor(Self.ramp(length: height, overlap: overlap), shape: [1, 1, height, 1])
    let across = try Tensor(Self.ramp(length: width, overlap: overlap), shape: [1, 1, 1, width])
    return try (down * across).to(device)
  }
}
