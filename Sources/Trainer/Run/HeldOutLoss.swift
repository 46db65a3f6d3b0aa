internal import Diffusion
internal import Torch

/// The loss on pictures that are not trained on: the same noise at the same times every time, so that numbers can be
/// compared over the run.
struct HeldOutLoss {
  /// At which parts of the schedule it is measured, as sd-scripts.
  static let times = [0.2, 0.4, 0.6, 0.8]

  private let objective: CastObjective
  private let preparer: SamplePreparer

  init(_ objective: CastObjective, _ preparer: SamplePreparer) {
    (self.objective, self.preparer) = (objective, preparer)
  }

  /// The mean of squares of each character's pictures; what was not held out is missing.
  func losses(_ plan: RunPlan, processes: any RunProcesses) throws -> [Int: Double] {
    let members = plan.members.count
    var sums = [Double](repeating: 0, count: 2 * members)
    let held = plan.heldOut.sorted()
    for number in processes.share(of: held) {
      for (index, part) in Self.times.enumerated() {
        let time = Int(part * Double(objective.schedule.times))
        guard let sample = try preparer.measured(number, time: time, index: index), let character = sample.character
        else { continue }
        let input = try BatchInput([sample], objective.schedule, on: objective.model.precision.device)
        let prediction = try objective.prediction(input, [sample.caption], [sample.loras])
        let loss = try withoutGradients { try ElementLoss.meanSquare.elements(prediction, input.target).mean().item() }
        sums[character] += loss
        sums[members + character] += 1
      }
    }
    let all = try processes.gather(sums)
    var result: [Int: Double] = [:]
    for character in 0..<members {
      let count = all.reduce(0) { $0 + $1[members + character] }
      if count > 0 { result[character] = all.reduce(0) { $0 + $1[character] } / count }
    }
    return result
  }
}
