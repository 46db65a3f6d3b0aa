import SafeTensors

extension RunWriter {
  /// The data-set configuration.
  func dataset() throws(AdapterError) -> ConfigurationText {
    let data = record.data
    guard !data.datasets.isEmpty else {
      throw missing(
        "its record names no folder of images, so there is no data set to write; --as-config training writes the rest")
    }
    var text = heading("The images")
    let folders = data.datasets.filter { data.sets.isEmpty || $0.dataSet != nil }
    if folders.contains(where: { $0.metadataFile == nil }) {
      text.toFillIn(
        "Records keep the last part of a path alone: put the folders' paths before the names behind image_dir, with "
          + "the captions in them.")
    }
    if folders.contains(where: { $0.metadataFile != nil }) {
      text.toFillIn("Records keep the last part of a path alone: put the paths before the names behind metadata_file.")
    }
    general(&text)
    if data.sets.isEmpty {
      block(&text, topLevel, folders)
    } else {
      for (index, set) in data.sets.enumerated() {
        let own = folders.filter { $0.dataSet == index }
        if own.isEmpty {
          text.toFillIn("Data set \(index + 1) of the run names no folder, so it is left out.")
        } else {
          block(&text, set, own)
        }
      }
    }
    return text
  }

  /// The data set of a run without a data-set configuration.
  private var topLevel: TrainingRecord.DataSet {
    let (data, o) = (record.data, record.optimisation)
    var set = TrainingRecord.DataSet(.null)
    set.resolution = data.resolutions.first
    set.batchSize = o.batchSizePerDevice ?? o.batchSize
    (set.bucketsEnabled, set.bucketNoUpscale) = (data.bucketsEnabled, data.bucketNoUpscale)
    (set.minBucketSide, set.maxBucketSide) = (data.minBucketSide, data.maxBucketSide)
    return set
  }

  /// What holds for all folders.
  private func general(_ text: inout ConfigurationText) {
    let (captions, data) = (record.captions, record.data)
    let tellsEachFolder = data.datasets.contains { $0.rules?.shuffle != nil }
    text.table("[general]")
    if !tellsEachFolder {
      text.add("shuffle_caption", captions.shuffle)
      text.add("keep_tokens", captions.keepTokens)
      text.add("flip_aug", data.flipAugmentation)
      text.add("color_aug", data.colourAugmentation)
      text.add("random_crop", data.randomCrop)
    }
    text.add("caption_dropout_rate", captions.captionDropoutRate)
    text.add("caption_dropout_every_n_epochs", captions.captionDropoutEveryNEpochs)
    text.add("caption_tag_dropout_rate", captions.tagDropoutRate)
    if data.faceCropRange.count == 2 {
      text.add("face_crop_aug_range", .list(data.faceCropRange.map { .number($0) }))
    }
    text.add("resize_interpolation", data.resizeInterpolation)
    text.add("validation_split", data.validationSplit)
    text.add("validation_seed", data.validationSeed)
    let endings = Set(data.sets.compactMap(\.captionExtension))
    if endings.isEmpty {
      text.toFillIn("The ending of caption files is not recorded: sd-scripts takes .caption where none is given.")
      text.comment("caption_extension = \".txt\"")
    }
    text.toFillIn(
      "Not recorded either: caption_separator, alpha_mask, token_warmup_min and token_warmup_step"
        + (data.sets.contains { $0.bucketStep != nil } ? "." : ", bucket_reso_steps."))
  }

  private func block(
    _ text: inout ConfigurationText, _ set: TrainingRecord.DataSet, _ folders: [TrainingRecord.Folder]
  ) {
    text.table("[[datasets]]")
    if let size = set.resolution {
      text.add("resolution", .list([.whole(size.width), .whole(size.height)]))
    } else {
      text.toFillIn("The resolution is not recorded: write it here.")
      text.comment("resolution = 1024")
    }
    text.add("batch_size", set.batchSize)
    text.add("enable_bucket", set.bucketsEnabled)
    text.add("min_bucket_reso", set.minBucketSide)
    text.add("max_bucket_reso", set.maxBucketSide)
    text.add("bucket_reso_steps", set.bucketStep)
    text.add("bucket_no_upscale", set.bucketNoUpscale)
    if set.resizeInterpolation != record.data.resizeInterpolation {
      text.add("resize_interpolation", set.resizeInterpolation)
    }
    text.add("caption_extension", set.captionExtension)
    for folder in folders { subset(&text, folder) }
  }

  private func subset(_ text: inout ConfigurationText, _ folder: TrainingRecord.Folder) {
    text.table("[[datasets.subsets]]")
    if let images = folder.images {
      text.comment("\(images) image\(images == 1 ? "" : "s")\(folder.isRegularisation ? " of regularisation" : "")")
    }
    if let file = folder.metadataFile {
      text.add("metadata_file", file)
      if folder.name != file { text.add("image_dir", folder.name) }
    } else {
      text.add("image_dir", folder.plainName)
      text.add("class_tokens", folder.tokens)
      if folder.isRegularisation { text.add("is_reg", true) }
    }
    text.add("num_repeats", folder.repeats)
    guard let rules = folder.rules else { return }
    text.add("shuffle_caption", rules.shuffle)
    text.add("keep_tokens", rules.keepTokens)
    text.add("keep_tokens_separator", rules.keepTokensSeparator)
    text.add("secondary_separator", rules.secondarySeparator)
    text.add("enable_wildcard", rules.wildcards)
    text.add("caption_prefix", rules.captionPrefix)
    text.add("caption_suffix", rules.captionSuffix)
    text.add("flip_aug", rules.flipAugmentation)
    text.add("color_aug", rules.colourAugmentation)
    text.add("random_crop", rules.randomCrop)
    text.add("resize_interpolation", rules.resizeInterpolation)
    if let control = rules.controlFolder {
      text.toFillIn("Its control images were in “\(control)”, for which sd-scripts has no key.")
    }
  }
}
