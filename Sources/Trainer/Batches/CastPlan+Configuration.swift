extension CastPlan {
  /// The plan of a cast.
  ///
  /// Characters count alike, and so do regularisation sets of one character among themselves. Groups count by their
  /// number of pictures against a character's, up to ``CastConfiguration/Training/groupRatio`` of all characters together.
  /// A set without pictures of its own uses those of the characters that it is paired with.
  ///
  /// - Parameters:
  ///   - cast: the configuration.
  ///   - pictures: what ``CastConfiguration/pictures(measure:)`` gave.
  ///   - heldOut: pictures that are not trained on; see ``DatasetPictures/heldOut(of:share:seed:)``.
  ///   - generated: the numbers of pictures made for each regularisation set by its place; they are in `pictures` too.
  /// - Throws: ``BucketRule/Refusal``.
  public init(
    _ cast: CastConfiguration, pictures: DatasetPictures, heldOut: Set<Int> = [], generated: [Int: [Int]] = [:]
  ) throws(BucketRule.Refusal) {
    var subset = 0
    func pools(_ subsets: [CastConfiguration.Subset]) -> [Pool] {
      subsets.map { member in
        defer { subset += 1 }
        return Pool(pictures: pictures.numbers(of: subset).filter { !heldOut.contains($0) }, share: member.share)
      }
    }
    var sources: [Source] = []
    for (number, character) in cast.characters.enumerated() {
      sources.append(Source(role: .character(number), pools: pools(character.subsets), weight: character.weight))
    }
    let solo = sources
    let numbers = Dictionary(
      cast.characters.enumerated().map { ($1.name, $0) }, uniquingKeysWith: { first, _ in first })
    let groups = cast.groups.map { group in
      Source(
        role: .group(group.characters.compactMap { numbers[$0] }), pools: pools(group.subsets), weight: group.weight)
    }
    func count(_ source: Source) -> Int { source.pools.reduce(0) { $0 + $1.pictures.count } }
    let soloCount = Double(max(1, solo.reduce(0) { $0 + count($1) })) / Double(max(1, solo.count))
    let natural = groups.map { Double(count($0)) / soloCount }
    let cap = cast.training.groupRatio * Double(solo.count)
    let scale = natural.reduce(0, +) > cap ? cap / natural.reduce(0, +) : 1
    for (group, rate) in zip(groups, natural) where rate > 0 {
      var group = group
      group.rate = rate * scale
      sources.append(group)
    }
    let paired = cast.regularization.map { set in
      set.pairsWith.isEmpty ? Array(cast.characters.indices) : set.pairsWith.compactMap { numbers[$0] }
    }
    for (number, set) in cast.regularization.enumerated() {
      var setPools = pools(set.subsets)
      if let made = generated[number] { setPools.append(Pool(pictures: made)) }
      let weight = set.weight ?? cast.losses.priorWeight
      func rate(_ character: Int) -> Double {
        set.ratio / Double(paired.count { $0.contains(character) })
      }
      if setPools.isEmpty {
        // Class captions belong to the character whose picture it is.
        for character in paired[number] {
          sources.append(
            Source(
              role: .regularization(set: number, characters: [character]), pools: solo[character].pools,
              rate: rate(character), weight: weight))
        }
      } else {
        sources.append(
          Source(
            role: .regularization(set: number, characters: paired[number]), pools: setPools,
            rate: paired[number].reduce(0) { $0 + rate($1) }, weight: weight))
      }
    }
    self.init(
      sources: sources, sizes: pictures.sizes, buckets: try cast.training.buckets(), batch: cast.training.batch,
      accumulation: cast.training.accumulation, seed: UInt64(cast.training.seed))
  }
}
