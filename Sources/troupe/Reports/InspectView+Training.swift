import Adapters

extension InspectView {
  /// How it was trained.
  var training: [String] {
    let record = file.recipe
    let values = Dictionary(
      record.fields.map { ($0.id, safe($0.value)) }, uniquingKeysWith: { first, _ in first })
    var facts = FactList("How it was trained")
    facts.add(
      "Title",
      Self.joined([values["title"] ?? values["output_name"], values["author"].map { "by \($0)" }], " "))
    facts.add("Base", values["base_model"])
    if record.base.modelName != nil { facts.add("", safe(record.base.assessment.reason)) }
    facts.add("Prediction", values["prediction_type"])
    facts.add("Clip skip", values["clip_skip"])
    facts.add("Trainer", values["trainer"])
    facts.add("Merged from", values["merged_from"])
    facts.add("Network", network(values))
    facts.add("Length", length)
    facts.add("Learning rate", rates(values))
    facts.add(
      "Optimizer", Self.joined([values["optimizer"], values["optimizer_args"].map { "(\($0))" }], " "))
    facts.add("Scheduler", Self.joined([values["scheduler"], values["warmup"].map { "warm-up \($0)" }]))
    facts.add(
      "Precision", Self.joined([values["mixed_precision"], values["fp8_base"].map { _ in "base in FP8" }]))
    facts.add("Noise, loss", described(group: "Noise and loss"))
    facts.add("Captions", described(group: "Captions"))
    facts.add(
      "Resolution",
      Self.joined([values["resolution"], values["buckets"].map { "buckets: \($0)" }, values["bucket_range"]]))
    facts.add(
      "Saved",
      Self.joined(
        [
          values["finished"] ?? values["started"].map { "begun \($0)" },
          values["duration"].map { "after \($0)" },
        ], " "))
    facts.add("Comment", values["comment"])
    facts.add("Description", values["description"])
    facts.add("Also", described(Self.also))
    for field in record.furtherFields { facts.add(TextTable.cut(safe(field.label), to: 15), safe(further(field))) }
    facts.add("Read from", sources)
    return facts.lines(width: width, style: style)
  }

  private static func joined(_ pieces: [String?], _ separator: String = ", ") -> String {
    pieces.compactMap { $0 }.filter { !$0.isEmpty }.joined(separator: separator)
  }

  private func network(_ values: [String: String]) -> String {
    Self.joined([
      values["algorithm"] ?? values["network_module"], values["rank"].map { "rank \($0)" },
      values["alpha"].map { "alpha \($0)" },
      values["conv_rank"].map { "conv rank \($0)" }, values["conv_alpha"].map { "conv alpha \($0)" },
      values["dora"].map { _ in "DoRA" }, values["network_dropout"].map { "dropout \($0)" },
    ])
  }

  private var length: String {
    let o = file.recipe.optimisation
    func reached(_ done: Int?, _ planned: Int?, _ unit: String) -> String? {
      switch (done, planned) {
      case (let done?, let planned?) where done != planned:
        "\(Numbers.grouped(done)) of \(Numbers.grouped(planned)) \(unit)"
      case (let done?, _): "\(Numbers.grouped(done)) \(unit)"
      case (nil, let planned?): "\(Numbers.grouped(planned)) \(unit) planned"
      default: nil
      }
    }
    let accumulation = o.gradientAccumulation.flatMap { $0 > 1 ? " × \($0) accumulated" : nil } ?? ""
    return Self.joined([
      reached(o.steps, o.maxTrainSteps, "steps"), reached(o.epochReached, o.epochs, "epochs"),
      o.batchSize.map { "batch size \($0)\(accumulation)" },
    ])
  }

  /// The common rate, unless the networks' own say more.
  private func rates(_ values: [String: String]) -> String {
    let own = Self.joined([
      values["unet_lr"].map { "UNet \($0)" }, values["text_encoder_lr"].map { "text encoder \($0)" },
    ])
    return own.isEmpty ? values["learning_rate"] ?? "" : own
  }

  private func described(group: String) -> String { described { $0.group == group } }

  /// The fields that have no line of their own.
  private static func also(_ field: RecipeField) -> Bool {
    [
      "usage_hint", "tags", "date", "version", "license", "vae", "model_type", "max_tokens", "scale_weight_norms",
      "network_args", "batch_per_device", "max_grad_norm", "full_16_bit", "fp8_unet", "gradient_checkpointing",
      "cache_latents", "low_ram", "seed", "colour", "flip", "random_crop", "face_crop", "bucket_no_upscale", "resize",
      "validation_images", "validation_split", "validation_seed", "validation_every_epochs", "validation_every_steps",
      "validation_steps", "batches_per_epoch",
    ].contains(field.id)
  }

  private func described(_ wanted: (RecipeField) -> Bool) -> String {
    file.recipe.fields.filter(wanted).map { field in
      // Abbreviations keep their capitals.
      let isWord = field.label.dropFirst().first?.isLowercase ?? false
      let label = isWord ? field.label.prefix(1).lowercased() + field.label.dropFirst() : field.label
      return safe(field.value == "yes" ? label : "\(label) \(field.value)")
    }.joined(separator: ", ")
  }

  /// A setting that no field takes, with its key where its name is another.
  private func further(_ field: RecipeField) -> String {
    field.label == field.id && field.label.count <= 15 ? field.value : "\(field.value) (\(field.id))"
  }

  /// Where values come from, where it is not the metadata alone: what stands beside the file is named by its fields.
  private var sources: String {
    let fields = file.recipe.fields
    let names = Set(fields.map(\.source)).filter { !$0.hasPrefix("ss_") && !$0.hasPrefix("modelspec.") }
    let documents = ["ot_config", "training_info", "lora_adapter_metadata"].filter(names.contains)
    let beside = names.filter { $0.hasSuffix(".json") || $0.hasSuffix(".civitai.info") }.sorted()
    let told = beside.map { name in
      let labels = fields.filter { $0.source == name }.map { $0.label.prefix(1).lowercased() + $0.label.dropFirst() }
      return safe("\(name) beside the file (\(labels.joined(separator: ", ")))")
    }
    return (documents + told).joined(separator: "; ")
  }

  /// What stands in the files beside it.
  var notes: [String] {
    var facts = FactList("Beside the file")
    for field in file.recipe.notesFields { facts.add(TextTable.cut(field.label, to: 15), safe(field.value)) }
    return facts.lines(width: width, style: style)
  }

  /// What it was trained on: the folders, and the words that may call what is in them.
  var images: [String] {
    let folders = file.recipe.data.datasets
    var lines: [String] = []
    if let exposure = file.recipe.exposure {
      lines = [style.bold("On what")] + table(of: exposure)
    } else if !folders.isEmpty {
      lines = [style.bold("On what")] + table(of: folders)
    }
    let triggers = file.recipe.triggerCandidates.filter { $0.confidence >= 0.3 }.prefix(4)
    guard !triggers.isEmpty else { return lines }
    lines.append(lines.isEmpty ? style.bold("Likely trigger words") : "  Likely trigger words")
    for trigger in triggers {
      let folder = trigger.folder.map { " for \($0)" } ?? ""
      let text = "\(trigger.token)\(folder): \(trigger.evidence)"
      lines += TextWrap.lines(safe(text), width: width, indent: 4, hanging: 6)
    }
    return lines
  }

  /// Folders of which no images are counted.
  private func table(of folders: [TrainingRecord.Folder]) -> [String] {
    var table = TextTable([.left, .right, .left], header: ["character", "repeats", "most frequent tags"])
    for folder in folders {
      let name = folder.concept + (folder.isRegularisation ? " (reg)" : "")
      table.add([TextTable.cut(safe(name), to: 20), "× \(folder.repeats)", tags(of: [folder])])
    }
    return table.lines(indent: 2, width: width, style: style)
  }

  /// How often each character was shown; regularisation sets stand apart, with shares of their own.
  private func table(of exposure: TrainingRecord.Exposure) -> [String] {
    // Narrow terminals have no room for the repeats, which the other numbers imply.
    func fitted(_ cells: [String]) -> [String] {
      width < 72 ? cells.enumerated().filter { $0.offset != 2 }.map(\.element) : cells
    }
    var table = TextTable(
      [.left, .right, .right, .right, .right] + (width < 72 ? [.left] : [.right, .left]),
      header: fitted(["character", "images", "repeats", "an epoch", "share", "in all", "most frequent tags"]))
    let folders = file.recipe.data.datasets
    let room = width < 72 ? 12 : 18
    for (entries, isRegularisation) in [(exposure.characters, false), (exposure.regularisation, true)] {
      for entry in entries {
        let own = folders.filter { $0.isRegularisation == isRegularisation && $0.concept == entry.name }
        let repeats = Set(own.map(\.repeats))
        let called = entry.classTokens.flatMap { $0 == entry.name ? nil : "“\(safe($0))” " } ?? ""
        table.add(
          fitted([
            TextTable.cut(safe(entry.name) + (isRegularisation ? " (reg)" : ""), to: room), Self.count(entry.images),
            repeats.count == 1 ? "× \(Self.count(own[0].repeats))" : "", Self.count(entry.perEpoch),
            Numbers.percent(entry.share), entry.total.map(Self.count) ?? "–", called + tags(of: own),
          ]))
        guard own.count > 1 else { continue }
        for folder in own {
          table.add(
            fitted([
              "  " + TextTable.cut(safe(folder.name), to: room - 2), folder.images.map(Self.count) ?? "–",
              "× \(Self.count(folder.repeats))", folder.exposure.map(Self.count) ?? "–", "", "",
              folder.resolution.map { "at \($0.width)×\($0.height)" } ?? "",
            ]))
        }
      }
    }
    return table.lines(indent: 2, width: width, style: style)
  }

  /// A count that keeps its column narrow: records may hold any number.
  private static func count(_ count: Int) -> String { count < 100_000_000 ? Numbers.grouped(count) : "> 10⁸" }

  private func tags(of folders: [TrainingRecord.Folder]) -> String {
    guard folders.count == 1 else { return "\(folders.count) folders" }
    return safe(folders[0].topTags.prefix(6).map(\.tag).joined(separator: ", "))
  }

  /// All tags of every folder.
  var tags: [String] {
    let folders = file.recipe.tagFrequency.sorted { $0.key < $1.key }
    guard !folders.isEmpty else { return [style.bold("Tags"), "  none are recorded"] }
    return folders.flatMap { folder, tags in
      [style.bold("Tags of \(safe(folder))") + style.dim("  \(tags.count) different")]
        + TextWrap.lines(
          safe(tags.map { "\($0.tag) \($0.count)" }.joined(separator: ", ")), width: width, indent: 2)
    }
  }
}
