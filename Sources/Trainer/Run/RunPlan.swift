internal import Diffusion

/// What a run trains on and in which order, made of either kind of configuration; nothing of it needs a model.
public struct RunPlan: Sendable {
  /// Whose pictures a subset holds.
  public enum Owner: Sendable, Hashable {
    /// One character's, by number.
    case character(Int)
    /// Several characters', by number.
    case group([Int])
    /// A regularisation set's, by number.
    case regularization(Int)
  }

  /// What is known of a subset.
  public struct Subset: Sendable, Hashable {
    /// The folder.
    public var folder: String
    /// Whose pictures it holds.
    public var owner: Owner
    /// What is done to its captions.
    public var captions: CaptionRule
    /// What is done to its pictures.
    public var images: ImageRule
    /// How often each picture is used in an epoch of sd-scripts; 1 in a cast.
    public var repeats: Int
  }

  /// One of the cast.
  public struct Member: Sendable, Hashable {
    /// The name, for people.
    public var name: String
    /// What calls it.
    public var word: TriggerWord
  }

  /// Model, network, training, losses, previews and output.
  public let cast: CastConfiguration
  /// sd-scripts' configuration, where the pictures come from one.
  public let dataset: DatasetConfiguration?
  /// All pictures.
  public let pictures: DatasetPictures
  /// Pictures that are measured with instead of trained on.
  public let heldOut: Set<Int>
  /// Every subset, by number.
  public let subsets: [Subset]
  /// The cast; with sd-scripts' configuration its training subsets.
  public let members: [Member]
  /// What regularisation sets are held to, by number.
  public let targets: [TrainingSample.Target]
  /// Where the steps come from, at the run's beginning.
  public let steps: StepSource
  /// What a person should know before the run begins; whole sentences.
  public let notes: [String]

  /// The plan of a cast.
  /// - Parameters:
  ///   - pictures: what ``CastConfiguration/pictures(measure:)`` gave, with those that were generated after them.
  ///   - generated: the numbers of pictures made for each regularisation set, by its place.
  ///   - processes: how many processes share each batch.
  /// - Throws: ``BucketRule/Refusal``, ``OptimisationError``.
  public init(
    _ cast: CastConfiguration, pictures: DatasetPictures, generated: [Int: [Int]] = [:], processes: Int = 1
  ) throws {
    self.cast = cast
    self.pictures = pictures
    dataset = nil
    let numbers = Dictionary(
      cast.characters.enumerated().map { ($1.name, $0) }, uniquingKeysWith: { first, _ in first })
    var subsets: [Subset] = []
    func add(_ members: [CastConfiguration.Subset], _ owner: Owner) {
      for member in members {
        subsets.append(
          Subset(
            folder: member.images, owner: owner, captions: member.captions, images: member.pictures,
            repeats: max(1, Int(member.share.rounded()))))
      }
    }
    for (number, character) in cast.characters.enumerated() { add(character.subsets, .character(number)) }
    let own = subsets.count
    for group in cast.groups { add(group.subsets, .group(group.characters.compactMap { numbers[$0] })) }
    for (number, set) in cast.regularization.enumerated() { add(set.subsets, .regularization(number)) }
    // Generated pictures stand in subsets after all others, one for each set that has them.
    for number in generated.keys.sorted() {
      subsets.append(
        Subset(
          folder: "generated", owner: .regularization(number), captions: CaptionRule(), images: cast.images, repeats: 1)
      )
    }
    self.subsets = subsets
    members = cast.characters.map { Member(name: $0.name, word: $0.triggerWord) }
    targets = cast.regularization.map { $0.target == .base ? .base : .picture }
    heldOut =
      cast.training.validation > 0
      ? pictures.heldOut(of: 0..<own, share: cast.training.validation, seed: UInt64(cast.training.seed)) : []
    notes = Self.notes(cast, heldOut: heldOut)
    try Self.checkMasks(subsets)
    switch cast.training.matching {
    case .cast:
      var plan = try CastPlan(cast, pictures: pictures, heldOut: heldOut, generated: generated)
      plan.batch *= processes
      steps = .cast(CastSampler(plan))
    case .kohya:
      steps = .kohya(try Self.kohya(cast, subsets, pictures, heldOut, processes: processes))
    }
  }

  private static func notes(_ cast: CastConfiguration, heldOut: Set<Int>) -> [String] {
    var notes: [String] = []
    if cast.training.validation > 0, heldOut.isEmpty {
      notes.append("No subset has enough pictures to hold any out: there will be no held-out losses.")
    }
    if cast.training.patience != nil, heldOut.isEmpty {
      notes.append("Without held-out pictures no character stops early; patience does nothing.")
    }
    if cast.training.matching == .kohya,
      cast.regularization.contains(where: { $0.subsets.isEmpty && $0.generated == nil })
    {
      notes.append(
        "matching = \"kohya\" draws pictures of folders alone: regularization sets without images do nothing.")
    }
    if cast.training.matching == .kohya,
      cast.characters.contains(where: { $0.weight != 1 }) || cast.groups.contains(where: { $0.weight != 1 })
        || cast.regularization.contains(where: { $0.weight != nil || $0.ratio != 1 || !$0.pairsWith.isEmpty })
    {
      notes.append(
        "matching = \"kohya\" knows shares, as repeats, and prior_weight alone: weight, ratio and pairs_with do nothing."
      )
    }
    if cast.network.mode == .shared, cast.network.summed > 0 {
      notes.append("One shared LoRA is never summed with others of its cast: summed does nothing.")
    }
    if cast.network.mode == .shared, cast.losses.orthogonality > 0 {
      notes.append("One shared LoRA has no directions to keep apart: orthogonality does nothing.")
    }
    if cast.losses.attention > 0, cast.training.composites == 0,
      !cast.characters.contains(where: { $0.subsets.contains { $0.pictures.masks } })
    {
      notes.append(
        "No subset has mask = true and there are no composites, so that the attention loss has nothing to look at.")
    }
    return notes
  }

  /// Refuses pictures that no bucket takes; sd-scripts' batches leave them out instead.
  /// - Throws: ``OptimisationError`` naming the first.
  public func checkSizes() throws(OptimisationError) {
    guard case .cast(let sampler) = steps else { return }
    let rules = sampler.plan.buckets.rules
    for picture in pictures.pictures where rules.contains(where: { $0.placement(of: picture.size) == nil }) {
      throw OptimisationError(
        "\(picture.path): is too small (\(picture.size)) for any bucket; leave it out, or set enlarge = true")
    }
  }

  /// The area of masks is one choice for the whole run, since losses of a batch are computed at once.
  private static func checkMasks(_ subsets: [Subset]) throws(OptimisationError) {
    let masked = subsets.filter(\.images.masks)
    guard Set(masked.map(\.images.normalisesMasks)).count <= 1 else {
      throw OptimisationError(
        "normalize_mask is true for some subsets and false for others; write it once, under [images]")
    }
  }

  /// sd-scripts' steps for a cast: one block, shares as repeats, regularisation pooled.
  private static func kohya(
    _ cast: CastConfiguration, _ subsets: [Subset], _ pictures: DatasetPictures, _ heldOut: Set<Int>, processes: Int
  ) throws -> KohyaSampler {
    guard cast.training.resolutions.count == 1 else {
      throw OptimisationError("matching = \"kohya\" has one resolution, \(cast.training.resolutions.count) are given")
    }
    let members = pictures.pictures.indices.filter { !heldOut.contains($0) }.map { number in
      let subset = subsets[pictures.pictures[number].subset]
      var isRegularization = false
      if case .regularization = subset.owner { isRegularization = true }
      return KohyaSampler.Block.Picture(
        picture: number, subset: pictures.pictures[number].subset, repeats: subset.repeats,
        isRegularization: isRegularization)
    }
    let rule = try cast.training.buckets().rules[0]
    let block = KohyaSampler.Block(
      pictures: members, rule: rule, batch: cast.training.batch * processes, priorWeight: cast.losses.priorWeight)
    return KohyaSampler(
      blocks: [block], sizes: pictures.sizes, accumulation: cast.training.accumulation, seed: cast.training.seed)
  }

  // MARK: - sd-scripts' configuration

  /// The plan of a dataset configuration; everything else is the cast's, which has no characters.
  /// - Throws: ``BucketRule/Refusal``; ``OptimisationError`` for what is not done here.
  public init(
    _ cast: CastConfiguration, dataset: DatasetConfiguration, pictures: DatasetPictures, processes: Int = 1
  ) throws {
    self.cast = cast
    self.dataset = dataset
    self.pictures = pictures
    heldOut = []
    try Self.check(dataset, cast)
    var subsets: [Subset] = []
    var members: [Member] = []
    for (number, subset) in dataset.subsets.enumerated() {
      let folder = subset.images.isEmpty ? subset.metadata ?? "" : subset.images
      let name = folder.split(separator: "/").last.map(String.init) ?? "subset \(number + 1)"
      subsets.append(
        Subset(
          folder: folder, owner: subset.isRegularization ? .regularization(number) : .character(number),
          captions: subset.captions, images: subset.imageRule, repeats: subset.repeats))
      members.append(Member(name: name, word: TriggerWord(trigger: subset.classTokens ?? "", className: "")))
    }
    self.subsets = subsets
    self.members = members
    targets = subsets.map { _ in .picture }
    var notes: [String] = []
    if let named = dataset.subsets.first(where: { $0.interpolation != nil && $0.interpolation != "lanczos" }) {
      notes.append(
        "resize_interpolation = \"\(named.interpolation ?? "")\" is not used: pictures are resized by Lanczos.")
    }
    if cast.training.validation > 0 {
      notes.append("[training] validation does nothing here: pictures of sd-scripts' configurations are not held out.")
    }
    for folder in dataset.ignored { notes.append("\(folder) is left out: its name does not begin with repeats.") }
    self.notes = notes
    var blocks = try dataset.blocks(pictures)
    for index in blocks.indices { blocks[index].batch *= processes }
    steps = .kohya(
      KohyaSampler(
        blocks: blocks, sizes: pictures.sizes, accumulation: cast.training.accumulation, seed: cast.training.seed))
  }

  private static func check(_ dataset: DatasetConfiguration, _ cast: CastConfiguration) throws(OptimisationError) {
    func refuse(_ key: String, _ instead: String) -> OptimisationError {
      OptimisationError("\(dataset.file): \(key) is not done here; \(instead)")
    }
    if dataset.subsets.contains(where: \.changesColours) { throw refuse("color_aug", "leave it out") }
    if dataset.subsets.contains(where: { $0.faceCrop != nil }) {
      throw refuse("face_crop_aug_range", "crop the pictures themselves, or use random_crop")
    }
    if dataset.datasets.contains(where: { $0.networkMultiplier != 1 }) {
      throw refuse("network_multiplier other than 1", "leave it out, and set strengths when the LoRA is used")
    }
    if dataset.datasets.contains(where: { $0.validationSplit > 0 }) {
      throw refuse("validation_split", "write a cast with [training] validation, which measures each character")
    }
    if cast.network.mode == .separate {
      throw OptimisationError(
        "mode = \"separate\" needs characters; sd-scripts' configurations have none, write a cast")
    }
  }
}
