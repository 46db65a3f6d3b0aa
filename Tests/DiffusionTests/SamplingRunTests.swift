import Diffusion
import SafeTensors
import Testing
import Torch

/// Every sampler against diffusers' scheduler on the same small model: times, levels, and the latents after each step.
@Suite("Sampling runs") struct SamplingRunTests {
  /// One run of the fixture, named "sampler.schedule.prediction.steps".
  struct Run {
    let sampler: any Sampler
    let rows: [[Double]]
    let images: Int

    init(_ name: String, _ values: [Double], columns: Int) throws {
      // The eta of "ddim@0.5" has a point of its own.
      let parts = name.replacing("@0.5", with: "@half").split(separator: ".").map(String.init)
      try #require(parts.count == 4)
      let sampler = parts[0].split(separator: "@").map(String.init)
      let eta = sampler.count == 1 ? 0 : sampler[1] == "half" ? 0.5 : 1
      let configuration = SamplingFixture.configuration(
        parts[2].hasSuffix("v") ? .velocity : .epsilon, zero: parts[2].hasPrefix("zero-"))
      self.sampler = try #require(SamplerName(rawValue: sampler[0])).sampler(
        steps: #require(Int(parts[3])), schedule: #require(SamplingSchedule(rawValue: parts[1])), for: configuration,
        eta: eta)
      rows = stride(from: 0, to: values.count, by: columns).map { Array(values[$0..<$0 + columns]) }
      images = (columns - 2) / 16
    }
  }

  static func names() throws -> [String] { try SamplingFixture.open("runs").header.tensors.map(\.name).sorted() }

  @Test func theFixtureHasEverySamplerAndSchedule() throws {
    let names = try Self.names()
    #expect(names.count > 100)
    for sampler in SamplerName.allCases {
      for schedule in ["normal", "trailing", "linspace"] {
        for steps in [4, 10, 20] {
          for kind in ["epsilon", "v"] { #expect(names.contains("\(sampler.rawValue).\(schedule).\(kind).\(steps)")) }
        }
      }
    }
  }

  @Test(arguments: try names()) func agreesWithDiffusers(name: String) throws {
    let file = try SamplingFixture.open("runs")
    let info = try #require(file[name])
    let run = try Run(name, file.doubles(of: info), columns: info.shape[1])
    let plan = run.sampler.plan
    #expect(plan.steps.count == run.rows.count - 1)

    let noise = try NoiseSource(seed: 7, count: run.images)
    let start = try run.sampler.start([4, 2, 2], noise: noise)
    // Two or three roundings in single precision; PyTorch's roots are good to one unit only, depending on its build.
    #expect(abs(plan.initialScale / run.rows[0][0] - 1) < 3e-7)
    #expect(start.shape == [run.images, 4, 2, 2])
    #expect(try compare(start, run.rows[0]) < 3e-7)

    // With zero terminal SNR, levels are made from small differences of roots that are good to one unit (ScheduleTests).
    let isZero = name.contains("zero")
    let levelTolerance = isZero ? 3e-6 : 1e-6
    // Roundings of single precision (6e-8) in some ten operations a step, up to 20 steps, not all of which add up.
    // From σ = 4096, where a unit is 5e-4, Euler's samplers step down to latents of about 10.
    let tolerance = isZero && name.hasPrefix("euler") ? 1e-4 : 1e-5
    var progress: [Int] = []
    let last = try run.sampler.run(from: start, noise: noise) { input, step in
      try SamplingFixture.model(input, time: step.time)
    } progress: { made in
      let row = run.rows[made.done]
      // Karras' times come from logarithms in single precision, where one unit is 1e-7 of up to 8, and times of the
      // noisy end lie 0.005 apart in them.
      #expect(abs(made.step.time - row[0]) < 1e-4, "time of step \(made.done)")
      let level = name.hasPrefix("ddim") ? 1 / (1 + made.step.sigma * made.step.sigma) : made.step.sigma
      #expect(abs(level - row[1]) <= levelTolerance * abs(row[1]), "level of step \(made.done)")
      let difference = try compare(made.latents, row)
      #expect(difference < tolerance, "latents after step \(made.done)")
      #expect(made.total == plan.steps.count)
      progress.append(made.done)
    }
    #expect(progress == Array(1...plan.steps.count))
    #expect(try last.scalarType == .f32)
    #expect(try compare(last, run.rows[plan.steps.count]) < tolerance)
  }

  private func compare(_ found: Tensor, _ row: [Double]) throws -> Double {
    try SamplingFixture.difference(found.array(of: Float.self).map(Double.init), Array(row.dropFirst(2)))
  }

  @Test(arguments: SamplerName.allCases) func picturesDoNotDependOnTheirNeighbours(name: SamplerName) throws {
    let eta = name == .ddim ? 0.8 : 0
    let sampler = try name.sampler(steps: 5, schedule: .trailing, for: .init(), eta: eta)
    func run(_ noise: NoiseSource) throws -> Tensor {
      try sampler.run(from: sampler.start([4, 2, 2], noise: noise), noise: noise) { input, step in
        try SamplingFixture.model(input, time: step.time)
      }
    }
    let both = try run(NoiseSource(seed: 11, count: 2))
    for index in 0..<2 {
      let alone = try run(NoiseSource(seed: 11 + UInt64(index)))
      // The model multiplies matrices of another size, so the last bit may differ.
      #expect(try SamplingFixture.difference(both.narrowed(0, from: index, length: 1), alone) < 1e-6)
    }
    // The same sampler again: it remembers nothing of the run before.
    #expect(try run(NoiseSource(seed: 11, count: 2)).array(of: Float.self) == both.array(of: Float.self))
  }

  @Test func latentsStayInSinglePrecision() throws {
    let sampler = try EulerSampler(steps: 3, schedule: .normal, for: .init())
    let noise = try NoiseSource(seed: 1)
    let start = try sampler.start([4, 2, 2], noise: noise)
    let exact = try sampler.run(from: start, noise: noise) { try SamplingFixture.model($0, time: $1.time) }
    let coarse = try sampler.run(from: start, noise: noise) { input, step in
      try SamplingFixture.model(input, time: step.time).to(.bf16)
    } progress: { progress in
      let type = try progress.latents.scalarType
      #expect(type == .f32)
    }
    // Predictions of at most 1 in bf16 (2^-9 each), over σ from 14 to 0.
    #expect(try coarse.scalarType == .f32)
    #expect(try SamplingFixture.difference(coarse, exact) < 0.02)
  }

  @Test func errorsEndTheRun() throws {
    struct Cancelled: Error {}
    let sampler = try DPMSolverSampler(steps: 6, schedule: .karras, for: .init())
    let noise = try NoiseSource(seed: 1)
    let start = try sampler.start([4, 2, 2], noise: noise)
    var looks = 0
    #expect(throws: Cancelled.self) {
      try sampler.run(from: start, noise: noise) { input, _ in
        looks += 1
        return input
      } progress: {
        if $0.done == 2 { throw Cancelled() }
      }
    }
    #expect(looks == 2)
    #expect(throws: Cancelled.self) { try sampler.run(from: start, noise: noise) { _, _ in throw Cancelled() } }
    let shape = #expect(throws: SamplingError.self) {
      try sampler.run(from: start, noise: noise) { input, _ in try input.narrowed(1, from: 0, length: 3) }
    }
    #expect(shape?.message.contains("[1, 4, 2, 2] with a prediction of shape [1, 3, 2, 2]") == true)
  }

  @Test(arguments: [0, 1, 42, 1 << 32 + 5, .max] as [UInt64]) func seedsGiveTheNoiseOfPyTorch(seed: UInt64) throws {
    let found = try NoiseSource(seed: seed).next([4, 3, 5])
    #expect(found.shape == [1, 4, 3, 5])
    // The same numbers; functions of other versions of libtorch may differ in the last bit.
    #expect(try SamplingFixture.difference(found, SamplingFixture.tensor("noise.\(seed)")) < 1e-6)
  }

  @Test func severalPicturesHaveSuccessiveSeeds() throws {
    let found = try NoiseSource(seed: .max, count: 3).next([4, 3, 5])
    let single = try NoiseSource(seeds: [.max, 0, 1]).next([4, 3, 5])
    #expect(try found.array(of: Float.self) == single.array(of: Float.self))
    #expect(
      try SamplingFixture.difference(found.narrowed(0, from: 1, length: 1), SamplingFixture.tensor("noise.0")) < 1e-6)
  }
}
