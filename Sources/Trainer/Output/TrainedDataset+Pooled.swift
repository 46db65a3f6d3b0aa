extension TrainedDataset {
  /// The pictures of a cast that is trained as sd-scripts does, with the repeats and epochs of its sampler.
  ///
  /// - Parameters:
  ///   - run: the plan of the run.
  ///   - sampler: its sampler, which has one block.
  ///   - character: the character that a file is for, by number; the folders of the others are left out.
  init(pooled run: RunPlan, sampler: KohyaSampler, character: Int?) {
    var names = FolderNames()
    var folders: [Folder] = []
    var meant: Set<Int> = []
    var heldOut = 0
    for (number, subset) in run.subsets.enumerated() {
      let name = names.name(of: subset.folder)
      let all = run.pictures.numbers(of: number)
      let numbers = all.filter { !run.heldOut.contains($0) }
      guard Self.concerns(subset.owner, character), !numbers.isEmpty else { continue }
      meant.insert(number)
      heldOut += all.count - numbers.count
      var folder = Folder(
        name: name, images: numbers.count, repeats: subset.repeats, classTokens: run.cast.tokens(of: subset.owner),
        captions: subset.captions)
      if case .regularization = subset.owner { folder.isRegularization = true }
      folder.flips = subset.images.flips
      folder.cropsAtRandom = subset.images.crop == .random
      folder.tags = TagFrequency.counts(
        of: numbers.map { run.pictures.pictures[$0].caption }, rule: subset.captions)
      folders.append(folder)
    }
    let blocks = zip(sampler.blocks, sampler.uses).map { drawn, uses in
      var block = Block(rule: drawn.rule, batch: drawn.batch, folders: folders)
      let used = zip(drawn.pictures, uses).filter { meant.contains($0.subset) && $1 > 0 }
      block.place(used.map { (numbers: [$0.picture], uses: $1) }, sizes: sampler.sizes)
      return block
    }
    self.init(blocks: blocks, batchesPerEpoch: sampler.batchesPerEpoch)
    validationImages = heldOut
  }

  private static func concerns(_ owner: RunPlan.Owner, _ character: Int?) -> Bool {
    guard let character else { return true }
    switch owner {
    case .character(let number): return number == character
    case .group(let numbers): return numbers.contains(character)
    // The sets are everybody's.
    case .regularization: return true
    }
  }
}

extension CastConfiguration {
  /// The caption of a picture without one.
  fileprivate func tokens(of owner: RunPlan.Owner) -> String {
    switch owner {
    case .character(let number):
      [characters[number].trigger, characters[number].className].filter { !$0.isEmpty }.joined(separator: ", ")
    case .group(let numbers): numbers.sorted().map { characters[$0].trigger }.joined(separator: ", ")
    case .regularization(let number): regularization[number].className
    }
  }
}
