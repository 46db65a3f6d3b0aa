internal import Images

/// Who is put beside whom in composites: pictures with transparent parts, of each character.
struct CompositePartners: Sendable {
  private let plan: RunPlan
  private let cutOuts: [Int: [Int]]

  /// Looks for cut-outs.
  ///
  /// A picture that cannot be read is none; reading it for training tells why.
  /// - Throws: `ImageError` of kind `unavailable` when no picture can be read here at all.
  init(_ plan: RunPlan) throws(ImageError) {
    self.plan = plan
    guard plan.cast.training.composites > 0 else {
      cutOuts = [:]
      return
    }
    var found: [Int: [Int]] = [:]
    for (number, picture) in plan.pictures.pictures.enumerated() where !plan.heldOut.contains(number) {
      guard case .character(let owner) = plan.subsets[picture.subset].owner, !picture.path.isEmpty,
        try Self.isCutOut(picture.path)
      else { continue }
      found[owner, default: []].append(number)
    }
    cutOuts = found
  }

  /// Whether something in a picture is hidden: a channel of alpha alone says nothing.
  private static func isCutOut(_ path: String) throws(ImageError) -> Bool {
    do {
      guard try PictureInfo(contentsOf: path).hasAlpha else { return false }
      return try Picture(contentsOf: path, as: .rgba).cutOut != nil
    } catch {
      guard error.kind != .unavailable else { throw error }
      return false
    }
  }

  /// Why nobody can be put beside anybody, as a sentence; nil where two characters have cut-outs, or none are asked for.
  var lack: String? {
    guard plan.cast.training.composites > 0, cutOuts.count < 2 else { return nil }
    let names = cutOuts.keys.sorted().map { plan.members[$0].name }
    return
      "\(plan.cast.file): composites = \(plan.cast.training.composites), but \(names.isEmpty ? "no character" : "only \(names[0])") has pictures with transparent parts; cut out pictures of two characters at least, or set composites = 0"
  }

  /// Who stands where in a sample's place, or nil where chance or missing cut-outs leave the sample as it is.
  func choice(for sample: Sample, seed: UInt64) -> Composite.Choice? {
    let share = plan.cast.training.composites
    guard share > 0 else { return nil }
    var random = UseRandom.composite(
      seed: seed, source: sample.source, picture: sample.picture, use: sample.use)
    guard random.unit() < share, case .character(let own) = plan.role(of: sample),
      cutOuts[own]?.contains(sample.picture) ?? false
    else { return nil }
    let others = cutOuts.keys.filter { $0 != own }.sorted()
    guard !others.isEmpty else { return nil }
    let other = others[random.below(others.count)]
    let choices = cutOuts[other] ?? []
    let partner = choices[random.below(choices.count)]
    return random.unit() < 0.5
      ? Composite.Choice(pictures: [sample.picture, partner], members: [own, other])
      : Composite.Choice(pictures: [partner, sample.picture], members: [other, own])
  }
}
