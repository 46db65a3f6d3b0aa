/// The times of a run, latest first, as diffusers spaces and rounds them.
struct SamplingTimes {
  let spacing: SamplingSchedule.Spacing
  let steps: Int
  /// The number of times of the model.
  let times: Int
  /// Stable Diffusion's schedulers add one to leading times.
  static let offset = 1

  /// Whole times (DDIM).
  var whole: [Int] {
    switch spacing {
    case .leading: leading(times / steps, steps)
    case .trailing: trailing
    case .linspace: linspace(steps).map { Int($0.rounded(.toNearestOrEven)) }.reversed()
    }
  }

  /// Times of the samplers that interpolate between whole ones (Euler), in single precision.
  var fractional: [Double] {
    switch spacing {
    case .leading, .trailing: whole.map(Double.init)
    case .linspace: linspace(steps).map { Double(Float($0)) }.reversed()
    }
  }

  /// Whole times of DPM-Solver, which spaces one step more and leaves out the last.
  var solver: [Int] {
    switch spacing {
    case .leading: leading(times / (steps + 1), steps + 1).dropLast()
    case .trailing: trailing
    case .linspace: linspace(steps + 1).map { Int($0.rounded(.toNearestOrEven)) }.reversed().dropLast()
    }
  }

  private func leading(_ ratio: Int, _ count: Int) -> [Int] {
    (0..<count).reversed().map { $0 * ratio + Self.offset }
  }

  /// For some numbers of steps (61 is the first) rounding makes diffusers take one step more, at time −1; not here.
  private var trailing: [Int] {
    let start = Double(times)
    // numpy.arange counts in multiples of the difference of its first two elements.
    let step = (start - start / Double(steps)) - start
    return (0..<steps).map { Int((start + Double($0) * step).rounded(.toNearestOrEven)) - 1 }
  }

  private func linspace(_ count: Int) -> [Double] {
    // One time alone is the first, as in numpy.
    if count == 1 { return [0] }
    let end = Double(times - 1)
    let step = end / Double(count - 1)
    return (0..<count).map { $0 == count - 1 ? end : Double($0) * step }
  }
}
