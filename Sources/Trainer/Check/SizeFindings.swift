/// Pictures that are too small, or lose much when they are cropped.
enum SizeFindings {
  /// How many times larger, in each direction, a picture is made before it is blurred.
  private static let enlargement = 1.5
  /// The part of a picture that is cut off before heads and feet go.
  private static let cut = 0.2

  static func all(_ context: CheckContext) -> [DatasetCheck.Finding] {
    context.outline.members.indices.flatMap { member(context, $0) }
  }

  private static func member(_ context: CheckContext, _ member: Int) -> [DatasetCheck.Finding] {
    let places = context.pictures[member].filter { context.failures[$0] == nil }.map { number in
      (number: number, placement: context.outline.placement(of: number, use: 0))
    }
    var found: [DatasetCheck.Finding] = []
    let none = places.filter { $0.placement == nil }.map(\.number)
    if !none.isEmpty {
      found.append(
        context.finding(
          "no-bucket", .problem, [member], none,
          evidence:
            "\(none.count.of("picture")) \(none.count == 1 ? "is" : "are") smaller than one step of a bucket: \(context.files(none))",
          meaning: "There is no size to train them at.",
          advice: "Remove them, or let small pictures be enlarged."))
    }
    let small = places.compactMap { number, placement -> (number: Int, factor: Double)? in
      guard let placement else { return nil }
      let factor = Double(placement.resized.width) / Double(max(1, placement.picture.width))
      return factor > enlargement ? (number, factor) : nil
    }
    if let worst = small.max(by: { $0.factor < $1.factor }) {
      let size = context.outline.pictures.pictures[worst.number].size
      found.append(
        context.finding(
          "tiny-picture", .warning, [member], small.map(\.number),
          evidence:
            "\(small.count.of("picture")) \(small.count == 1 ? "is" : "are") enlarged more than \(enlargement.tenths) times, \(context.files([worst.number], most: 1)) of \(size) \(worst.factor.tenths) times",
          meaning: "The blur of enlargement is learned as the character's look.",
          advice: "Find larger ones, upscale them with a model that adds detail, or train at a lower resolution."))
    }
    let low = places.compactMap { number, placement -> (number: Int, bucket: PixelSize)? in
      guard let placement, placement.bucket.area * 4 < context.outline.resolution.area else { return nil }
      return (number, placement.bucket)
    }
    if let worst = low.min(by: { $0.bucket.area < $1.bucket.area }), context.outline.keepsSmallPictures {
      found.append(
        context.finding(
          "tiny-picture", .warning, [member], low.map(\.number),
          evidence:
            "\(low.count.of("picture")) \(low.count == 1 ? "is" : "are") trained at less than a quarter of \(context.outline.resolution), \(context.files([worst.number], most: 1)) at \(worst.bucket)",
          meaning: "The base model draws badly at such sizes, and learns badly from them.",
          advice: "Find larger ones, or remove them."))
    }
    return found + cropped(context, member, places)
  }

  private static func cropped(
    _ context: CheckContext, _ member: Int, _ places: [(number: Int, placement: BucketPlacement?)]
  ) -> [DatasetCheck.Finding] {
    let cropped = places.compactMap { number, placement -> (number: Int, lost: Double)? in
      guard let placement, placement.resized.area > 0 else { return nil }
      let lost = 1 - Double(placement.bucket.area) / Double(placement.resized.area)
      return lost > cut ? (number, lost) : nil
    }
    guard let worst = cropped.max(by: { $0.lost < $1.lost }) else { return [] }
    return [
      context.finding(
        "heavy-crop", .warning, [member], cropped.map(\.number),
        evidence:
          "\(cropped.count.of("picture")) \(cropped.count == 1 ? "loses" : "lose") more than \(cut.percent), \(context.files([worst.number], most: 1)) \(worst.lost.percent)",
        meaning:
          "Heads or feet may go, and the caption still says \"full body\": that is how wrong proportions are learned.",
        advice: "Look at `troupe dataset sheet`; crop by hand, or allow longer buckets.")
    ]
  }
}

extension DatasetOutline {
  /// Where a picture goes at one use of it.
  func placement(of number: Int, use: Int) -> BucketPlacement? {
    switch sampler {
    case .cast(let sampler):
      return sampler.plan.buckets.placement(of: pictures.pictures[number].size, picture: number, use: use)
    case .kohya(let sampler):
      let block = sampler.blocks.first { block in block.pictures.contains { $0.picture == number } }
      return block?.rule.placement(of: pictures.pictures[number].size)
    }
  }

  /// Whether small pictures stay as small as they are.
  var keepsSmallPictures: Bool {
    switch sampler {
    case .cast(let sampler): sampler.plan.buckets.rules.contains { !$0.enlarges }
    case .kohya(let sampler): sampler.blocks.contains { !$0.rule.enlarges }
    }
  }
}
