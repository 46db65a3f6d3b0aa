import SafeTensors

extension TrainingRecord {
  /// One folder of training images, which usually shows one character or one outfit.
  public struct Folder: Sendable, Codable, Equatable {
    /// The folder's name as stored, for example `16_smf girl`.
    public var name: String
    /// How often each image is shown per epoch.
    public var repeats: Int
    /// How many images it holds; nil when the trainer does not say.
    public var images: Int?
    /// Images shown per epoch: repeats × images.
    public var exposure: Int?
    /// Whether these are regularisation images.
    public var isRegularisation: Bool
    /// The caption of images that have none.
    public var classTokens: String?
    /// The folder's name without the repeats before it.
    public var concept: String
    /// What the folder's name gives as class tokens, in runs that take them from there.
    public var folderTokens: String?
    /// The most frequent tags, at most 20.
    public var topTags: [TagCount]
    /// How many captions there are; known only when some tag stands in as many captions as there are images.
    public var captions: Int?
    /// The text put before each caption.
    public var captionPrefix: String?
    /// The resolution of the data set it belongs to, in runs with several.
    public var resolution: PixelSize?
    /// The place of its data set in ``Dataset/sets``; nil where the run had no data-set configuration.
    public var dataSet: Int?
    /// The metadata file that holds its captions, where one does.
    public var metadataFile: String?
    /// What was done to its images and captions, where it is told for each folder.
    public var rules: FolderRules?

    private init(name: String, repeats: Int, images: Int?, isRegularisation: Bool, tags: [TagCount]) {
      self.name = name
      self.repeats = repeats
      self.images = images
      self.isRegularisation = isRegularisation
      exposure = images.map { $0.multiplyingCapped(repeats) }
      concept = Self.concept(of: name)
      topTags = Array(tags.prefix(20))
      if let images, images > 0, let most = tags.first?.count, most >= images { captions = images }
    }

    /// The name without a leading `<repeats>_`.
    static func concept(of name: String) -> String {
      let digits = name.prefix { $0.isASCII && $0.isNumber }
      let rest = name.dropFirst(digits.count)
      guard !digits.isEmpty, rest.first == "_" else { return name.trimmed }
      let concept = String(rest.dropFirst()).trimmed
      return concept.isEmpty ? name.trimmed : concept
    }

    /// The name before the ` (2)` that tells apart folders of one name.
    static func plainName(_ name: String) -> String {
      guard name.hasSuffix(")"), let open = name.ranges(of: " (").last else { return name }
      return Int(name[open.upperBound...].dropLast()) == nil ? name : String(name[..<open.lowerBound])
    }

    /// The folder's own name, without the ` (2)` of a second one.
    var plainName: String { dataSet == nil && folderTokens == nil ? Self.plainName(name) : name }

    /// All folders of a run: the subsets of its data sets, and the folders that only the summaries list.
    static func all(
      _ sets: [JSONValue], _ reader: inout MetadataReader, tags: [String: [TagCount]], total: Int?
    ) -> [Folder] {
      var folders: [Folder] = []
      for (index, set) in sets.filter({ $0.members != nil }).enumerated() {
        folders += subsets(of: set, at: index, tags: tags)
      }
      // Musubi counts the images of all folders together, which tells those of a single one.
      if folders.count == 1, folders[0].images == nil, let total, folders[0].repeats > 0,
        total % folders[0].repeats == 0
      {
        folders[0].images = total / folders[0].repeats
        folders[0].exposure = total
      }
      let known = Set(folders.map(\.name))
      for (key, isRegularisation) in [("ss_dataset_dirs", false), ("ss_reg_dataset_dirs", true)] {
        guard let document = reader.json(key) else { continue }
        guard let members = document.members else {
          reader.reject(key)
          continue
        }
        for member in members where !known.contains(plainName(member.name)) && !known.contains(member.name) {
          guard let repeats = member.value["n_repeats"]?.count, let images = member.value["img_count"]?.count
          else {
            reader.reject(key)
            continue
          }
          var folder = Folder(
            name: member.name, repeats: repeats, images: images, isRegularisation: isRegularisation,
            tags: tags[member.name] ?? [])
          // Without a configuration folders are named <repeats>_<class tokens>; metadata files have endings.
          if member.name.hasPrefix("\(repeats)_"), !reader.has("ss_datasets") {
            folder.folderTokens = String(member.name.dropFirst("\(repeats)_".count))
          } else if member.name.lowercased().hasSuffix(".json") {
            folder.metadataFile = member.name
          }
          folders.append(folder)
        }
      }
      folders += concepts(reader.json("ot_config")?["concepts"]?.elements ?? [])
      return folders.filter { !$0.isRegularisation } + folders.filter(\.isRegularisation)
    }

    private static func subsets(of set: JSONValue, at index: Int, tags: [String: [TagCount]]) -> [Folder] {
      let own = set["tag_frequency"]
      // Musubi's data sets are their own only subset.
      let subsets = set["subsets"]?.elements ?? (set["num_repeats"] == nil ? [] : [set])
      return subsets.compactMap { subset in
        let place = ["image_dir", "image_directory", "video_directory", "metadata_file", "image_jsonl_file"]
          .lazy.compactMap { subset[$0]?.filledText }.first
        guard let name = place?.lastPathComponent else { return nil }
        var folder = Folder(
          name: name, repeats: subset["num_repeats"]?.count ?? 1, images: subset["img_count"]?.count,
          isRegularisation: subset["is_reg"]?.bool ?? false,
          tags: own?[name].flatMap(TagCount.list) ?? tags[name] ?? [])
        folder.classTokens = subset["class_tokens"]?.filledText
        folder.captionPrefix = subset["caption_prefix"]?.filledText
        folder.resolution = PixelSize.read(set["resolution"])
        folder.dataSet = index
        folder.metadataFile = subset["metadata_file"]?.filledText?.lastPathComponent
        folder.rules = FolderRules(subset)
        return folder
      }
    }

    /// OneTrainer's concepts; they do not say how many images they hold.
    private static func concepts(_ concepts: [JSONValue]) -> [Folder] {
      concepts.compactMap { concept in
        guard concept["enabled"]?.bool != false,
          let name = concept["name"]?.filledText ?? concept["path"]?.filledText?.lastPathComponent
        else { return nil }
        let repeats = concept["balancing_strategy"]?.string == "REPEATS" ? concept["balancing"]?.number : nil
        return Folder(
          name: name,
          repeats: repeats.flatMap { Int(exactly: $0.rounded()) }.flatMap { $0 >= 0 ? $0 : nil } ?? 1,
          images: nil, isRegularisation: concept["type"]?.string == "PRIOR_PREDICTION", tags: [])
      }
    }
  }
}

extension TrainingRecord {
  /// How often images of the character folders were shown in all: images times repeats times epochs, regularisation
  /// images left out.
  ///
  /// Capped at the largest number there is: counts come from files and may be absurd.
  public var imagesShown: Int {
    let epochs = max(1, optimisation.epochReached ?? optimisation.epochs ?? 1)
    return data.datasets.filter { !$0.isRegularisation }.reduce(0) { $0.addingCapped($1.exposure ?? 0) }
      .multiplyingCapped(epochs)
  }
}
