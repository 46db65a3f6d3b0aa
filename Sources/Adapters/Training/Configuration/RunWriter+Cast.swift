extension RunWriter {
  /// Troupe's own configuration.
  func cast() throws(AdapterError) -> ConfigurationText {
    let members = self.members
    guard !members.isEmpty else {
      throw missing("its record tells of no character: it names neither a cast nor a folder of images")
    }
    var text = heading("A cast")
    text.toFillIn("Records keep no paths: write the folders of pictures behind images.")
    castModel(&text)
    castNetwork(&text)
    castTraining(&text)
    castLosses(&text)
    castRules(&text)
    castOutput(&text)
    for member in members { add(member, to: &text) }
    for group in record.cast?.groups ?? [] { add(group, to: &text) }
    regularization(&text)
    return text
  }

  // MARK: - Who

  /// One of the cast, with what a character's table has.
  private struct Member {
    var name: String
    var trigger: String
    var className = ""
    var weight = 1.0
    var folders: [String] = []
    /// What to check, one or two sentences.
    var remark: String?
  }

  private var members: [Member] {
    if let cast = record.cast, !cast.characters.isEmpty {
      return cast.characters.map {
        Member(
          name: $0.name, trigger: $0.trigger, className: $0.className, weight: $0.weight,
          remark: "\($0.images) pictures, \($0.samples) samples")
      }
    }
    guard let exposure = record.exposure else {
      let names = record.data.datasets.filter { !$0.isRegularisation }
      var seen: Set<String> = []
      return names.filter { seen.insert($0.concept).inserted }.map { guess($0.concept, [$0.name], $0.tokens, nil) }
    }
    return exposure.characters.map { entry in
      let share = Int((entry.share * 100).rounded())
      return guess(
        entry.name, entry.folders, entry.classTokens,
        "\(entry.images) images, \(entry.perEpoch) uses in an epoch (\(share) %); a cast shows its characters alike")
    }
  }

  /// A character of a run that knew folders alone: its trigger is the likeliest word that belongs to it.
  private func guess(_ name: String, _ folders: [String], _ tokens: String?, _ remark: String?) -> Member {
    let own = record.triggerCandidates.filter { $0.folder.map(folders.contains) ?? (record.isOfOneCharacter) }
    let best = own.first { $0.confidence >= 0.5 && !$0.token.contains(",") }?.token
    let first = tokens?.split(separator: ",").first.map { String($0).trimmed }
    return Member(name: name, trigger: best ?? first ?? name, folders: folders, remark: remark)
  }

  private func add(_ member: Member, to text: inout ConfigurationText) {
    text.table("[[character]]")
    if let remark = member.remark { text.comment(remark) }
    text.add("name", member.name)
    if record.cast == nil {
      text.toFillIn("The trigger is a guess from folders and captions: use one tag that no other character has.")
    } else if member.trigger.isEmpty {
      text.toFillIn("No trigger is recorded: write one tag that no other character has.")
    }
    text.add("trigger", member.trigger.isEmpty ? "write_a_trigger" : member.trigger)
    if !member.className.isEmpty { text.add("class", member.className) }
    if member.weight != 1 { text.add("weight", member.weight) }
    let folders = member.folders.isEmpty ? [member.name] : member.folders
    text.add("images", folders[0])
    for folder in folders.dropFirst() {
      text.table("[[character.subset]]")
      text.add("images", folder)
    }
  }

  private func add(_ group: TrainingRecord.Cast.Group, to text: inout ConfigurationText) {
    text.table("[[group]]")
    text.comment("\(group.images) pictures, \(group.samples) samples")
    text.add("characters", .list(group.characters.map { .text($0) }))
    if group.weight != 1 { text.add("weight", group.weight) }
    text.add("images", group.characters.joined(separator: " and "))
  }

  private func regularization(_ text: inout ConfigurationText) {
    for set in record.cast?.regularization ?? [] {
      text.table("[[regularization]]")
      text.add("class", set.className)
      if set.target != "image" { text.add("target", set.target) }
      if !set.pairsWith.isEmpty { text.add("pairs_with", .list(set.pairsWith.map { .text($0) })) }
      text.add("weight", set.weight)
      if let ratio = set.ratio { text.add("ratio", ratio) }
      if set.generated > 0, set.generated == set.images {
        text.add("generated", set.generated)
      } else if set.images > 0 {
        text.comment("\(set.images) pictures")
        text.add("images", set.className)
      }
    }
    guard record.cast == nil else { return }
    for entry in record.exposure?.regularisation ?? [] {
      text.table("[[regularization]]")
      text.comment("\(entry.images) images")
      text.add("class", entry.classTokens ?? entry.name)
      text.add("images", entry.folders.first ?? entry.name)
      for folder in entry.folders.dropFirst() {
        text.table("[[regularization.subset]]")
        text.add("images", folder)
      }
    }
  }
}

extension TrainingRecord {
  /// Whether all folders of training images are one concept.
  var isOfOneCharacter: Bool { Set(data.datasets.filter { !$0.isRegularisation }.map(\.concept)).count <= 1 }
}
