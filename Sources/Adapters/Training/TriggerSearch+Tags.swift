extension TriggerSearch {
  /// A folder's tags, and the number of captions that they are to be compared with.
  struct TaggedFolder {
    var name: String
    var concept: String
    var tags: [TrainingRecord.TagCount]
    var captions: Int
    /// Whether the number of captions is known, not just taken from the most frequent tag.
    var isCounted: Bool
  }

  /// The training folders that have tags, in alphabetical order.
  static func taggedFolders(_ record: TrainingRecord) -> [TaggedFolder] {
    let excluded = Set(record.data.datasets.filter(\.isRegularisation).map(\.name))
    return record.tagFrequency.filter { !$0.value.isEmpty && !excluded.contains($0.key) }.map { name, tags in
      let images = record.data.datasets.first { $0.name == name && !$0.isRegularisation }?.images
      return TaggedFolder(
        name: name, concept: TrainingRecord.Folder.concept(of: name), tags: tags,
        captions: images ?? tags[0].count, isCounted: images != nil)
    }.sorted { $0.name < $1.name }
  }

  /// Tags in at least this share of captions count as always present; a caption or two may have missed one.
  static let always = 0.95

  /// How often one tag is always present.
  struct Presence {
    var folders: [TaggedFolder] = []
    var count = 0
    var captions = 0
  }

  /// Tags that stand in practically every caption of some folder.
  static func constantTags(_ folders: [TaggedFolder]) -> [String: Presence] {
    var result: [String: Presence] = [:]
    for folder in folders where folder.captions > 0 {
      // Many tags of one count in a folder of unknown size tell nothing: it may hold a single image.
      if !folder.isCounted, folder.tags.count > 5, folder.tags[5].count == folder.captions { continue }
      for tag in folder.tags.prefix(200) {
        guard Double(tag.count) >= always * Double(folder.captions) else { break }
        var presence = result[tag.tag] ?? Presence()
        presence.folders.append(folder)
        presence.count = presence.count.addingCapped(min(tag.count, folder.captions))
        presence.captions = presence.captions.addingCapped(folder.captions)
        result[tag.tag] = presence
      }
    }
    return result
  }

  /// The evidence and its weight for a tag that is always present.
  static func judge(_ tag: String, _ presence: Presence, among all: [TaggedFolder]) -> (String, Double) {
    let inAll = presence.folders.count == all.count
    let isOneSubject = Set(all.map { $0.concept.lowercased() }).count == 1
    let single = presence.folders.count == 1 ? presence.folders.first : nil
    // ai-toolkit lists the trigger as the only tag of a made-up folder that bears its name.
    if let single, single.tags.count == 1, single.concept == tag, !single.isCounted {
      return ("the trainer lists it as the trigger", 0.92)
    }
    let counted = presence.folders.allSatisfy(\.isCounted)
    let share = counted ? "in \(presence.count) of \(presence.captions) captions" : "the most frequent tag"
    let place =
      switch single {
      case let folder? where all.count > 1: " of “\(folder.name)” only"
      case nil where inAll: ", in all \(all.count) folders"
      case nil: ", in \(presence.folders.count) of \(all.count) folders"
      default: ""
      }
    // A tag that all of several characters share is their style or their series, not one of them.
    var confidence = inAll && all.count > 1 && !isOneSubject ? 0.4 : 0.6
    if GenericTags.describesLooks(tag) {
      return (share + place + ", but it describes looks", 0.2)
    }
    if GenericTags.namesSomebody(tag) { confidence += 0.2 }
    if presence.count == presence.captions { confidence += 0.05 }
    // In a few captions, anything may be constant by chance.
    if !counted || presence.captions < 5 { confidence *= 0.7 }
    return (share + place, confidence)
  }
}
