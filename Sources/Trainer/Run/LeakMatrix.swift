internal import Diffusion
internal import Torch

/// How far each trigger draws each character: measured while training, on the characters' own pictures.
///
/// With `d_k` what the LoRA adds to the base prediction on a picture of character i under its caption with trigger k in
/// the place of its own, `value[i][k] = Σ⟨d_k, d_i⟩ / Σ⟨d_i, d_i⟩` over pictures and times: the part of what trigger i
/// does to its own pictures that trigger k does too. 1 means that the triggers are one, 0 that k leaves i alone. LoRAs of
/// a cast act together, as they are used.
public struct LeakMatrix: Sendable, Hashable {
  /// The characters.
  public var names: [String]
  /// A row for each character's pictures, a column for each trigger; the diagonal is 1.
  public var values: [[Double]]
  /// For each character's pictures what a caption with its class and no trigger does.
  public var generic: [Double]

  /// The largest number beside the diagonal.
  public var worst: (pictures: Int, trigger: Int, value: Double)? {
    var worst: (Int, Int, Double)?
    for (i, row) in values.enumerated() {
      for (k, value) in row.enumerated() where k != i && value > worst?.2 ?? -.infinity { worst = (i, k, value) }
    }
    return worst
  }

  /// At which parts of the schedule it is measured.
  static let times = [0.25, 0.5, 0.75]
  /// Pictures of each character.
  static let pictures = 2

  /// Measures.
  init(_ objective: CastObjective, _ preparer: SamplePreparer, _ plan: RunPlan) throws {
    let members = plan.members
    names = members.map(\.name)
    values = []
    generic = []
    let all = plan.cast.network.mode == .separate ? Array(members.indices) : [0]
    for (number, member) in members.enumerated() {
      var sums = [Double](repeating: 0, count: members.count + 1)
      for picture in plan.measuredPictures(of: number).prefix(Self.pictures) {
        let caption = plan.plainCaption(of: picture)
        let captions =
          members.map { $0 == member ? caption : member.word.swapped(caption, to: $0.word) }
          + [member.word.classCaption(of: caption)]
        for (index, part) in Self.times.enumerated() {
          let time = Int(part * Double(objective.schedule.times))
          guard let sample = try preparer.measured(picture, time: time, index: index) else { continue }
          let input = try BatchInput([sample], objective.schedule, on: objective.model.precision.device)
          let changes = try captions.map { caption in
            try objective.prediction(input, [caption], [all]).to(.f64)
              - objective.basePrediction(input, [caption]).to(.f64)
          }
          for (column, change) in changes.enumerated() { sums[column] += try (change * changes[number]).sum().item() }
        }
      }
      let own = sums[number]
      // A LoRA that does nothing yet leaks nothing.
      let row = sums.map { own > 0 ? $0 / own : 0 }
      values.append(Array(row.dropLast()))
      generic.append(row[members.count])
    }
  }
}

extension RunPlan {
  /// The pictures that a character is measured with: those held out, else its first ones.
  func measuredPictures(of character: Int) -> [Int] {
    let own = pictures.pictures.indices.filter { subsets[pictures.pictures[$0].subset].owner == .character(character) }
    let held = own.filter { heldOut.contains($0) }
    return held.isEmpty ? own : held
  }
}
