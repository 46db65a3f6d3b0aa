public import Images
internal import SafeTensors

/// The pictures of a configuration, found and measured, with their captions.
public struct DatasetPictures: Sendable, Hashable {
  /// One picture.
  public struct Picture: Sendable, Hashable {
    /// The file.
    public var path: String
    /// The size, upright.
    public var size: PixelSize
    /// The caption before any rule; several lines where the file has several; empty where there is none.
    public var caption: String
    /// Whether the caption was found, and not made of a class.
    public var hasCaption: Bool
    /// The subset, by number over the whole configuration.
    public var subset: Int
    /// The mask beside it, where its subset names a folder of them.
    public var mask: String?

    /// A picture of these parts.
    public init(
      path: String, size: PixelSize, caption: String, hasCaption: Bool = true, subset: Int, mask: String? = nil
    ) {
      (self.path, self.size, self.caption) = (path, size, caption)
      (self.hasCaption, self.subset, self.mask) = (hasCaption, subset, mask)
    }
  }

  /// Why pictures cannot be had.
  public struct Refusal: Error, Sendable, Hashable, CustomStringConvertible {
    /// The sentence.
    public var description: String

    /// A refusal for this reason.
    public init(description: String) { self.description = description }
  }

  /// The pictures, in the order of the configuration and by name within a subset.
  public var pictures: [Picture]

  /// These pictures.
  public init(pictures: [Picture]) { self.pictures = pictures }

  /// The size of every picture.
  public var sizes: [PixelSize] { pictures.map(\.size) }

  /// The numbers of a subset's pictures.
  public func numbers(of subset: Int) -> [Int] { pictures.indices.filter { pictures[$0].subset == subset } }

  /// Pictures to measure with instead of training on them: a share of each subset, rounded down, and never all of it.
  ///
  /// Which they are depends on the seed alone, so that a longer or resumed run holds out the same.
  /// - Parameters:
  ///   - subsets: the subsets that give some up, by number.
  ///   - share: the share, 0 to 1.
  ///   - seed: the seed.
  public func heldOut(of subsets: Range<Int>, share: Double, seed: UInt64) -> Set<Int> {
    var result: Set<Int> = []
    for subset in subsets {
      var numbers = numbers(of: subset)
      var random = CounterRandom(seed: seed, 0x484F_4C44, UInt64(subset))
      random.shuffle(&numbers)
      result.formUnion(numbers.prefix(max(0, min(numbers.count - 1, Int(Double(numbers.count) * share)))))
    }
    return result
  }

  /// How a picture's size is found: by its header, unless told.
  public typealias Measure = (_ path: String) throws -> PixelSize

  /// A picture's size by its header, upright.
  /// - Throws: `ImageError`.
  public static func header(_ path: String) throws(ImageError) -> PixelSize {
    let info = try PictureInfo(contentsOf: path)
    return PixelSize(info.width, info.height)
  }
}

extension CastConfiguration {
  /// Every subset in the order in which ``DatasetPictures`` numbers them: characters', groups', regularisation sets'.
  public var subsets: [Subset] {
    characters.flatMap(\.subsets) + groups.flatMap(\.subsets) + regularization.flatMap(\.subsets)
  }

  /// Finds and measures all pictures.
  ///
  /// A picture without a caption has its character's class; the trigger is put before it later.
  /// - Throws: ``DatasetPictures/Refusal`` for folders without pictures and for bad captions; what `measure` throws.
  public func pictures(measure: DatasetPictures.Measure = DatasetPictures.header) throws -> DatasetPictures {
    let classes =
      characters.flatMap { character in character.subsets.map { _ in character.className } }
      + groups.flatMap { group in group.subsets.map { _ in triggers(of: group) } }
      + regularization.flatMap { set in set.subsets.map { _ in set.className } }
    var result: [DatasetPictures.Picture] = []
    for (number, (subset, fallback)) in zip(subsets, classes).enumerated() {
      let folder = path(of: subset.images)
      let paths = try DatasetPictures.paths(in: folder, named: "images")
      let endings = subset.pictures.captionEnding.map { [$0] } ?? [".txt", ".caption"]
      for path in paths {
        let caption = try PictureFolder.caption(of: path, endings: endings)
        result.append(
          .init(
            path: path, size: try measure(path), caption: caption ?? fallback, hasCaption: caption != nil,
            subset: number))
      }
    }
    return DatasetPictures(pictures: result)
  }

  private func triggers(of group: Group) -> String {
    characters.filter { group.characters.contains($0.name) }.map(\.trigger).joined(separator: ", ")
  }
}

extension DatasetPictures {
  /// The pictures of a folder, or the one picture that a path leads to.
  static func paths(in folder: String, named key: String) throws(Refusal) -> [String] {
    let lower = folder.lowercased()
    if !FolderContents.isFolder(folder), PictureFolder.endings.contains(where: { lower.hasSuffix($0) }) {
      return [folder]
    }
    let paths: [String]
    do { paths = try PictureFolder.pictures(in: folder) } catch {
      throw Refusal(description: "there is no folder \(folder); check \(key)")
    }
    guard !paths.isEmpty else {
      throw Refusal(
        description:
          "the folder \(folder) holds no picture (\(PictureFolder.endings.joined(separator: ", "))); check \(key)")
    }
    return paths
  }
}
