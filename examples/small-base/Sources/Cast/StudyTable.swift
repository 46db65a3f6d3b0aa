/// The tables of the study, in Markdown.
enum StudyTable {
  /// An arm, and what its row says.
  struct Arm: Sendable {
    var name: String
    var heading: String
  }

  /// The arms with four characters whose budget is the same.
  static let main = [
    Arm(name: "apart", heading: "apart, summed at 1.0"),
    Arm(name: "apart-weak", heading: "apart, summed at 0.6"),
    Arm(name: "apart-reg", heading: "apart with regularisation, summed at 1.0"),
    Arm(name: "kohya", heading: "one LoRA, batches as sd-scripts makes them"),
    Arm(name: "kohya-reg", heading: "the same with regularisation"),
    Arm(name: "preservation", heading: "**Troupe, one LoRA** (output preservation)"),
    Arm(name: "shared", heading: "Troupe, one LoRA, cross-prior too"),
    Arm(name: "separate", heading: "Troupe, one each, trained alone in one batch, summed at 1.0"),
    Arm(name: "summed", heading: "**Troupe, one each**, half of the samples as a sum, summed at 1.0"),
    Arm(name: "shared-reg", heading: "Troupe, one LoRA, with regularisation"),
    Arm(name: "summed-reg", heading: "Troupe, one each, as a sum, with regularisation, summed at 1.0"),
    Arm(name: "summed-kept", heading: "Troupe, one each, as a sum, output preservation alone"),
  ]

  /// What each loss does alone, one LoRA of four characters.
  static let ablation = [
    Arm(name: "cobatch", heading: "every step holds every character, nothing else"),
    Arm(name: "paired-reg", heading: "+ regularisation paired with each"),
    Arm(name: "preservation", heading: "+ output preservation"),
    Arm(name: "cross-prior", heading: "+ cross-prior"),
    Arm(name: "token-focus", heading: "+ token focus"),
    Arm(name: "shared", heading: "+ output preservation and cross-prior"),
    Arm(name: "separate-plain", heading: "one each, trained in one batch, no losses, summed at 1.0"),
    Arm(name: "orthogonal", heading: "the same with orthogonality"),
  ]

  /// Fewer and more characters, and the two who look alike.
  static let casts = [
    Arm(name: "apart-2", heading: "apart, summed: 2"), Arm(name: "apart", heading: "apart, summed: 4"),
    Arm(name: "apart-6", heading: "apart, summed: 6"), Arm(name: "shared-2", heading: "Troupe, one LoRA: 2"),
    Arm(name: "shared", heading: "Troupe, one LoRA: 4"), Arm(name: "shared-6", heading: "Troupe, one LoRA: 6"),
    Arm(name: "summed-2", heading: "Troupe, one each, as a sum: 2"),
    Arm(name: "summed", heading: "Troupe, one each, as a sum: 4"),
    Arm(name: "summed-6", heading: "Troupe, one each, as a sum: 6"),
    Arm(name: "apart-alike", heading: "apart, summed: Nila and Bram, dressed alike"),
    Arm(name: "shared-alike", heading: "Troupe, one LoRA: Nila and Bram"),
    Arm(name: "summed-alike", heading: "Troupe, one each, as a sum: Nila and Bram"),
  ]

  /// Arms whose pictures of two were drawn.
  static let duos = [
    Arm(name: "apart", heading: "apart, summed at 1.0"),
    Arm(name: "kohya", heading: "one LoRA, batches as sd-scripts makes them"),
    Arm(name: "preservation", heading: "Troupe, one LoRA (output preservation)"),
    Arm(name: "composites", heading: "the same with composites"),
    Arm(name: "composites-attention", heading: "composites, attention 0.1"),
    Arm(name: "composites-text-plain", heading: "composites, text encoder trained"),
    Arm(name: "composites-text", heading: "composites, text encoder trained, attention 0.3"),
    Arm(name: "composites-long", heading: "**the same, 500 steps for each character**"),
    Arm(name: "summed", heading: "Troupe, one each, as a sum, summed at 1.0"),
  ]

  /// What pictures of two characters show; arms that drew none are left out.
  static func together(_ records: [StudyRecord]) -> String {
    var lines = [
      "| arm | seeds | both | wrong | one figure | in order | foreign parts | Detect-and-Compare | own | generic | base |",
      "|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    for arm in duos {
      let measures = records.filter { $0.arm == arm.name && !$0.duos.isEmpty }.map(StudyMeasures.init)
      guard !measures.isEmpty else { continue }
      func column(_ value: (StudyMeasures) -> Double?) -> String { SeedMean(measures.compactMap(value))?.text ?? "" }
      let cells = [
        arm.heading, "\(measures.count)", column { $0.duos?.both }, column { $0.duos?.wrong },
        column { $0.duos?.single }, column { $0.duos?.ordered }, column { $0.duos?.foreign },
        column { $0.duos?.score }, column(\.own), column(\.generic), column(\.base),
      ]
      lines.append("| \(cells.joined(separator: " | ")) |")
    }
    return lines.joined(separator: "\n")
  }

  /// Rows of arms; those without a run are left out.
  static func table(_ arms: [Arm], _ records: [StudyRecord]) -> String {
    var lines = [
      "| arm | seeds | own | other | doll | generic | weakest own | alone | foreign parts | distance | pair | base | seconds |",
      "|---|---|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    for arm in arms {
      let runs = records.filter { $0.arm == arm.name }
      guard !runs.isEmpty else { continue }
      let measures = runs.map(StudyMeasures.init)
      func column(_ value: (StudyMeasures) -> Double?) -> String { SeedMean(measures.compactMap(value))?.text ?? "" }
      let distance = SeedMean(measures.compactMap(\.distance)).map { "\(Int($0.mean.rounded()))" } ?? ""
      let seconds = runs.reduce(0) { $0 + $1.seconds } / Double(runs.count)
      let cells = [
        arm.heading, "\(runs.count)", column(\.own), column(\.other), column(\.doll), column(\.generic),
        column(\.weakest), column(\.alone), column(\.foreign), distance, column(\.paired), column(\.base),
        "\(Int(seconds.rounded()))",
      ]
      lines.append("| \(cells.joined(separator: " | ")) |")
    }
    return lines.joined(separator: "\n")
  }

  /// Who was seen under each trigger, all seeds of an arm together, in per cent.
  static func confusion(_ arm: Arm, _ records: [StudyRecord]) -> String {
    let runs = records.filter { $0.arm == arm.name }
    guard let members = runs.first?.members else { return "" }
    let rows = seen(members, runs.flatMap(\.samples)).map { "| \($0.joined(separator: " | ")) |" }
    let rule = "|---\(String(repeating: "|---", count: members.count + 2))|"
    return ([rows[0], rule] + rows.dropFirst()).joined(separator: "\n")
  }

  /// A heading and a row for each thing that was asked for: who was seen, in per cent.
  static func seen(_ members: [CastMember], _ samples: [StudyRecord.Sample]) -> [[String]] {
    let names = members.map(\.rawValue)
    let columns = names + ["another", "doll"]
    let rows = (names + ["1girl", "1boy"]).compactMap { asked -> [String]? in
      let own = samples.filter { $0.asked == asked }
      guard !own.isEmpty else { return nil }
      return [asked]
        + columns.map { column -> String in
          let count = own.count { sample in
            column == "another" ? sample.seen != "doll" && !names.contains(sample.seen) : sample.seen == column
          }
          return "\(Int((100 * Double(count) / Double(own.count)).rounded()))"
        }
    }
    return [["asked for"] + columns] + rows
  }

  /// All that is made of records, by the name of its place in the document.
  static func blocks(_ records: [StudyRecord]) -> [String: String] {
    [
      "main": table(main, records), "ablation": table(ablation, records), "casts": table(casts, records),
      "together": together(records),
      "confusion-apart": confusion(arm("apart-weak"), records),
      "confusion-shared": confusion(arm("preservation"), records),
      "confusion-summed": confusion(arm("summed"), records),
    ]
  }

  private static func arm(_ name: String) -> Arm { main.first { $0.name == name } ?? Arm(name: name, heading: name) }

  /// One run in a line.
  static func line(_ record: StudyRecord) -> String {
    let measures = StudyMeasures(record)
    let shares = [
      ("own", measures.own), ("other", measures.other), ("doll", measures.doll), ("generic", measures.generic),
      ("base", measures.base),
    ]
    let text = shares.map { "\($0.0) \(SeedMean.share($0.1))" }.joined(separator: ", ")
    return "\(record.arm), seed \(record.seed): \(text); \(Int(record.seconds)) s"
  }
}
