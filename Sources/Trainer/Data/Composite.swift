internal import Images

/// Two characters cut out of their own pictures and put side by side, with a caption that names both (Seg-Mix, MuDI,
/// arXiv 2404.04243).
struct Composite {
  /// Red, green and blue, of the bucket's size.
  var picture: Picture
  /// The caption.
  var caption: String
  /// Who is in it, by number, from left to right.
  var members: [Int]
}

/// The pictures that composites can be made of: those with transparent parts, of each character.
struct CompositePartners: Sendable {
  private let plan: RunPlan
  private let cutOuts: [Int: [Int]]

  /// Looks for cut-outs; only headers are read.
  /// - Throws: `ImageError` for a picture that cannot be read.
  init(_ plan: RunPlan) throws(ImageError) {
    self.plan = plan
    guard plan.cast.training.composites > 0 else {
      cutOuts = [:]
      return
    }
    var found: [Int: [Int]] = [:]
    for (number, picture) in plan.pictures.pictures.enumerated() where !plan.heldOut.contains(number) {
      guard case .character(let owner) = plan.subsets[picture.subset].owner else { continue }
      guard try PictureInfo(contentsOf: picture.path).hasAlpha else { continue }
      found[owner, default: []].append(number)
    }
    cutOuts = found
  }

  /// The composite in a sample's place, or nil where chance or missing cut-outs leave the sample as it is.
  /// - Parameter share: the probability.
  /// - Throws: `ImageError`.
  func composite(
    _ sample: Sample, _ view: PictureView, share: Double, using random: inout CounterRandom
  ) throws(ImageError) -> Composite? {
    guard random.unit() < share, case .character(let own) = plan.role(of: sample),
      cutOuts[own]?.contains(sample.picture) ?? false
    else { return nil }
    let others = cutOuts.keys.filter { $0 != own }.sorted()
    guard !others.isEmpty else { return nil }
    let other = others[random.below(others.count)]
    let choices = cutOuts[other] ?? []
    let partner = choices[random.below(choices.count)]
    let isLeft = random.unit() < 0.5
    let size = view.window.size
    let rule = plan.subsets[plan.pictures.pictures[sample.picture].subset].images
    let behind = rule.backgroundColour
    var canvas = Picture(width: size.width, height: size.height, filledWith: behind)
    let order = isLeft ? [sample.picture, partner] : [partner, sample.picture]
    for (place, number) in order.enumerated() {
      let cut = try Picture(contentsOf: plan.pictures.pictures[number].path, as: .rgba)
      let half = size.width / 2
      let fit = Self.fitting(cut, half, size.height)
      let shown = cut.resized(width: fit.width, height: fit.height)
      // Feet on the ground, each in the middle of its half.
      canvas.paste(
        shown, x: place * half + (half - fit.width) / 2, y: size.height - fit.height, background: behind)
    }
    let members = isLeft ? [own, other] : [other, own]
    return Composite(picture: canvas, caption: Self.caption(members.map { plan.members[$0].word }), members: members)
  }

  /// The largest size of the picture's shape within a box, enlarged where needed.
  private static func fitting(_ picture: Picture, _ width: Int, _ height: Int) -> (width: Int, height: Int) {
    let scale = min(Double(width) / Double(picture.width), Double(height) / Double(picture.height))
    return (
      max(1, Int(Double(picture.width) * scale)), max(1, Int(Double(picture.height) * scale))
    )
  }

  /// Triggers, then how many of which class, then what the picture looks like.
  static func caption(_ words: [TriggerWord]) -> String {
    var classes: [(name: String, count: Int)] = []
    for word in words where !word.className.isEmpty {
      if let index = classes.firstIndex(where: { $0.name == word.className }) {
        classes[index].count += 1
      } else {
        classes.append((word.className, 1))
      }
    }
    let counted = classes.map { name, count in
      // Boorus count people: two of 1girl are 2girls.
      count > 1 && name.hasPrefix("1") ? "\(count)\(name.dropFirst())s" : name
    }
    return (words.map(\.trigger).filter { !$0.isEmpty } + counted + ["side by side", "simple background"]).joined(
      separator: ", ")
  }
}
