// Times the UNet at full size, forward and with gradients for LoRA, and prints one JSON line. See Benchmarks/engine-run.
//
//   engine-benchmark sdxl|sd15 [--resolution 1024] [--batch 1] [--type bf16|f32] [--targets attention|all]
//                    [--recompute nothing|light|everything] [--forward] [--steps 1] [--threads N] [--device cpu]
//                    [--save FILE [--whole] | --from FILE]
import Diffusion
import Torch

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// Writes a random UNet, or a whole model, as a single-file checkpoint.
func save(_ configuration: UNetConfiguration, _ options: Options, to path: String) throws {
  let list = ParameterList()
  let model = model(options)
  _ = try UNet(Parameters(list, .unet), configuration)
  if options.whole {
    _ = try CLIPTextEncoder(Parameters(list, .textEncoder1), model.textEncoder1)
    if let second = model.textEncoder2 { _ = try CLIPTextEncoder(Parameters(list, .textEncoder2), second) }
    _ = try AutoencoderKL(Parameters(list, .vae), model.vae)
  }
  let source = QuickParameters(options.type, options.device)
  let start = seconds()
  let report = try CheckpointWriter(model, as: options.type).write(
    to: path, .singleFile, entries: list.entries, types: { _ in options.type },
    tensor: { try source.parameter($0.part, $0.name, shape: $0.shape) })
  print("{\"parameters\": \(report.parameters), \"saving_seconds\": \(((seconds() - start) * 100).rounded() / 100)}")
}

func model(_ options: Options) -> ModelConfiguration { options.family == "sdxl" ? .sdxl : .sd15 }

/// Random numbers, or a checkpoint's.
func source(_ options: Options, _ configuration: UNetConfiguration) throws -> any ParameterSource {
  guard let path = options.checkpoint else { return QuickParameters(options.type, options.device) }
  let list = ParameterList()
  _ = try UNet(Parameters(list, .unet), configuration)
  let loaded = try ModelCheckpoint(path: path).load(list.entries, as: options.type, on: options.device)
  return ChannelsLastParameters(loaded)
}

func run() throws {
  let options = try Options(CommandLine.arguments)
  let engine = try Engine.shared.get()
  if options.threads > 0 { engine.setThreads(options.threads) }
  let rate = try matrixRate(options)
  let configuration: UNetConfiguration = options.family == "sdxl" ? .sdxl : .sd15
  if let path = options.save {
    try save(configuration, options, to: path)
    return
  }
  let start = seconds()
  let parameters = Parameters(try source(options, configuration), .unet)
  let unet = try UNet(parameters, configuration)
  let loading = seconds() - start
  let loaded = usage().ru_maxrss

  let generator = try Generator(seed: 3)
  var adapters = AdapterSet()
  var learned: [TrainableFactors] = []
  if !options.forwardOnly {
    for site in parameters.sites.sites where site.name.contains("attentions.") && site.shape.count != 1 {
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
    "seconds": [\(list(durations))], "processor_seconds": [\(list(work))], "loading_seconds": \((loading * 100).rounded() / 100), "loaded_bytes": \(loaded), "peak_bytes": \(peak), \
    "matrix_flops": \(Int(rate))}
    """)
}

do {
  try run()
} catch {
  print(String(describing: error))
  exit(1)
}
