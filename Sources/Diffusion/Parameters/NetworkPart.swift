/// A network of the pipeline, whose parameters have names of their own.
public enum NetworkPart: String, Sendable, Hashable, CaseIterable {
  /// The denoising network.
  case unet
  /// The first text encoder: CLIP-L, or OpenCLIP-H for SD 2.
  case textEncoder1 = "text_encoder"
  /// SDXL's second text encoder, OpenCLIP-bigG.
  case textEncoder2 = "text_encoder_2"
  /// Pictures to latents and back.
  case vae
}
