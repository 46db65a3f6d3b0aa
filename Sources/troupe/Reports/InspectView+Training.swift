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

  private func described(group: String) -> String {
    file.recipe.fields.filter { $0.group == group }.map { field in
      let label = field.label.prefix(1).lowercased() + field.label.dropFirst()
      return safe(field.value == "yes" ? label : "\(label) \(field.value)")
    }.joined(separator: ", ")
  }

  /// What it was trained on: the folders, and the words that may call what is in them.
  var images: [String] {
    let folders = file.recipe.data.datasets
    var lines: [String] = []
    if !folders.isEmpty { lines = [style.bold("On what")] + table(of: folders) }
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

  private func table(of folders: [TrainingRecord.Folder]) -> [String] {
    let total = folders.reduce(0) { $0 + Double($1.exposure ?? 0) }
    var table = TextTable(
      [.left, .right, .right, .right, .right, .left],
      header: ["concept", "images", "repeats", "shown", "share", "most frequent tags"])
    for folder in folders {
      let name = folder.concept + (folder.isRegularisation ? " (reg)" : "")
      let share = folder.exposure.flatMap { total > 0 ? Double($0) / total : nil }
      table.add([
        TextTable.cut(safe(name), to: 20), folder.images.map { "\($0)" } ?? "–", "× \(folder.repeats)",
        folder.exposure.map(Numbers.grouped) ?? "–", Numbers.percent(share),
        safe(folder.topTags.prefix(6).map(\.tag).joined(separator: ", ")),
      ])
    }
    return table.lines(indent: 2, width: width, style: style)
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
