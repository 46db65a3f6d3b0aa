extension TrainingRecord {
  /// How often each character of a run was shown: what decides how strongly it is learned.
  ///
  /// Folders of one concept are one character: several qualities of it, or several resolutions of one folder.
  public struct Exposure: Sendable, Codable, Equatable {
    /// One character, or one set of regularisation images.
    public struct Entry: Sendable, Codable, Equatable {
      /// The concept: the folder's name without repeats.
      public var name: String
      /// What it is called in training where images have no caption; nil where nothing is said or folders differ.
      public var classTokens: String?
      /// Its folders, in stored order, each once.
      public var folders: [String]
      /// Its images; those of a folder that stands in several data sets count once.
      public var images: Int
      /// Uses of its images in an epoch: images times repeats, over all data sets.
      public var perEpoch: Int
      /// Its part of all uses of an epoch, among the characters or among the regularisation sets, 0...1.
      public var share: Double
      /// Uses up to the save; nil where the record does not tell how long the run was.
      public var total: Int?
    }

    /// The characters, most shown first.
    public var characters: [Entry]
    /// The regularisation sets, most shown first.
    public var regularisation: [Entry]
    /// Epochs up to the save, with a part of one where steps tell it; nil where nothing does.
    public var epochs: Double?

    init?(_ record: TrainingRecord) {
      let folders = record.data.datasets
      // Troupe's own batches follow no repeats; its record counts the samples themselves.
      if record.cast?.matching == "cast" { return nil }
      guard folders.contains(where: { $0.exposure != nil }) else { return nil }
      epochs = Self.epochs(record)
      let training = folders.filter { !$0.isRegularisation }
      characters = Self.entries(training, uses: training.map { $0.exposure ?? 0 }, epochs: epochs)
      let uses = Self.regularisationUses(folders)
      let regular = folders.enumerated().filter { $0.element.isRegularisation }
      regularisation = Self.entries(regular.map(\.element), uses: regular.map { uses[$0.offset] ?? 0 }, epochs: epochs)
    }

    /// Steps tell the length exactly; else the epoch in which the file was saved, or the planned ones.
    private static func epochs(_ record: TrainingRecord) -> Double? {
      let o = record.optimisation
      // An epoch ends with a step of its own, however few batches are left for it.
      if let steps = o.steps, let batches = record.data.batchesPerEpoch, batches > 0 {
        let accumulation = max(1, o.gradientAccumulation ?? 1)
        let perEpoch = batches / accumulation + (batches % accumulation == 0 ? 0 : 1)
        return Double(steps) / Double(perEpoch)
      }
      return (o.epochReached ?? o.epochs).map { Double($0) }
    }

    private static func entries(_ folders: [Folder], uses: [Int], epochs: Double?) -> [Entry] {
      var names: [String] = []
      var entries: [String: Entry] = [:]
      // The data sets in which a folder was counted.
      var counted: [String: Set<Int>] = [:]
      for (folder, use) in zip(folders, uses) {
        let name = folder.concept
        if entries[name] == nil { names.append(name) }
        var entry =
          entries[name]
          ?? Entry(name: name, classTokens: folder.tokens, folders: [], images: 0, perEpoch: 0, share: 0)
        if entry.classTokens != folder.tokens { entry.classTokens = nil }
        if !entry.folders.contains(folder.name) { entry.folders.append(folder.name) }
        // One folder in several data sets holds the same images; in one data set twice it is another of that name.
        let place = "\(folder.name)/\(folder.images ?? 0)"
        let sets = counted[place] ?? []
        if sets.isEmpty || sets.contains(folder.dataSet ?? -1) {
          entry.images = entry.images.addingCapped(folder.images ?? 0)
        }
        counted[place] = sets.union([folder.dataSet ?? -1])
        entry.perEpoch = entry.perEpoch.addingCapped(use)
        entries[name] = entry
      }
      let all = names.compactMap { entries[$0] }
      let sum = all.reduce(0) { $0 + Double($1.perEpoch) }
      return all.map { entry in
        var entry = entry
        entry.share = sum > 0 ? Double(entry.perEpoch) / sum : 0
        entry.total = epochs.map { Self.whole((Double(entry.perEpoch) * $0).rounded()) }
        return entry
      }.sorted { ($1.perEpoch, $0.name) < ($0.perEpoch, $1.name) }
    }

    private static func whole(_ value: Double) -> Int { Int(exactly: value) ?? .max }

    /// Uses of regularisation images in an epoch, by the folder's place.
    ///
    /// sd-scripts brings them to the number of training images of their data set (`DreamBoothDataset`): folders count
    /// in their order with their repeats until there are as many; are there too few, every image is used once more,
    /// again and again.
    private static func regularisationUses(_ folders: [Folder]) -> [Int: Int] {
      var result: [Int: Int] = [:]
      for set in Set(folders.map { $0.dataSet ?? -1 }) {
        let own = folders.enumerated().filter { ($0.element.dataSet ?? -1) == set }
        var left = own.filter { !$0.element.isRegularisation }.reduce(0) { $0.addingCapped($1.element.exposure ?? 0) }
        let sets = own.filter { $0.element.isRegularisation && ($0.element.images ?? 0) > 0 }
        for (place, folder) in sets {
          // The last image counts with all its repeats.
          let needed = folder.repeats > 0 ? (left.addingCapped(folder.repeats - 1)) / folder.repeats : 0
          let uses = min(needed, folder.images ?? 0).multiplyingCapped(folder.repeats)
          result[place] = uses
          left = max(0, left - uses)
        }
        let images = sets.reduce(0) { $0.addingCapped($1.element.images ?? 0) }
        guard left > 0, images > 0 else { continue }
        let (rounds, rest) = left.quotientAndRemainder(dividingBy: images)
        var remaining = rest
        for (place, folder) in sets {
          let count = folder.images ?? 0
          let last = min(remaining, count)
          remaining -= last
          result[place] = (result[place] ?? 0).addingCapped(rounds.multiplyingCapped(count).addingCapped(last))
        }
      }
      return result
    }
  }
}

extension TrainingRecord.Folder {
  /// The caption of images that have none, wherever the record tells it.
  var tokens: String? { classTokens ?? folderTokens.flatMap { $0.isEmpty ? nil : $0 } }
}
