internal import SafeTensors

extension DatasetConfiguration {
  /// Every subset in the order in which ``DatasetPictures`` numbers them.
  public var subsets: [Subset] { datasets.flatMap(\.subsets) }

  /// Finds and measures all pictures, with captions as sd-scripts reads them.
  ///
  /// Unlike there, a subset without pictures is refused instead of left out.
  /// - Throws: ``DatasetPictures/Refusal``; what `measure` throws.
  public func pictures(measure: DatasetPictures.Measure = DatasetPictures.header) throws -> DatasetPictures {
    var result: [DatasetPictures.Picture] = []
    for (number, subset) in subsets.enumerated() where subset.repeats > 0 {
      if let metadata = subset.metadata {
        result += try KohyaMetadata(path: metadata).pictures(of: subset, number: number, measure: measure)
      } else {
        result += try Self.pictures(of: subset, number: number, measure: measure)
      }
    }
    return DatasetPictures(pictures: result)
  }

  private static func pictures(
    of subset: Subset, number: Int, measure: DatasetPictures.Measure
  ) throws -> [DatasetPictures.Picture] {
    var result: [DatasetPictures.Picture] = []
    for path in try DatasetPictures.paths(in: subset.images, named: "image_dir") {
      let caption = try caption(of: path, subset: subset)
      var mask: String?
      if let folder = subset.masks {
        let name = path.split(separator: "/").last.map(String.init) ?? path
        let stem = name.prefix(upTo: name.lastIndex(of: ".") ?? name.endIndex)
        let found = try PictureFolder.pictures(in: folder).first { $0.hasPrefix("\(folder)/\(stem).") }
        guard let found else {
          throw DatasetPictures.Refusal(description: "\(folder) holds no mask for \(name); add one of the same name")
        }
        mask = found
      }
      result.append(
        .init(
          path: path, size: try measure(path), caption: caption ?? subset.classTokens ?? "", hasCaption: caption != nil,
          subset: number, mask: mask))
    }
    return result
  }

  /// The caption beside a picture, or beside the name without the four numbers that sd-scripts' face detection adds.
  private static func caption(of path: String, subset: Subset) throws(PictureFolder.Refusal) -> String? {
    var found = try PictureFolder.caption(of: path, endings: [subset.captionEnding])
    let parts = path.prefix(upTo: path.lastIndex(of: ".") ?? path.endIndex).split(
      separator: "_", omittingEmptySubsequences: false)
    if found == nil, parts.count >= 5 {
      found = try PictureFolder.caption(
        of: parts.dropLast(4).joined(separator: "_") + ".", endings: [subset.captionEnding])
    }
    return subset.captions.expandsWildcards ? found : found.map { $0.pieces(by: "\n")[0] }
  }

  /// The blocks of sd-scripts' batches.
  ///
  /// - Parameter pictures: what ``pictures(measure:)`` gave.
  /// - Throws: ``BucketRule/Refusal``.
  public func blocks(_ pictures: DatasetPictures) throws(BucketRule.Refusal) -> [KohyaSampler.Block] {
    var number = 0
    var blocks: [KohyaSampler.Block] = []
    for dataset in datasets {
      var members: [KohyaSampler.Block.Picture] = []
      for subset in dataset.subsets {
        members += pictures.numbers(of: number).map {
          .init(
            picture: $0, subset: number, repeats: subset.repeats, isRegularization: subset.isRegularization)
        }
        number += 1
      }
      blocks.append(
        .init(pictures: members, rule: try dataset.rule(), batch: dataset.batch, priorWeight: dataset.priorWeight))
    }
    return blocks
  }
}
