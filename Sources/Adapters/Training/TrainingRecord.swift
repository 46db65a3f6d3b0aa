import SafeTensors

/// The recipe a LoRA was made with, as far as its file's metadata tells it.
///
/// Reading never fails: what is absent stays nil, what cannot be read is listed in ``unreadable``. Nothing here
/// comes from the tensors; rank and alpha in particular are only what the trainer claimed.
public struct TrainingRecord: Sendable, Codable, Equatable {
  /// Who and what made the file, and when.
  public var identity: Identity
  /// The checkpoint it was trained on.
  public var base: BaseModel
  /// The shape of the trained network.
  public var network: Network
  /// How long and how fast it was trained.
  public var optimisation: Optimisation
  /// Noise, timesteps and loss.
  public var noise: Noise
  /// What was done to the captions.
  public var captions: Captions
  /// The images: sizes, buckets, folders.
  public var data: Dataset
  /// The cast, where Troupe trained it.
  public var cast: Cast?
  /// How often each tag stands in the captions of each folder, without repeats; most frequent first.
  public var tagFrequency: [String: [TagCount]]
  /// Words that may call the character, most likely first.
  public var triggerCandidates: [TriggerCandidate]
  /// Titles of the files it was merged from; empty for a file that was trained.
  public var mergedFrom: [String]
  /// The weights' SHA-256 as the file states it (`sshs_model_hash`), in lower case.
  public var storedModelHash: String?
  /// Whether the stored hash is the SHA-256 of no data at all, which some trainers wrote by mistake.
  public var isHashOfNothing: Bool
  /// Metadata keys whose values could not be read, in alphabetical order.
  public var unreadable: [String]
  /// How often each character was shown; nil where no folder's images are counted.
  public var exposure: Exposure?
  /// What stands in the files beside the weights; nil where there are none.
  public var notes: Notes?
  /// What is wrong with files beside the weights; a sentence each.
  public var sidecarProblems: [String]
  /// Metadata that no other part of the record takes, as stored, in alphabetical order.
  public var further: [Setting]
  /// Where each field comes from, by its id: a metadata key, or a file beside the weights.
  ///
  /// What is missing is derived from several values.
  public var sources: [String: String]
  /// Settings that are no ``fields`` because the record says that they were `off` or `not set`, by their ids.
  public var switchedOff: [String: String]

  /// Reads the metadata of a safetensors file, which maps text to text.
  ///
  /// - Parameters:
  ///   - metadata: the header's.
  ///   - sidecars: what stands beside the file; where both tell something, the header counts.
  public init(metadata: [String: String], beside sidecars: Sidecars = .none) {
    var reader = MetadataReader(metadata, beside: sidecars)
    notes = Notes(sidecars)
    sidecarProblems = sidecars.problems
    (further, sources, switchedOff) = ([], [:], [:])
    identity = Identity(reading: &reader)
    base = BaseModel(reading: &reader)
    network = Network(reading: &reader)
    optimisation = Optimisation(reading: &reader)
    noise = Noise(reading: &reader)
    cast = Self.readCast(&reader)
    tagFrequency = Self.readTags(&reader)
    data = Dataset(reading: &reader, tags: &tagFrequency)
    captions = Captions(reading: &reader)
    mergedFrom = Self.readSources(&reader)
    let hash = reader.text("sshs_model_hash")?.lowercased()
    storedModelHash = hash
    isHashOfNothing = hash.map { $0.utf8.count >= 8 && Self.hashOfNothing.hasPrefix($0) } ?? false
    triggerCandidates = []
    unreadable = []
    exposure = nil
    exposure = Exposure(self)
    triggerCandidates = TriggerSearch(self, &reader).candidates
    unreadable = reader.unreadable.sorted()
    further = Self.leftOver(reader)
    let told = Set(fields.map(\.id))
    (sources, switchedOff) = Self.sources(reader, notes: notes)
    sources = sources.filter { told.contains($0.key) }
    switchedOff = switchedOff.filter { !told.contains($0.key) }
  }

  /// What no part of the record has asked for.
  private static func leftOver(_ reader: MetadataReader) -> [Setting] {
    reader.keys.sorted().compactMap { key in
      // Troupe's own records of merges and the like are documents, no settings.
      let isOwn = key.hasPrefix("troupe_") || key.hasPrefix("troupe.")
      guard !reader.taken.contains(key), !isOwn, let text = reader.stored(key) else { return nil }
      // cloneofsimo names a rank for every layer, and the kinds of layers by network.
      if key.hasSuffix(":rank") || key == "unet" || key == "text_encoder" { return nil }
      return Setting(key: key, value: text)
    }
  }

  private static let hashOfNothing = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

  /// The sources a merging tool wrote down: a list of titles, or each source's whole metadata.
  private static func readSources(_ reader: inout MetadataReader) -> [String] {
    if let titles = reader.text("modelspec.merged_from") {
      return titles.split(separator: ",").map { String($0).trimmed }.filter { !$0.isEmpty }
    }
    reader.take("modelspec.merged_from")
    let copies = reader.keys.filter { $0.hasPrefix("sshs_cp") && Int($0.dropFirst(7)) != nil }
      .sorted { (Int($0.dropFirst(7)) ?? 0) < (Int($1.dropFirst(7)) ?? 0) }
    return copies.map { key in
      let source = reader.json(key)
      return source?["ss_output_name"]?.filledText ?? source?["modelspec.title"]?.filledText
        ?? "unnamed (\(key.dropFirst(5)))"
    }
  }

  private static func readCast(_ reader: inout MetadataReader) -> Cast? {
    guard let document = reader.json(Cast.key) else { return nil }
    let cast = Cast(document)
    if cast == nil { reader.reject(Cast.key) }
    return cast
  }

  private static func readTags(_ reader: inout MetadataReader) -> [String: [TagCount]] {
    guard let document = reader.json("ss_tag_frequency") else { return [:] }
    guard let folders = document.members else {
      reader.reject("ss_tag_frequency")
      return [:]
    }
    return folders.reduce(into: [:]) { result, folder in
      guard let tags = TagCount.list(folder.value) else { return reader.reject("ss_tag_frequency") }
      result[folder.name] = tags
    }
  }
}
