/// What lies behind characters.
enum BackgroundFindings {
  /// Words by which a caption says that there is nothing behind.
  private static let words = [
    "simple background", "white background", "black background", "grey background", "gray background",
    "transparent background", "plain background", "gradient background", "solid background", "blue background",
    "green background", "red background", "brown background", "beige background", "yellow background",
    "pink background", "purple background", "orange background", "two-tone background",
  ]

  static func all(_ context: CheckContext) -> [DatasetCheck.Finding] {
    let characters = context.members(.character)
    return characters.flatMap { untagged(context, $0) + transparent(context, $0) } + apart(context, characters)
  }

  private static func numbers(
    _ context: CheckContext, _ member: Int, _ wanted: (PictureFacts.Background) -> Bool
  ) -> [Int] {
    context.pictures[member].filter { number in context.facts[number].map { wanted($0.background) } ?? false }
  }

  /// How many of each kind, as text.
  static func mix(_ context: CheckContext, _ member: Int) -> String {
    let kinds = PictureFacts.Background.allCases.map { kind in
      (kind, numbers(context, member) { $0 == kind }.count)
    }
    return kinds.filter { $0.1 > 0 }.map { "\($0.1) \($0.0.rawValue)" }.joined(separator: ", ")
  }

  private static func untagged(_ context: CheckContext, _ member: Int) -> [DatasetCheck.Finding] {
    let plain = numbers(context, member) { $0.isPlain }
    let silent = plain.filter { number in !words.contains { context.captions[number].holds($0) } }
    guard plain.count * 5 >= context.pictures[member].count * 4, silent.count * 2 > plain.count, plain.count > 1 else {
      return []
    }
    return [
      context.finding(
        "background-untagged", .warning, [member], silent,
        evidence:
          "\(plain.count) of \(context.pictures[member].count) pictures have nothing behind (\(mix(context, member))), and \(silent.count) of these captions do not say so",
        meaning: "The empty background is learned as part of the character.",
        advice: "Tag them with \"simple background\" or \"white background\", and add pictures with a scene behind.")
    ]
  }

  private static func transparent(_ context: CheckContext, _ member: Int) -> [DatasetCheck.Finding] {
    let outline = context.outline
    let clear = numbers(context, member) { $0 == .transparent }.filter { number in
      let picture = outline.pictures.pictures[number]
      return picture.mask == nil && !outline.subsets[picture.subset].images.masks
    }
    guard let first = clear.first else { return [] }
    let colour = outline.subsets[outline.pictures.pictures[first].subset].images.background
    return [
      context.finding(
        "transparent-without-mask", .note, [member], clear,
        evidence: "\(clear.count.of("picture")) with transparent parts: \(context.files(clear))",
        meaning:
          "The network sees them on red, green and blue \(colour.map(String.init).joined(separator: ", ")), and learns that too.",
        advice: outline.kind == .cast
          ? "Set mask = true to leave what is transparent out of the loss."
          : "Set alpha_mask = true to leave what is transparent out of the loss.")
    ]
  }

  /// One character always on nothing, another always in a scene.
  private static func apart(_ context: CheckContext, _ characters: [Int]) -> [DatasetCheck.Finding] {
    let shares = characters.compactMap { member -> (member: Int, share: Double)? in
      let known = numbers(context, member) { _ in true }.count
      guard known > 2 else { return nil }
      return (member, Double(numbers(context, member) { $0.isPlain }.count) / Double(known))
    }
    guard let most = shares.max(by: { $0.share < $1.share }), let least = shares.min(by: { $0.share < $1.share }),
      most.share >= 0.8, least.share <= 0.2
    else { return [] }
    return [
      context.finding(
        "background-tells-apart", .warning, [most.member, least.member],
        evidence:
          "\(context.name(most.member)): \(mix(context, most.member)); \(context.name(least.member)): \(mix(context, least.member))",
        meaning: "The background tells who it is, so it is learned as part of who it is.",
        advice: "Give both both kinds: cut some out, or put some before a scene; and tag the backgrounds.")
    ]
  }
}
