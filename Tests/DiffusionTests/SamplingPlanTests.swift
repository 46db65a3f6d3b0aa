import Diffusion
import Testing

/// Times of all numbers of steps, and what cannot be planned.
@Suite("Sampling plans") struct SamplingPlanTests {
  private func sum(_ plan: SamplingPlan) -> Double {
    plan.steps.reduce(0) { $0 + Double($1.index + 1) * $1.time }
  }

  /// `Σ i · tᵢ` of diffusers' times: exact where they are whole, so that every rounding is checked.
  @Test(
    arguments: [
      (SamplerName.ddim, "ddim", SamplingSchedule.trailing), (.euler, "ddim", .trailing),
      (.dpmSolver, "ddim", .trailing), (.ddim, "ddim", .normal), (.ddim, "ddim", .linspace),
      (.euler, "euler", .normal), (.eulerAncestral, "euler", .linspace), (.euler, "euler", .linspace),
      (.dpmSolver, "dpmpp-2m", .normal), (.dpmSolver, "dpmpp-2m", .linspace), (.dpmSolver, "dpmpp-2m", .karras),
    ])
  func timesAreThoseOfDiffusers(name: SamplerName, table: String, schedule: SamplingSchedule) throws {
    let sums = try SamplingFixture.table("times.\(table).\(schedule.rawValue)")
    #expect(sums.count >= 100)
    for (index, expected) in sums.enumerated() {
      let plan = try name.sampler(steps: index + 1, schedule: schedule, for: .init()).plan
      if expected.isNaN {
        // diffusers takes a step too many, at time −1.
        #expect(plan.steps.count == index + 1 && plan.steps.last?.time ?? -1 >= 0)
      } else {
        #expect(sum(plan) == expected, "\(index + 1) steps")
      }
    }
  }

  @Test func oneTooManyInDiffusersIsNotTakenHere() throws {
    let sums = try SamplingFixture.table("times.ddim.trailing")
    #expect(sums[60].isNaN && sums.count { $0.isNaN } == 62)
  }

  @Test func noiseBeginsWhereTheScheduleDoes() throws {
    let plain = ScheduleConfiguration()
    let zero = SamplingFixture.configuration(.velocity, zero: true)
    #expect(SamplingSchedule.standard(for: plain) == .normal && SamplingSchedule.standard(for: zero) == .trailing)
    let trailing = try EulerSampler(steps: 20, schedule: .trailing, for: plain).plan
    #expect(trailing.steps[0].time == 999 && abs(trailing.initialScale - 14.614_647) < 2e-4)
    let leading = try EulerSampler(steps: 20, schedule: .normal, for: plain).plan
    #expect(leading.steps[0].time == 951 && leading.steps[19].time == 1 && leading.steps[19].nextSigma == 0)
    #expect(
      abs(leading.initialScale * leading.initialScale - leading.steps[0].sigma * leading.steps[0].sigma - 1) < 1e-4)
    for name in SamplerName.allCases {
      let plan = try name.sampler(steps: 4, schedule: .trailing, for: zero).plan
      #expect(plan.sampler == name && plan.schedule == .trailing)
      // DDIM takes ᾱ = 0 as it is, the others 2^-24.
      let first = plan.steps[0].sigma
      #expect(name == .ddim ? first == .infinity : abs(first - NoiseSchedule.greatestSigma) < 5e-4, "\(name)")
      for (step, next) in zip(plan.steps, plan.steps.dropFirst()) { #expect(step.nextSigma == next.sigma) }
    }
  }

  @Test(arguments: SamplerName.allCases) func stepsThatDoNotFitAreRefused(name: SamplerName) throws {
    for steps in [0, -1, 1001] {
      #expect(throws: SamplingError("the number of sampling steps is from 1 to 1000, not \(steps)")) {
        try name.sampler(steps: steps, schedule: .normal, for: .init())
      }
    }
    // With time 1 as the last there is no room for a thousand; DPM-Solver needs one more.
    let error = #expect(throws: SamplingError.self) {
      try name.sampler(steps: 1000, schedule: .normal, for: .init())
    }
    #expect(
      error?.message
        == "1000 steps of '\(name.rawValue)' with schedule 'normal' do not fit into the 1000 times that the "
        + "model knows; take fewer steps")
    let most = name == .dpmSolver ? 998 : 999
    #expect(try name.sampler(steps: most, schedule: .normal, for: .init()).plan.steps.count == most)
    #expect(try name.sampler(steps: 1000, schedule: .trailing, for: .init()).plan.steps.count == 1000)
  }

  @Test func dpmSolverHasNoRoomForAllTimesOfLinspace() {
    #expect(throws: SamplingError.self) { try DPMSolverSampler(steps: 1000, schedule: .linspace, for: .init()) }
    #expect(throws: Never.self) { try DPMSolverSampler(steps: 999, schedule: .linspace, for: .init()) }
  }

  @Test func settingsThatDoNotGoTogetherAreRefused() throws {
    for schedule in SamplingSchedule.allCases where schedule.usesKarrasLevels {
      let error = #expect(throws: SamplingError.self) { try DDIMSampler(steps: 4, schedule: schedule, for: .init()) }
      #expect(error?.message.contains("not Karras' noise levels") == true)
    }
    for eta in [-0.1, 1.5, .nan] {
      #expect(throws: SamplingError.self) { try DDIMSampler(steps: 4, schedule: .normal, for: .init(), eta: eta) }
    }
    #expect(throws: SamplingError.self) {
      try SamplerName.euler.sampler(steps: 4, schedule: .normal, for: .init(), eta: 1)
    }
    let zero = SamplingFixture.configuration(.epsilon, zero: true)
    let pure = #expect(throws: SamplingError.self) { try DDIMSampler(steps: 4, schedule: .trailing, for: zero) }
    #expect(pure?.description.contains("begins at pure noise") == true)
    #expect(throws: Never.self) { try DDIMSampler(steps: 4, schedule: .normal, for: zero) }
  }

  @Test func namesAreThoseOfTheCommandLineAndOfOthers() {
    #expect(SamplerName.allCases.map(\.rawValue) == ["ddim", "euler", "euler-a", "dpmpp-2m"])
    #expect(SamplerName.dpmSolver.infotextName(.karras) == "DPM++ 2M Karras")
    #expect(SamplerName.eulerAncestral.infotextName(.normal) == "Euler a")
    for name in SamplerName.allCases {
      for schedule in SamplingSchedule.allCases {
        #expect(SamplerName(infotext: name.infotextName(schedule)) == name)
        let read = SamplingSchedule(
          infotextSampler: name.infotextName(schedule), type: schedule.infotextName)
        #expect(read == (schedule.usesKarrasLevels ? .karras : schedule))
      }
    }
    #expect(SamplerName(infotext: "euler-a") == .eulerAncestral && SamplerName(infotext: "Heun") == nil)
    #expect(SamplingSchedule(infotextSampler: "Euler") == .normal)
    #expect(SamplingSchedule(infotextSampler: "Euler", type: "Automatic") == .normal)
    #expect(SamplingSchedule(infotextSampler: "Euler", type: "Karras") == .karras)
    #expect(SamplingSchedule(infotextSampler: "Euler", type: "Align Your Steps") == nil)
  }
}
