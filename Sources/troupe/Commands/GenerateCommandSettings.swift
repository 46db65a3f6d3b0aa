public import ArgumentParser
public import Diffusion
import Torch

extension SamplerName: ExpressibleByArgument {}
extension SamplingSchedule: ExpressibleByArgument {}

/// How pictures are drawn, on the command line.
struct DrawingOptions: ParsableArguments {
  @Option(name: .long, help: "How many times the network looks.")
  var steps = 25

  @Option(name: .long, help: "The way from noise to picture.")
  var sampler = SamplerName.eulerAncestral

  @Option(name: .long, help: "At which noise levels the network looks. Default: what suits the model.")
  var schedule: SamplingSchedule?

  @Option(name: .long, help: ArgumentHelp("How strongly the prompt is followed.", valueName: "scale"))
  var cfg = 6.0

  @Option(
    name: .long,
    help: ArgumentHelp(
      "How far the contrast that --cfg adds is taken back, from 0 to 1; 0.7 for models with zero terminal SNR.",
      valueName: "share"))
  var cfgRescale = 0.0

  @Option(
    name: .long, help: ArgumentHelp("With --sampler ddim: how much of the noise is drawn anew.", valueName: "share"))
  var eta = 0.0

  @Option(
    name: .long,
    help: ArgumentHelp(
      "The text encoders' layer, 1 the last, 2 the one before. Default: what the model was trained with.",
      valueName: "layer"))
  var clipSkip: Int?

  @Option(name: .long, help: "In pixels. Default: what the model was trained with, such as 512 or 1024.")
  var width: Int?

  @Option(name: .long, help: "In pixels. Default: what the model was trained with, such as 512 or 1024.")
  var height: Int?

  @Flag(name: .long, help: "Take brackets, weights and BREAK in prompts as text like any other.")
  var plainPrompts = false

  func validate() throws {
    guard cfg.isFinite, cfg >= 0 else { throw ValidationError("--cfg must be 0 or more.") }
    guard (0...1).contains(cfgRescale) else { throw ValidationError("--cfg-rescale must be from 0 to 1.") }
    if let clipSkip, clipSkip < 1 { throw ValidationError("--clip-skip must be 1 or more.") }
  }

  /// What is asked of a model, for one prompt.
  func request(_ prompt: String, negative: String, seeds: [UInt64], side: Int) -> PictureRequest {
    var request = PictureRequest(prompt: prompt, seeds: seeds, width: width ?? side, height: height ?? side)
    request.negative = negative
    request.steps = steps
    request.sampler = sampler
    request.schedule = schedule
    request.eta = eta
    request.guidance = Guidance(scale: cfg, rescale: cfgRescale)
    request.layer = clipSkip
    request.isWeighted = !plainPrompts
    return request
  }
}

/// Where a model computes, on the command line.
struct PrecisionOptions: ParsableArguments {
  /// The number formats by name.
  enum Format: String, ExpressibleByArgument, CaseIterable {
    case auto, f32, bf16, f16
  }

  @Option(name: .long, help: ArgumentHelp("auto, cpu, mps, cuda or cuda:1.", valueName: "device"))
  var device = "auto"

  @Option(
    name: .long,
    help:
      "The number format of UNet and text encoders. auto: f16 on cuda and mps; on the CPU bf16 where that is faster, else f32."
  )
  var dtype = Format.auto

  func validate() throws {
    guard device == "auto" || Device(device) != nil else {
      throw ValidationError("--device \(device): there are auto, cpu, mps, cuda and cuda:1.")
    }
  }

  /// The choice for this machine.
  func precision() throws -> Precision {
    try Precision(device: Device(device), type: ScalarType(rawValue: dtype.rawValue))
  }
}

/// Seeds named on the command line: `7`, or `7,11,40`.
struct SeedList: ExpressibleByArgument, Sendable {
  var seeds: [UInt64]

  init(_ seeds: [UInt64]) { self.seeds = seeds }

  init?(argument: String) {
    let parts = argument.split(separator: ",", omittingEmptySubsequences: false).map { UInt64($0) }
    seeds = parts.compactMap { $0 }
    guard seeds.count == parts.count, Set(seeds).count == seeds.count else { return nil }
  }
}

/// Numbers named on the command line: `0,0.5,1`.
struct NumberList: ExpressibleByArgument, Sendable {
  var numbers: [Double]

  init(_ numbers: [Double]) { self.numbers = numbers }

  init?(argument: String) {
    let parts = argument.split(separator: ",", omittingEmptySubsequences: false).map { Double($0) }
    numbers = parts.compactMap { $0 }
    guard numbers.count == parts.count, numbers.allSatisfy(\.isFinite), Set(numbers).count == numbers.count else {
      return nil
    }
  }
}
