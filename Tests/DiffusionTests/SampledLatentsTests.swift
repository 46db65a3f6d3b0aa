import Diffusion
import Testing
import Torch

/// Ten steps of the UNet in diffusers' samplers with guidance, latents compared after each step.
@Suite("Sampled latents") struct SampledLatentsTests {
  struct Run: Sendable, CustomTestStringConvertible {
    var family: String
    var key: String
    var sampler: SamplerName
    var schedule: SamplingSchedule
    var guidance: Double
    var velocity = false
    var zeroSNR = false
    /// Latents grow to 46; with zero terminal SNR the first level is 4096, where one unit of F32 is 5e-4.
    var tolerance = 1e-3
    var testDescription: String { "\(family) \(key)" }
  }

  static let runs = [
    Run(family: "sd15", key: "ddim", sampler: .ddim, schedule: .normal, guidance: 7),
    Run(family: "sd15", key: "euler", sampler: .euler, schedule: .normal, guidance: 7),
    Run(family: "sd2", key: "ddim", sampler: .ddim, schedule: .normal, guidance: 7, velocity: true),
    Run(family: "sd2", key: "euler_trailing", sampler: .euler, schedule: .trailing, guidance: 7, velocity: true),
    Run(family: "sdxl", key: "euler", sampler: .euler, schedule: .normal, guidance: 5),
    Run(
      family: "sdxl", key: "euler_zero_snr", sampler: .euler, schedule: .trailing, guidance: 5, velocity: true,
      zeroSNR: true, tolerance: 5e-3),
  ]

  @Test(arguments: runs) func latentsAreThoseOfDiffusers(run: Run) throws {
    let fixture = UNetFixture(run.family)
    let unet = try fixture.unet()
    let file = try fixture.tensors("samples")
    var configuration = ScheduleConfiguration()
    configuration.prediction = run.velocity ? .velocity : .epsilon
    configuration.zeroTerminalSNR = run.zeroSNR
    let sampler = try run.sampler.sampler(steps: 10, schedule: run.schedule, for: configuration)
    let guidance = Guidance(scale: run.guidance)
    let pair = try Tensor.concatenated([file["negative_context"], file["context"]])
    let addition =
      try file.has("time_ids")
      ? AddedConditioning(
        pooled: Tensor.concatenated([file["negative_text_embeds"], file["text_embeds"]]),
        sizes: Tensor.concatenated([file["time_ids"], file["time_ids"]])) : nil
    var latents = try file["\(run.key).latents.0"]
    var compared = 0
    try withoutGradients {
      _ = try sampler.run(
        from: latents, noise: NoiseSource(seed: 0, count: 1),
        model: { input, step in
          let twice = try Tensor.concatenated([input, input])
          let both = try unet(
            twice, times: Tensor.full([2], step.time), context: pair, addition: addition
          ).chunks(2)
          return try guidance.combine(prompt: both[1], negative: both[0])
        },
        progress: { progress in
          latents = progress.latents
          compared += 1
          let far = try largestDifference(latents, file["\(run.key).latents.\(progress.done)"])
          #expect(far < run.tolerance, "step \(progress.done)")
        })
    }
    #expect(compared == 10)
  }
}
