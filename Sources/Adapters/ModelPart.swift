/// Which network of the pipeline a layer belongs to.
public enum ModelPart: String, Sendable, Codable, CaseIterable, Comparable {
  /// Stable Diffusion's denoising network.
  case unet
  /// The denoising network of every later family: Flux, SD 3, Wan and others.
  case transformer
  /// The first text encoder: CLIP-L, or OpenCLIP-H for SD 2.
  case textEncoder1 = "te1"
  /// The second text encoder of SDXL and SD 3, OpenCLIP-bigG.
  case textEncoder2 = "te2"
  /// T5, whatever number it has in a file.
  case textEncoder3 = "te3"
  /// A language model that reads the prompt: Gemma, Qwen, Llama.
  case languageModel = "llm"

  /// How people call it.
  public var label: String {
    switch self {
    case .unet: "UNet"
    case .transformer: "transformer"
    case .textEncoder1: "TE1"
    case .textEncoder2: "TE2"
    case .textEncoder3: "T5"
    case .languageModel: "LLM"
    }
  }

  /// Whether it makes the picture, and does not read the prompt.
  public var isDenoiser: Bool { self == .unet || self == .transformer }

  /// The pipeline's order: text encoders first.
  public static func < (a: ModelPart, b: ModelPart) -> Bool { a.place < b.place }

  private var place: Int {
    switch self {
    case .textEncoder1: 0
    case .textEncoder2: 1
    case .textEncoder3: 2
    case .languageModel: 3
    case .transformer: 4
    case .unet: 5
    }
  }
}
