internal import SafeTensors

extension TrainedDataset {
  /// Everything that sd-scripts writes of pictures.
  ///
  /// What its runs without a dataset configuration keep at the top stands there too where all blocks agree, because
  /// programs look for it there.
  func entries(accumulation: Int) -> [String: String] {
    let folders = blocks.flatMap(\.folders)
    var result = [
      "ss_num_train_images": "\(blocks.reduce(0) { $0 + $1.trainingImages })",
      "ss_num_reg_images": "\(blocks.reduce(0) { $0 + $1.regularizationImages })",
      "ss_num_validation_images": "\(validationImages)",
      "ss_num_batches_per_epoch": "\(batchesPerEpoch)",
      "ss_datasets": JSONValue.array(blocks.map(\.json)).text,
      "ss_tag_frequency": Self.object(folders) { $0.tagsJSON }.text,
      "ss_dataset_dirs": Self.object(folders.filter { !$0.isRegularization }) { $0.countsJSON }.text,
      "ss_reg_dataset_dirs": Self.object(folders.filter(\.isRegularization)) { $0.countsJSON }.text,
    ]
    func add<Value: Hashable>(_ key: String, _ values: [Value], _ text: (Value) -> String) {
      guard let first = values.first, Set(values).count == 1 else { return }
      result[key] = text(first)
    }
    add("ss_batch_size_per_device", blocks.map(\.batch)) { "\($0)" }
    add("ss_total_batch_size", blocks.map(\.batch)) { "\($0)" }
    add("ss_resolution", blocks.map(\.rule.resolution)) { "(\($0.width), \($0.height))" }
    add("ss_enable_bucket", blocks.map(\.hasBuckets), PythonText.flag)
    add("ss_bucket_no_upscale", blocks.map(\.rule.enlarges)) { PythonText.flag(!$0) }
    add("ss_min_bucket_reso", blocks.map { $0.hasBuckets ? $0.rule.shortest : nil }, PythonText.whole)
    add("ss_max_bucket_reso", blocks.map { $0.hasBuckets ? $0.rule.longest : nil }, PythonText.whole)
    if blocks.count == 1 { result["ss_bucket_info"] = blocks[0].bucketsJSON.text }
    add("ss_shuffle_caption", folders.map(\.captions.shuffles), PythonText.flag)
    add("ss_keep_tokens", folders.map(\.captions.keptTags)) { "\($0)" }
    add("ss_caption_dropout_rate", folders.map(\.captions.dropout)) { "\($0)" }
    add("ss_caption_dropout_every_n_epochs", folders.map(\.captions.dropoutEpochs)) { "\($0)" }
    add("ss_caption_tag_dropout_rate", folders.map(\.captions.tagDropout)) { "\($0)" }
    add("ss_flip_aug", folders.map(\.flips), PythonText.flag)
    add("ss_color_aug", folders.map(\.changesColours), PythonText.flag)
    add("ss_random_crop", folders.map(\.cropsAtRandom), PythonText.flag)
    return result
  }

  /// An object with a value for each folder, the first of those that stand in several blocks.
  private static func object(_ folders: [Folder], _ value: (Folder) -> JSONValue) -> JSONValue {
    var seen: Set<String> = []
    return .object(
      folders.filter { seen.insert($0.name).inserted }.map { .init(name: $0.name, value: value($0)) })
  }
}

extension TrainedDataset.Block {
  fileprivate var json: JSONValue {
    .object([
      "is_dreambooth": .bool(!folders.contains { $0.metadata != nil }), "batch_size_per_device": .whole(batch),
      "num_train_images": .whole(trainingImages), "num_reg_images": .whole(regularizationImages),
      "resolution": rule.resolution.json, "enable_bucket": .bool(hasBuckets),
      "min_bucket_reso": hasBuckets ? .whole(rule.shortest) : .null,
      "max_bucket_reso": hasBuckets ? .whole(rule.longest) : .null,
      "bucket_reso_steps": hasBuckets ? .whole(rule.step) : .null, "bucket_no_upscale": .bool(!rule.enlarges),
      "tag_frequency": .object(folders.map { .init(name: $0.name, value: $0.tagsJSON) }),
      "bucket_info": bucketsJSON, "subsets": .array(folders.map(\.json)),
    ])
  }

  fileprivate var bucketsJSON: JSONValue {
    let sorted = buckets.sorted { $0.key < $1.key }.enumerated().map { index, bucket in
      JSONValue.Member(
        name: "\(index)", value: .object(["resolution": bucket.key.json, "count": .whole(bucket.value)]))
    }
    return .object(["buckets": .object(sorted), "mean_img_ar_error": .double(ratioError)])
  }
}

extension TrainedDataset.Folder {
  fileprivate var json: JSONValue {
    func text(_ text: String?) -> JSONValue { text.map { .string($0) } ?? .null }
    var members: [(String, JSONValue)] = [
      ("img_count", .whole(images)), ("num_repeats", .whole(repeats)), ("color_aug", .bool(changesColours)),
      ("flip_aug", .bool(flips)), ("random_crop", .bool(cropsAtRandom)),
      ("shuffle_caption", .bool(captions.shuffles)), ("keep_tokens", .whole(captions.keptTags)),
      ("keep_tokens_separator", text(captions.keptTagsSeparator)),
      ("secondary_separator", text(captions.secondarySeparator)),
      ("enable_wildcard", .bool(captions.expandsWildcards)), ("caption_prefix", text(captions.prefix)),
      ("caption_suffix", text(captions.suffix)), ("caption_dropout_rate", .double(captions.dropout)),
      ("caption_tag_dropout_rate", .double(captions.tagDropout)), ("image_dir", .string(name)),
    ]
    if let metadata {
      members.append(("metadata_file", .string(metadata)))
    } else {
      members += [("class_tokens", text(classTokens)), ("is_reg", .bool(isRegularization))]
    }
    return .object(members.map { .init(name: $0.0, value: $0.1) })
  }

  /// Most frequent first, then by name.
  fileprivate var tagsJSON: JSONValue {
    .object(
      tags.sorted { $0.value != $1.value ? $0.value > $1.value : $0.key < $1.key }
        .map { .init(name: $0.key, value: .whole($0.value)) })
  }

  fileprivate var countsJSON: JSONValue { .object(["n_repeats": .whole(repeats), "img_count": .whole(images)]) }
}

extension PixelSize {
  fileprivate var json: JSONValue { .array([.whole(width), .whole(height)]) }
}
