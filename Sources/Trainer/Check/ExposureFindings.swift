/// How often characters and pictures are used: too seldom, too often, or unequally.
enum ExposureFindings {
  /// Samples of a character below which it is seldom learned; tutorials use 800 to 1200.
  private static let fewSamples = 300
  /// Uses of one picture above which it is learned by heart rather than its character.
  private static let manyUses = 250
  /// Pictures of a character below which details of single pictures become the character.
  private static let fewPictures = 10

  static func all(_ context: CheckContext) -> [DatasetCheck.Finding] {
    let characters = context.members(.character)
    return neverUsed(context) + unequal(context, characters) + characters.flatMap { single(context, $0) }
      + splitSteps(context)
  }

  private static func neverUsed(_ context: CheckContext) -> [DatasetCheck.Finding] {
    (context.members(.character) + context.members(.group)).compactMap { member in
      let trained = context.pictures[member].filter { !context.outline.heldOut.contains($0) }
      let unused = trained.filter { context.exposure.uses[member][$0] == nil }
      guard !unused.isEmpty else { return nil }
      let (report, use) = (context.exposure.report, context.members[member])
      let perStep = report.steps > 0 ? Double(use.samples) / Double(report.steps) : 0
      let needed = perStep > 0 ? Int((Double(trained.count) / perStep).rounded(.up)) : 0
      return context.finding(
        "never-used", unused.count == trained.count ? .problem : .warning, [member], unused,
        evidence:
          "\(unused.count.of("picture")) of \(trained.count) \(unused.count == 1 ? "is" : "are") not used in \(report.steps.of("step")): \(context.files(unused))",
        meaning: "What only these show is not learned.",
        advice: needed > report.steps
          ? "Train for at least \(needed) steps, or with a larger batch."
          : "Give it a share of the run: check repeats, shares and group_ratio.")
    }
  }

  private static func unequal(_ context: CheckContext, _ characters: [Int]) -> [DatasetCheck.Finding] {
    let uses = characters.map { (member: $0, samples: context.members[$0].samples) }
    guard let most = uses.max(by: { $0.samples < $1.samples }), let least = uses.min(by: { $0.samples < $1.samples }),
      Double(most.samples) > 1.5 * Double(least.samples)
    else { return [] }
    let outline = context.outline
    var advice = "Train for more steps; over a long run shares become equal."
    let repeated = characters.compactMap { member in outline.subsets[outline.members[member].subsets[0]].repeats }
    if repeated.count == characters.count {
      let totals = zip(characters, repeated).map { $1 * context.pictures[$0].count }
      let wanted = totals.max() ?? 1
      let texts = characters.map { member -> String in
        let repeats = max(1, Int((Double(wanted) / Double(max(1, context.pictures[member].count))).rounded()))
        return "\(context.name(member)) \(repeats)"
      }
      advice = "Set the repeats to: \(texts.listed(12)). A cast needs none: its characters weigh alike."
    }
    return [
      context.finding(
        "unequal-exposure", most.samples > 3 * least.samples ? .problem : .warning, [most.member, least.member],
        evidence:
          "\(context.name(most.member)) has \(most.samples.of("sample")), \(context.name(least.member)) \(least.samples)",
        meaning: "The one that is shown more often wins where both meet, and the other comes out weak.",
        advice: advice)
    ]
  }

  private static func single(_ context: CheckContext, _ member: Int) -> [DatasetCheck.Finding] {
    let use = context.members[member]
    guard use.samples > 0 else { return [] }
    let report = context.exposure.report
    var found: [DatasetCheck.Finding] = []
    if use.samples < fewSamples {
      let needed = Int((Double(fewSamples) * Double(report.steps) / Double(use.samples)).rounded(.up))
      found.append(
        context.finding(
          "few-samples", .warning, [member],
          evidence: "\(use.samples.of("sample")) in \(report.steps.of("step")); 800 to 1200 are usual for a character",
          meaning: "It will hardly be learned.",
          advice: "Train for \(needed) steps or more, or with a larger batch."))
    }
    let mean = Double(use.samples) / Double(max(1, use.pictures))
    if mean > Double(manyUses) {
      found.append(
        context.finding(
          "worn-pictures", .warning, [member],
          evidence: "each of its \(use.pictures.of("picture")) is used \(use.leastUses) to \(use.mostUses) times",
          meaning: "Pictures that are seen so often are learned by heart, with poses and backgrounds.",
          advice: "Add pictures, or train for fewer steps."))
    }
    if use.pictures < fewPictures {
      found.append(
        context.finding(
          "few-pictures", use.pictures < 4 ? .warning : .note, [member],
          evidence: "\(use.pictures.of("picture")) to train on; 20 or more are usual",
          meaning: "What these few have in common besides the character becomes part of it.",
          advice: "Add pictures with other poses, framings and backgrounds; crops of large ones count."))
    }
    if use.longestGap > 50, report.steps > 0 {
      found.append(
        context.finding(
          "long-gap", .note, [member], evidence: "it is not shown for \(use.longestGap) steps on end",
          meaning: "The others change the same weights meanwhile.",
          advice: "Raise batch or accumulation, so that a step holds every character."))
    }
    return found
  }

  private static func splitSteps(_ context: CheckContext) -> [DatasetCheck.Finding] {
    let report = context.exposure.report
    guard report.steps > 0, context.outline.kind == .cast else { return [] }
    let batches = Double(report.batches) / Double(report.steps)
    guard batches > 1.5 * Double(context.outline.accumulation) else { return [] }
    return [
      context.finding(
        "split-steps", .note, [],
        evidence:
          "a step takes \(batches.tenths) passes through the model instead of \(context.outline.accumulation), because pictures of different sizes share no batch",
        meaning: "Nothing is lost but time.",
        advice: "Crop pictures to fewer shapes, or raise bucket_step.")
    ]
  }
}

extension Double {
  /// The number with one decimal.
  var tenths: String {
    guard isFinite, abs(self) < 1e12 else { return "\(self)" }
    let scaled = Int((abs(self) * 10).rounded())
    return "\(self < 0 && scaled > 0 ? "-" : "")\(scaled / 10).\(scaled % 10)"
  }

  /// A share as percent.
  var percent: String { "\(Int((self * 100).rounded())) %" }
}
