public import Images
public import Torch

/// What makes pictures of a UNet's latents.
public enum PictureDecoder: Sendable {
  /// The model's own VAE, or another of its shape.
  case full(AutoencoderKL)
  /// A small distilled one: softer pictures at a hundredth of the cost.
  case tiny(AutoencoderTiny)

  /// From this number of pixels on, the VAE works on tiles: its memory grows with the picture, about 8 kB a pixel.
  static let largestWhole = 1280 * 1280

  /// The pictures of latents, `[pictures, channels, height, width]`, one after another.
  /// - Throws: ``DiffusionError`` when a number format overflowed on the way.
  public func callAsFunction(_ latents: Tensor) throws -> [Picture] {
    guard try latents.allFinite() else {
      throw DiffusionError("the latents are not finite: the number format overflowed; take bf16 or f32")
    }
    return try (0..<latents.size(0)).flatMap { try decoded(latents.narrowed(0, from: $0, length: 1)) }
  }

  private func decoded(_ latents: Tensor) throws -> [Picture] {
    let pictures: Tensor
    switch self {
    case .tiny(let network): pictures = try network.decode(network.unscaled(latents))
    case .full(let network):
      let pixels =
        try latents.size(2) * latents.size(3) * network.configuration.reduction * network.configuration.reduction
      let tiling = pixels > Self.largestWhole ? VAETiling(size: 1024, overlap: 256) : nil
      pictures = try network.decode(network.unscaled(latents), tiling: tiling)
    }
    guard try pictures.allFinite() else {
      throw DiffusionError("the VAE's pictures are not finite: the number format overflowed; take bf16 or f32")
    }
    return try Picture.pictures(pictures)
  }
}

extension Picture {
  /// The pictures of a tensor from −1 to 1, `[pictures, channels, height, width]`; what lies outside is cut off.
  public static func pictures(_ tensor: Tensor) throws -> [Picture] {
    let samples = try ((tensor.to(.f32) / 2 + 0.5).clamped(0...1) * 255).rounded()
    let bytes = try samples.to(.cpu, .u8).permuted(0, 2, 3, 1).contiguous().array(of: UInt8.self)
    let (channels, height, width) = try (tensor.size(1), tensor.size(2), tensor.size(3))
    let size = channels * height * width
    return stride(from: 0, to: bytes.count, by: size).map {
      Picture(width: width, height: height, channels: channels, bytes: Array(bytes[$0..<$0 + size]))
    }
  }
}
