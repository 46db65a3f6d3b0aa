import Adapters
import Diffusion
import Foundation
import SafeTensors
import Testing
import Torch

@testable import Trainer

/// A run that `scripts/oracles/make_training_run_fixture.py` trained with PyTorch, diffusers and PEFT.
struct RunFixture {
  struct Caption: Decodable { var text: String }

  struct Module: Decodable {
    var network: String
    var path: String
    var rank: Int
    var alpha: Double
  }

  struct Sample: Decodable {
    var latent: Int
    var caption: Int
    var weight: Double
    var time: Int
    var seed: UInt64
    var character: Int?
    var target: String
    var class_caption: Int?
    var mask: Int?
    var lora: Int?
    var size: [Int]?
  }

  struct Step: Decodable {
    var batches: [[Sample]]
    var rates: [String: Double]
    var loss: Double
    var losses: [String: [Double?]]
    var gradient_norm: Double
  }

  struct Settings: Decodable {
    var model: String
    var loras: Int
    var rank: Int
    var alpha: Double
    var conv_rank: Int?
    var conv_alpha: Double?
    var convolutions: Bool
    var train_text_encoders: Bool
    var zero_terminal_snr: Bool
    var prediction: String
    var element_loss: String
    var huber_c: Double?
    var min_snr_gamma: Double?
    var masked: Bool
    var output_preservation: Double
    var cross_prior: Double
    var weight_decay: Double
    var max_grad_norm: Double
    var rates: [String: Double]
    var schedule: String
    var warmup_steps: Int
    var run_steps: Int
    var chunks: Int
    var kept_steps: [Int]
    var captions: [Caption]
    var modules: [String: Module]
    var steps: [Step]
  }

  static let names = ["sd1-unet", "sd1-text", "sd1-locon", "sd2-velocity", "sdxl-text", "sdxl-separate"]

  let settings: Settings
  let file: SafeTensorsFile
  let model: DiffusionModel

  static var folder: URL {
    URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().appending(path: "Fixtures")
  }

  init(_ name: String) throws {
    let place = Self.folder.appending(path: "training/runs/\(name)")
    settings = try JSONDecoder().decode(
      Settings.self, from: Data(contentsOf: place.appendingPathExtension("json")))
    file = try SafeTensorsFile(path: place.appendingPathExtension("safetensors").path)
    let path = Self.folder.appending(path: settings.model).path
    var configuration = try ModelCheckpoint(path: path).configuration
    configuration.schedule.zeroTerminalSNR = settings.zero_terminal_snr
    model = try DiffusionModel(
      ModelCheckpoint(path: path, configuration: configuration), Precision(device: .cpu, type: .f32),
      environment: { _ in nil })
  }

  func tensor(_ name: String) throws -> Tensor {
    let info = try #require(file[name], "the fixture lacks \(name)")
    return try Tensor(file.doubles(of: info).map(Float.init), shape: info.shape)
  }

  /// The factors of a LoRA at one of the kept moments, by layer.
  func factors(_ lora: Int, kept: Int) throws -> [ModulePath: (down: Tensor, up: Tensor, alpha: Double)] {
    let prefix = settings.loras > 1 ? "\(lora)." : ""
    return try Dictionary(
      settings.modules.map { name, module in
        let part: ModelPart =
          switch module.network {
          case "unet": .unet
          case "text_encoder": .textEncoder1
          default: .textEncoder2
          }
        // transformers 5 has left out the first part of a name that files still have.
        let isBare = part != .unet && !module.path.hasPrefix("text_model.")
        return (
          ModulePath(part: part, name: (isBare ? "text_model." : "") + module.path),
          (
            down: try tensor("\(prefix)\(name).lora_down.weight").selected(0, kept).copied(),
            up: try tensor("\(prefix)\(name).lora_up.weight").selected(0, kept).copied(), alpha: module.alpha
          )
        )
      }, uniquingKeysWith: { first, _ in first })
  }

  var network: CastConfiguration.Network {
    var network = CastConfiguration.Network()
    network.kind = settings.convolutions ? .locon : .lora
    (network.rank, network.alpha) = (settings.rank, settings.alpha)
    (network.convRank, network.convAlpha) = (settings.conv_rank ?? settings.rank, settings.conv_alpha ?? settings.alpha)
    return network
  }

  var plan: LossPlan {
    get throws {
      var losses = CastConfiguration.Losses()
      losses.kind = settings.element_loss == "huber" ? .huber : .mse
      losses.huberC = settings.huber_c ?? losses.huberC
      losses.minSNRGamma = settings.min_snr_gamma
      losses.outputPreservation = settings.output_preservation
      return try LossPlan(losses, crossPrior: settings.cross_prior, masks: settings.masked, normalisesMasks: true)
    }
  }

  /// A sample as the trainer prepares it.
  func sample(_ sample: Sample) throws -> TrainingSample {
    let latents = try tensor("latent.\(sample.latent)").unsqueezed(0)
    let noise = try NoiseOptions().draw(latents, [Generator(seed: sample.seed)])
    let size = sample.size ?? [64, 64, 0, 0, 64, 64]
    var result = TrainingSample(
      latents: latents, caption: settings.captions[sample.caption].text,
      sizes: SizeConditioning(
        originalHeight: size[0], originalWidth: size[1], cropTop: size[2], cropLeft: size[3], targetHeight: size[4],
        targetWidth: size[5]),
      time: sample.time, noise: noise, loras: [sample.lora ?? 0])
    result.weight = sample.weight
    result.character = sample.character
    result.target = sample.target == "base" ? .base : .picture
    result.classCaption = sample.class_caption.map { settings.captions[$0].text }
    result.mask = try sample.mask.map { try tensor("mask.\($0)").unsqueezed(0) }
    if settings.cross_prior > 0, let character = sample.character { result.bystander = 1 - character }
    return result
  }
}
