import Diffusion
import Testing
import Torch

/// The schedule's tables and the three quantities that a network may predict.
@Suite("Noise schedule") struct ScheduleTests {
  /// Published check values of Stable Diffusion's schedule.
  @Test(arguments: [(0, 0.999_149_98, 1175.44, 0.029_168), (999, 0.004_660_10, 0.004_682, 14.614_647)])
  func knownValues(time: Int, alphaBar: Double, ratio: Double, sigma: Double) throws {
    let schedule = try NoiseSchedule(.init())
    // The values were published from single precision, with four to six digits.
    #expect(abs(schedule.alphaBars[time] - alphaBar) < 6e-8)
    #expect(abs(schedule.signalToNoise(at: Double(time)) / ratio - 1) < 1e-4)
    #expect(abs(schedule.sigmas[time] / sigma - 1) < 5e-5)
  }

  @Test(arguments: [false, true]) func tablesFollowTheDefinition(zero: Bool) throws {
    let schedule = try NoiseSchedule(SamplingFixture.configuration(zero: zero))
    let expected = try SamplingFixture.table("alpha-bars.\(zero ? "zero" : "plain").f64")
    #expect(schedule.times == 1000 && expected.count == 1000)
    // A thousand products in doubles; the subtraction of the last root costs three digits of the small ones.
    for (found, expected) in zip(schedule.alphaBars, expected) { #expect(abs(found - expected) <= 1e-11 * expected) }
    #expect((schedule.alphaBars.last == 0) == zero)
    #expect((schedule.sigmas.last == .infinity) == zero)
    #expect((schedule.betas.last == 1) == zero)
    // Betas give the products back.
    var left = 1.0
    for (beta, alphaBar) in zip(schedule.betas, schedule.alphaBars) {
      left *= 1 - beta
      #expect(abs(left - alphaBar) <= 1e-11 * alphaBar)
    }
  }

  /// diffusers' table in single precision, by way of the levels of DDIM's plan, which walks over all of it.
  @Test(arguments: ["plain", "zero", "linear"]) func singlePrecisionIsThatOfDiffusers(kind: String) throws {
    var configuration = SamplingFixture.configuration(.velocity, zero: kind == "zero")
    configuration.growth = kind == "linear" ? .linear : .scaledLinear
    let plan = try SamplerName.ddim.sampler(steps: 1000, schedule: .trailing, for: configuration).plan
    let expected = try SamplingFixture.table("alpha-bars.\(kind).f32")
    for step in plan.steps {
      let found = 1 / (1 + step.sigma * step.sigma)
      let alphaBar = expected[Int(step.time)]
      // σ² = (1 − ᾱ)/ᾱ was rounded to single precision; the table itself is the same to the bit. Not so with zero terminal
      // SNR: PyTorch's roots are good to one unit (7e-9 at the end), the difference of two is squared, and what becomes of
      // that in a thousand products of rounded betas comes on top.
      let tolerance = kind == "zero" ? 1e-6 * alphaBar + 4e-8 * alphaBar.squareRoot() : 2e-7 * alphaBar
      #expect(abs(found - alphaBar) <= tolerance, "time \(step.time)")
    }
  }

  @Test func timesBetweenWholeOnes() throws {
    for zero in [false, true] {
      let schedule = try NoiseSchedule(SamplingFixture.configuration(zero: zero))
      for time in [0, 1, 500, 998] {
        let whole = Double(time)
        #expect(schedule.sigma(at: whole) == schedule.sigmas[time])
        #expect(schedule.alphaBar(at: whole) == schedule.alphaBars[time])
        // Logarithms and back: 1e-15 over a spacing of 0.005.
        #expect(abs(schedule.time(ofSigma: schedule.sigmas[time]) - whole) < 1e-9)
      }
      let middle = schedule.sigma(at: 500.5)
      #expect(abs(middle - (schedule.sigmas[500] + schedule.sigmas[501]) / 2) < 1e-12)
      #expect(abs(schedule.alphaBar(at: 500.5) - 1 / (1 + middle * middle)) < 1e-15)
      // Linear in σ one way, in its logarithm the other.
      #expect(abs(schedule.time(ofSigma: middle) - 500.5) < 1e-2)
      let geometric = (schedule.sigmas[500] * schedule.sigmas[501]).squareRoot()
      #expect(abs(schedule.time(ofSigma: geometric) - 500.5) < 1e-9)
      // Beyond the ends.
      #expect(schedule.time(ofSigma: 0) == 0 && schedule.time(ofSigma: .infinity) == 999)
      #expect(schedule.sigma(at: -3) == schedule.sigmas[0] && schedule.sigma(at: 2000) == schedule.sigmas[999])
      #expect(schedule.sigma(at: 998.5).isFinite)
    }
    let schedule = try NoiseSchedule(SamplingFixture.configuration(zero: true))
    #expect(schedule.signalToNoise(at: 999) == 0)
    #expect(abs(schedule.sigma(at: 998.5) - (schedule.sigmas[998] + NoiseSchedule.greatestSigma) / 2) < 1e-9)
  }

  @Test(arguments: [false, true]) func noiseAndVelocityAreThoseOfDiffusers(zero: Bool) throws {
    let kind = zero ? "zero" : "plain"
    let schedule = try NoiseSchedule(SamplingFixture.configuration(.velocity, zero: zero))
    let clean = try SamplingFixture.tensor("forward.clean")
    let noise = try SamplingFixture.tensor("forward.noise")
    let times = [0.0, 250, 999]
    // diffusers' table is in single precision: 1e-6.
    let noisy = try schedule.noisy(clean, noise: noise, times: times)
    #expect(try SamplingFixture.difference(noisy, SamplingFixture.tensor("forward.noisy.\(kind)")) < 2e-6)
    let velocity = try schedule.target(clean, noise: noise, times: times)
    #expect(try SamplingFixture.difference(velocity, SamplingFixture.tensor("forward.velocity.\(kind)")) < 2e-6)
    let epsilon = try NoiseSchedule(.init()).target(clean, noise: noise, times: times)
    #expect(try epsilon.array(of: Float.self) == noise.array(of: Float.self))
  }

  @Test func quantitiesGiveEachOther() throws {
    let schedule = try NoiseSchedule(.init())
    let clean = try SamplingFixture.tensor("forward.clean")
    let noise = try SamplingFixture.tensor("forward.noise")
    // One time for all, whole and not, and one for each.
    for times in [[400.0], [17.25], [3, 400.5, 999]] {
      let noisy = try schedule.noisy(clean, noise: noise, times: times)
      let known: [DiffusionQuantity: Tensor] = [
        .clean: clean, .noise: noise, .velocity: try schedule.velocity(clean, noise: noise, times: times),
      ]
      for source in DiffusionQuantity.allCases {
        for target in DiffusionQuantity.allCases {
          let found = try schedule.convert(
            #require(known[source]), from: source, to: target, noisy: noisy, times: times)
          // 6e-8, enlarged by at most σ or 1/σ: 34 at time 3, 15 at time 999.
          #expect(
            try SamplingFixture.difference(found, #require(known[target])) < 5e-6, "\(source) to \(target), \(times)")
        }
      }
    }
    #expect(DiffusionQuantity(.epsilon) == .noise && DiffusionQuantity(.velocity) == .velocity)
  }

  @Test func pureNoiseSaysNothing() throws {
    let schedule = try NoiseSchedule(SamplingFixture.configuration(zero: true))
    let noise = try SamplingFixture.tensor("forward.noise")
    let error = #expect(throws: SamplingError.self) {
      try schedule.convert(noise, from: .noise, to: .clean, noisy: noise, times: [3, 4, 999])
    }
    #expect(error?.message.hasPrefix("at time 999 the latents are pure noise") == true)
    // A velocity does: it is −x₀ there.
    let clean = try schedule.convert(noise, from: .velocity, to: .clean, noisy: noise, times: [999])
    #expect(try SamplingFixture.difference(clean, -noise) == 0)
  }

  @Test func numbersThatMakeNoScheduleAreRefused() {
    var few = ScheduleConfiguration()
    few.times = 1
    #expect(throws: SamplingError("a noise schedule has 2 to 1000000 times (usually 1000), not 1")) {
      try NoiseSchedule(few)
    }
    for (start, end) in [(0, 0.1), (0.2, 0.1), (0.1, 1), (Double.nan, 0.1)] {
      var wrong = ScheduleConfiguration()
      (wrong.betaStart, wrong.betaEnd) = (start, end)
      #expect(throws: SamplingError.self) { try NoiseSchedule(wrong) }
      #expect(throws: SamplingError.self) { try EulerSampler(steps: 4, schedule: .normal, for: wrong) }
    }
  }
}
