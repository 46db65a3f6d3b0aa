public import Images

/// One use of a picture as the network will see it.
public struct SeenUse: Sendable, Hashable {
  /// The picture, by number.
  public let picture: Int
  /// The sampler's source, by number.
  public let source: Int
  /// How often the source used the picture before.
  public let use: Int
  /// The step, counted from 0.
  public let step: Int
  /// The caption after shuffling, dropout and the rest; empty where it is left out.
  public let caption: String
  /// What is cut out of the picture.
  public let view: PictureView
  /// Who stands there side by side instead.
  let composite: Composite.Choice?

  /// The uses that a run begins with, by an exact dry run.
  ///
  /// - Parameters:
  ///   - outline: the configuration with its pictures.
  ///   - count: how many uses of each picture by each source.
  /// - Returns: the uses of each source, by picture and then in order; pictures that are drawn before the run or have
  ///   no bucket are left out.
  /// - Throws: `ImageError` of kind `unavailable` where composites are asked for and no picture can be read here at all.
  public static func first(_ count: Int, of outline: DatasetOutline) throws(ImageError) -> [[SeenUse]] {
    let partners: CompositePartners? = if let plan = outline.plan { try CompositePartners(plan) } else { nil }
    var found = outline.sources.map { _ in [Int: [SeenUse]]() }
    var sampler = outline.sampler
    for step in 0..<outline.steps {
      guard let plan = sampler.next() else { break }
      for sample in plan.samples where found[sample.source][sample.picture, default: []].count < count {
        let picture = outline.pictures.pictures[sample.picture]
        guard let placement = sample.placement, !picture.path.isEmpty else { continue }
        let moment = CaptionRule.Moment(epoch: sampler.epoch(of: sample), step: step, steps: outline.steps)
        found[sample.source][sample.picture, default: []].append(
          SeenUse(sample, placement, outline, partners, moment: moment))
      }
    }
    return found.map { uses in uses.sorted { $0.key < $1.key }.flatMap(\.value) }
  }

  private init(
    _ sample: Sample, _ placement: BucketPlacement, _ outline: DatasetOutline, _ partners: CompositePartners?,
    moment: CaptionRule.Moment
  ) {
    (picture, source, use, step) = (sample.picture, sample.source, sample.use, moment.step)
    let shown = outline.pictures.pictures[sample.picture]
    let subset = outline.subsets[shown.subset]
    var random = UseRandom.caption(
      seed: outline.seed, source: sample.source, picture: sample.picture, use: sample.use)
    var text = subset.captions.caption(shown.caption, at: moment, using: &random)
    if case .regularization(_, let characters) = sample.role, subset.captions.trigger != nil,
      let character = characters.first
    {
      // A set without pictures of its own shows its characters', as someone would see them who does not know them.
      let member = outline.members[character]
      text = TriggerWord(trigger: member.trigger, className: member.className).classCaption(of: text)
    }
    composite = partners?.choice(for: sample, seed: outline.seed)
    if let composite, let plan = outline.plan { text = plan.caption(of: composite) }
    caption = text
    var crop = UseRandom.view(seed: outline.seed, source: sample.source, picture: sample.picture, use: sample.use)
    view = PictureView(placement, rule: subset.images, using: &crop)
  }

  /// The picture of the use, shrunk to a side, with what a mask leaves out of the loss darkened.
  /// - Throws: `ImageError`.
  public func shown(_ outline: DatasetOutline, side: Int) throws(ImageError) -> Picture {
    if let composite, let plan = outline.plan {
      let both = try Composite.drawn(composite, inPlaceOf: picture, view, plan).picture
      let size = both.size(fitting: side, side)
      return both.resized(width: size.width, height: size.height)
    }
    let stored = outline.pictures.pictures[picture]
    let prepared = try PreparedPicture(
      path: stored.path, mask: stored.mask, rule: outline.subsets[stored.subset].images, view: view)
    let size = prepared.picture.size(fitting: side, side)
    let small = prepared.picture.resized(width: size.width, height: size.height)
    guard let mask = prepared.mask?.resized(width: size.width, height: size.height) else { return small }
    return small.darkened(where: mask)
  }
}

extension Picture {
  /// A picture of three channels at a quarter of its brightness where a mask of one channel is 0, and as it is at 255.
  func darkened(where mask: Picture) -> Picture {
    var result: [UInt8] = []
    result.reserveCapacity(bytes.count)
    for place in 0..<width * height {
      let part = 64 + Int(mask.bytes[place]) * 191 / 255
      for channel in 0..<3 { result.append(UInt8(Int(bytes[place * 3 + channel]) * part / 255)) }
    }
    return Picture(width: width, height: height, channels: 3, bytes: result)
  }
}

extension DatasetPictures {
  /// A picture's size by its header, and 0 × 0 where the file cannot be read, so that a check finds all of these at once.
  /// - Throws: `ImageError` of kind `unavailable` when no picture can be read here at all.
  public static func readableHeader(_ path: String) throws(ImageError) -> PixelSize {
    do { return try header(path) } catch {
      guard error.kind != .unavailable else { throw error }
      return PixelSize(0, 0)
    }
  }
}
