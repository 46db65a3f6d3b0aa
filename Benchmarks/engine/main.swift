// Times the UNet at full size, forward and with gradients for LoRA, and prints one JSON line.
//
//   engine-benchmark sdxl|sd15 [--resolution 1024] [--type bf16|f32] [--recompute nothing|light|everything] [--targets attention|all]
//                    [--forward] [--steps 1] [--threads N] [--device cpu]
import Diffusion
import Torch

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

struct Options {
  var family = "sdxl"
  var resolution = 1024
  var type = ScalarType.bf16
  var recomputation = Recomputation.nothing
  var targetsAll = false
  var forwardOnly = false
  var steps = 1
  var batch = 1
  var device = Device.cpu
  var threads = 0

  init(_ arguments: [String]) throws {
    var rest = arguments.dropFirst()
    func fail(_ text: String) -> DiffusionError { DiffusionError("engine-benchmark: \(text)") }
    func value() throws -> String {
      guard let text = rest.popFirst() else { throw fail("an option lacks its value") }
      return text
    }
    func number() throws -> Int {
      let text = try value()
      guard let number = Int(text), number > 0 else { throw fail("\(text) is no whole number above 0") }
      return number
    }
    while let argument = rest.popFirst() {
      switch argument {
      case "sdxl", "sd15": family = argument
      case "--resolution": resolution = try number()
      case "--batch": batch = try number()
      case "--steps": steps = try number()
      case "--threads": threads = try number()
      case "--type":
        guard let type = ScalarType(rawValue: try value()) else { throw fail("unknown number format") }
        self.type = type
      case "--recompute":
        guard let kind = Recomputation(rawValue: try value()) else { throw fail("unknown kind of recomputation") }
        recomputation = kind
      case "--targets": targetsAll = try value() == "all"
      case "--forward": forwardOnly = true
      case "--device":
        guard let device = Device(try value()) else { throw fail("unknown device") }
        self.device = device
      default: throw fail("unknown argument \(argument)")
      }
    }
  }
}

/// Parameters of the right size with cheap contents: the time of a step does not depend on them.
final class QuickParameters: ParameterSource {
  let type: ScalarType
  let device: Device
  init(_ type: ScalarType, _ device: Device) { (self.type, self.device) = (type, device) }

  func parameter(_ part: NetworkPart, _ name: String, shape: [Int]) throws -> Tensor {
    guard shape.count > 1 else { return try Tensor.full(shape, name.hasSuffix("weight") ? 1 : 0, type, on: device) }
    // A short stream repeated: no zeros, no denormal numbers, sums of one size.
    let inputs = shape.dropFirst().reduce(1, *)
    let count = shape.reduce(1, *)
    let period = 65_521
    let generator = try Generator(seed: 1)
    let stream = try (Tensor.normal([period], using: generator) * (1 / Double(inputs).squareRoot())).to(type)
    let all = try stream.repeated([(count + period - 1) / period]).narrowed(0, from: 0, length: count)
    let weight = try all.reshaped(shape).to(device)
    return shape.count == 4 ? try weight.contiguous(.channelsLast) : weight
  }
}

func seconds() -> Double {
  var now = timespec()
  unsafe clock_gettime(CLOCK_MONOTONIC, &now)
  return Double(now.tv_sec) + Double(now.tv_nsec) / 1e9
}

func usage() -> rusage {
  var usage = rusage()
  #if canImport(Glibc)
  unsafe getrusage(Int32(RUSAGE_SELF.rawValue), &usage)
  usage.ru_maxrss *= 1024
  #else
  unsafe getrusage(RUSAGE_SELF, &usage)
  #endif
  return usage
}

/// Seconds of all cores together, which other programs on the machine disturb less than the clock's.
func processorSeconds() -> Double {
  let usage = usage()
  return Double(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec)
    + Double(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6
}

/// The rate of one large matrix product in this format, in operations a second: what the machine can do.
func matrixRate(_ options: Options) throws -> Double {
  let size = 2048
  let generator = try Generator(seed: 2)
  let left = try Tensor.normal([size, size], using: generator).to(options.device, options.type)
  var best = Double.infinity
  for _ in 0..<6 {
    let start = seconds()
    _ = try left.matrixProduct(left)
    try Engine.shared.get().synchronise(options.device)
    best = min(best, seconds() - start)
  }
  return 2 * Double(size * size * size) / best
}

func run() throws {
  let options = try Options(CommandLine.arguments)
  let engine = try Engine.shared.get()
  if options.threads > 0 { engine.setThreads(options.threads) }
  let rate = try matrixRate(options)
  let configuration: UNetConfiguration = options.family == "sdxl" ? .sdxl : .sd15
  let start = seconds()
  let parameters = Parameters(QuickParameters(options.type, options.device), .unet)
  let unet = try UNet(parameters, configuration)
  let loading = seconds() - start

  let generator = try Generator(seed: 3)
  var adapters = AdapterSet()
  var learned: [TrainableFactors] = []
  if !options.forwardOnly {
    for site in parameters.sites.sites where site.name.contains("transformer_blocks") && site.shape.count == 2 {
      guard options.targetsAll || site.name.contains(".attn") else { continue }
      let factors = try TrainableFactors(for: site, rank: 16, alpha: 16, on: options.device, using: generator)
      learned.append(factors)
      adapters.add(factors, to: site)
    }
  }
  let side = options.resolution / 8
  let latents = try Tensor.normal([options.batch, 4, side, side], using: generator).to(options.device, options.type)
  let context = try Tensor.normal([options.batch, 77, configuration.contextWidth], using: generator)
    .to(options.device, options.type)
  let times = try Tensor.full([options.batch], 500, on: options.device)
  let target = try Tensor.normal([options.batch, 4, side, side], using: generator).to(options.device)
  let addition = try configuration.addition.map {
    AddedConditioning(
      pooled: try Tensor.normal([options.batch, $0.inputWidth - 6 * $0.timeWidth], using: generator)
        .to(options.device, options.type),
      sizes: try SizeConditioning.tensor(
        (0..<options.batch).map { _ in SizeConditioning(height: options.resolution, width: options.resolution) }
      ).to(options.device))
  }
  let pass = Pass(adapters: adapters, recomputation: options.recomputation)
  var durations: [Double] = []
  var work: [Double] = []
  for _ in 0..<options.steps {
    let (start, before) = (seconds(), processorSeconds())
    if options.forwardOnly {
      _ = try withoutGradients { try unet(latents, times: times, context: context, addition: addition, pass) }
    } else {
      let prediction = try unet(latents, times: times, context: context, addition: addition, pass)
      let difference = try prediction.to(.f32) - target
      try (difference * difference).mean().backward()
      for factors in learned {
        guard let gradient = factors.up.gradient, try gradient.norm().item().isFinite else {
          throw DiffusionError("engine-benchmark: a factor received no finite gradient")
        }
        try factors.up.setGradient(nil)
        try factors.down.setGradient(nil)
      }
    }
    try engine.synchronise(options.device)
    durations.append(seconds() - start)
    work.append(processorSeconds() - before)
  }
  let peak = engine.memoryPeak(of: options.device) ?? usage().ru_maxrss
  func list(_ values: [Double]) -> String {
    values.map { "\(($0 * 1000).rounded() / 1000)" }.joined(separator: ", ")
  }
  print(
    """
    {"torch": "\(engine.version)", "family": "\(options.family)", "resolution": \(options.resolution), \
    "batch": \(options.batch), "type": "\(options.type)", "recomputation": "\(options.recomputation)", \
    "forward_only": \(options.forwardOnly), "lora_layers": \(learned.count), "threads": \(engine.threads), \
    "seconds": [\(list(durations))], "processor_seconds": [\(list(work))], "making_seconds": \((loading * 100).rounded() / 100), "peak_bytes": \(peak), \
    "matrix_flops": \(Int(rate))}
    """)
}

do {
  try run()
} catch {
  print(String(describing: error))
  exit(1)
}
