import SafeTensors

extension InspectionSubject {
  /// What kind of adapter it is, and what of it can be used.
  var contents: [InspectionWarning] {
    [architectureWarning, unmatchedWarning, doubledWarning, needsBaseWarning, configurationWarning].compactMap { $0 }
  }

  private var architectureWarning: InspectionWarning? {
    guard adapter?.architecture == .unknown else { return nil }
    return .init(
      .unknownArchitecture,
      "Neither the layers nor the metadata tell which base model this is for; ask where it came from before "
        + "blending it."
    )
  }

  private var unmatchedWarning: InspectionWarning? {
    guard let adapter, let first = adapter.unmatched.first else { return nil }
    let count = adapter.unmatched.count
    let reasons = Set(adapter.unmatched.map(\.reason))
    let reason = reasons.count == 1 ? first.reason : "\(reasons.count) different reasons, see --modules"
    let consequence =
      adapter.modules.isEmpty
      ? "so its weights can be named and hashed here, but not measured or merged"
      : "so they are left out of every measurement and merge"
    return .init(
      .unmatchedKeys,
      "\(count) of \(file.header.tensors.count) keys belong to no layer this version knows "
        + "(“\(first.key.shortened(to: 60))”: "
        + "\(reason)), \(consequence).")
  }

  private var doubledWarning: InspectionWarning? {
    guard let stems = adapter?.doubledStems, let first = stems.first else { return nil }
    return .init(
      .doubledPrefix,
      "The prefix of \(stems.count.of("layer")) stands twice (“\(first.shortened(to: 60))”), as some converters write it: "
        + "Troupe reads them, most UIs skip them in silence; troupe convert writes the usual names.")
  }

  private var needsBaseWarning: InspectionWarning? {
    let needing = adapter?.needingBase ?? []
    guard let first = needing.first else { return nil }
    let labels = Set(needing.map(\.variant.label)).sorted().joined(separator: ", ")
    return .init(
      .needsBase,
      "\(needing.count.of("layer")) of \(modules.count) \(needing.count == 1 ? "is" : "are") \(labels), "
        + "which needs the base model to know "
        + "its change (for example \(first.path)): no strength is shown for "
        + "\(needing.count == 1 ? "it" : "them") without --base."
    )
  }

  private var configurationWarning: InspectionWarning? {
    (adapter?.configurationProblem ?? sidecarProblem.map { "adapter_config.json beside the file \($0)" }).map {
      .init(.configuration, "The adapter's configuration cannot be used, so alphas or rotations may be wrong: \($0).")
    }
  }

  /// Where the metadata say one thing and the tensors another.
  var contradictions: [InspectionWarning] {
    [baseVersion, networkModule].compactMap { $0 }
  }

  private var baseVersion: InspectionWarning? {
    guard let adapter, adapter.architecture != .unknown else { return nil }
    let stated = file.header.metadata.filter {
      ["ss_base_model_version", "modelspec.architecture", "ss_v2"].contains($0.key)
    }
    if let named = Architecture.named(in: stated), named != adapter.architecture {
      return .init(
        .baseVersion,
        "The metadata call the base model “\((record.base.version ?? named.label).shortened(to: 60))”, but "
          + "the layers are those "
          + "of \(adapter.architecture.label); the layers are right.")
    }
    // A checkpoint's name or checksum, where it is that of a published model.
    let base = record.base.assessment
    // A name of a few letters may be anybody's.
    let isTelling =
      base.reason.hasPrefix("Its checksum")
      || (record.base.modelName ?? "").withoutModelExtension.lettersAndDigits.count > 4
    guard isTelling, base.kind == .foundation, let foundation = base.foundation,
      let family = FoundationModel.all.first(where: { $0.label == foundation })?.family, family != adapter.architecture
    else { return nil }
    return .init(
      .baseVersion,
      "The metadata say that it was trained on “\((record.base.modelName ?? foundation).shortened(to: 60))” "
        + "(\(foundation)), but the layers are those of \(adapter.architecture.label); the layers are right.")
  }

  private var networkModule: InspectionWarning? {
    guard !modules.isEmpty, let algo = record.network.algo else { return nil }
    let expected: Set<Variant>
    switch algo {
    case "lora", "locon", "dylora": expected = [.lora, .locon, .tucker]
    case "loha": expected = [.loha, .lohaTucker]
    case "lokr": expected = [.lokr]
    case "oft", "diag-oft", "boft": expected = [.oft, .boft]
    case "ia3": expected = [.ia3]
    case "glora": expected = [.glora]
    case "tlora": expected = [.tlora]
    case "full": expected = [.full, .vector]
    default: return nil
    }
    let present = Set(modules.map(\.variant))
    let isDoRA = present.contains(.dora)
    guard present.isDisjoint(with: expected), !isDoRA else {
      guard record.network.isDoRA, !isDoRA else { return nil }
      return .init(
        .networkModule,
        "The metadata say DoRA, but no layer has a magnitude vector: it was lost in a conversion, and the "
          + "file acts as plain "
          + "\(modules[0].variant.label).")
    }
    let labels = present.map(\.label).sorted().joined(separator: ", ")
    return .init(
      .networkModule,
      "The metadata say “\((record.network.module ?? algo).shortened(to: 60))” "
        + "(\(algo.shortened(to: 30))), "
        + "but the layers are "
        + "\(labels): the file was converted, or has another's metadata.")
  }

  /// The stored hash against the tensors.
  var hashWarnings: [InspectionWarning] {
    guard let stored = record.storedModelHash else {
      return [
        .init(
          .noStoredHash,
          "No hash of the weights is stored, so damage or later changes cannot be told; note its AutoV3 if "
            + "you publish it."
        )
      ]
    }
    guard let hashes, !record.isHashOfNothing, !hashes.tensors.matches(stored) else { return [] }
    return [
      .init(
        .storedHashWrong,
        "The stored hash \(stored.shortened(to: 12)) is not that of the weights (\(hashes.autoV3)): they "
          + "were changed, converted or "
          + "reordered after the hash was written, or the file is damaged.")
    ]
  }
}
