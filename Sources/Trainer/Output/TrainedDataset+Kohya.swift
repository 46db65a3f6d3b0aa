extension TrainedDataset {
  /// The pictures of an sd-scripts configuration, with its own repeats and epochs.
  ///
  /// - Parameters:
  ///   - configuration: the configuration.
  ///   - pictures: what ``DatasetConfiguration/pictures(measure:)`` gave.
  ///   - sampler: the sampler over ``DatasetConfiguration/blocks(_:)``.
  public init(_ configuration: DatasetConfiguration, pictures: DatasetPictures, sampler: KohyaSampler) {
    var names = FolderNames()
    // A folder that stands in several blocks has one name.
    var known: [String: String] = [:]
    var number = 0
    var blocks: [Block] = []
    for (index, dataset) in configuration.datasets.enumerated() {
      var folders: [Folder] = []
      for subset in dataset.subsets {
        defer { number += 1 }
        let numbers = pictures.numbers(of: number)
        guard subset.repeats > 0, !numbers.isEmpty else { continue }
        let place = subset.images.isEmpty ? subset.metadata ?? "" : subset.images
        let name = known[place] ?? names.name(of: place)
        known[place] = name
        var folder = Folder(
          name: name, images: numbers.count, repeats: subset.repeats, isRegularization: subset.isRegularization,
          classTokens: subset.classTokens, metadata: subset.metadata.map(Self.lastPart), captions: subset.captions)
        folder.flips = subset.flips
        folder.cropsAtRandom = subset.cropsAtRandom
        folder.changesColours = subset.changesColours
        folder.tags = TagFrequency.counts(of: numbers.map { pictures.pictures[$0].caption }, rule: subset.captions)
        folders.append(folder)
      }
      let drawn = sampler.blocks[index]
      var block = Block(rule: drawn.rule, batch: drawn.batch, folders: folders)
      block.hasBuckets = dataset.buckets
      block.place(
        zip(drawn.pictures, sampler.uses[index]).map { (numbers: [$0.picture], uses: $1) }, sizes: sampler.sizes)
      block.buckets = block.buckets.filter { $0.value > 0 }
      blocks.append(block)
    }
    self.init(blocks: blocks, batchesPerEpoch: sampler.batchesPerEpoch)
  }
}
