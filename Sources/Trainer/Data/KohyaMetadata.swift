internal import SafeTensors

/// A metadata file of sd-scripts' fine-tuning: captions, tags and sizes by picture, as one JSON object or as lines.
struct KohyaMetadata {
  struct Entry {
    var key: String
    var caption: String?
    var tags: String?
    var size: PixelSize?
  }

  let path: String
  private(set) var entries: [Entry] = []

  init(path: String) throws {
    self.path = path
    func refusal(_ detail: String) -> DatasetPictures.Refusal { .init(description: "\(path): \(detail)") }
    if FolderContents.isFolder(path) {
      throw refusal(
        "metadata_file names a JSON file, this is a folder; leave the key out where captions lie beside the pictures")
    }
    guard let bytes = try TextFile.contents(path) else { throw refusal("there is no such file; check metadata_file") }
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw refusal("the file is not UTF-8; save it as UTF-8")
    }
    func parsed(_ text: String) throws -> JSONValue {
      do { return try JSONParser.parse(text) } catch {
        throw refusal("is no JSON: \(error.message) at byte \(error.offset)")
      }
    }
    if path.hasSuffix(".jsonl") {
      for line in text.pieces(by: "\n").map(\.trimmed) where !line.isEmpty {
        let value = try parsed(line)
        guard let key = value["image_path"]?.string else { throw refusal("a line has no image_path; add it") }
        entries.append(Self.entry(key, value, caption: value["caption"]?.string ?? ""))
      }
    } else {
      guard let members = try parsed(text).members else { throw refusal("holds no object of pictures") }
      for member in members {
        entries.append(Self.entry(member.name, member.value, caption: member.value["caption"]?.string))
      }
    }
    guard !entries.isEmpty else { throw refusal("names no picture; write it anew, or leave the subset out") }
  }

  private static func entry(_ key: String, _ value: JSONValue, caption: String?) -> Entry {
    let sides = value["image_size"]?.elements?.compactMap(\.int) ?? []
    return Entry(
      key: key, caption: caption, tags: value["tags"]?.string,
      size: sides.count == 2 && sides.allSatisfy { $0 > 0 } ? PixelSize(sides[0], sides[1]) : nil)
  }

  /// The pictures, those with long names first as sd-scripts has them.
  func pictures(
    of subset: DatasetConfiguration.Subset, number: Int, measure: DatasetPictures.Measure
  ) throws -> [DatasetPictures.Picture] {
    let folder = subset.images.isEmpty ? [] : try PictureFolder.pictures(in: subset.images)
    // Equally long names keep the file's order, so places break ties.
    let order = entries.indices.sorted {
      let (a, b) = (entries[$0].key.unicodeScalars.count, entries[$1].key.unicodeScalars.count)
      return a != b ? a > b : $0 < $1
    }
    return try order.map { index in
      let entry = entries[index]
      let file = try file(of: entry.key, in: subset.images, folder)
      return .init(
        path: file, size: try entry.size ?? measure(file), caption: Self.caption(entry, rule: subset.captions),
        hasCaption: entry.caption != nil || entry.tags != nil, subset: number)
    }
  }

  /// The file of a key, which may lack its ending.
  private func file(of key: String, in folder: String, _ pictures: [String]) throws(DatasetPictures.Refusal) -> String {
    guard key.hasPrefix("/") || !folder.isEmpty else {
      throw .init(description: "\(path): the picture \"\(key)\" has no whole path, and image_dir is not given; add it")
    }
    let whole = key.hasPrefix("/") ? key : "\(folder)/\(key)"
    let lower = whole.lowercased()
    if PictureFolder.endings.contains(where: { lower.hasSuffix($0) }) { return whole }
    guard let found = pictures.first(where: { $0.hasPrefix(whole + ".") }) else {
      throw .init(description: "\(path): there is no picture \(whole) with any known ending; check image_dir")
    }
    return found
  }

  private static func caption(_ entry: Entry, rule: CaptionRule) -> String {
    let caption = entry.caption ?? ""
    guard let tags = entry.tags else { return caption }
    if rule.expandsWildcards {
      let tags = tags.replacing(each: "\n", by: rule.separator)
      return caption.pieces(by: "\n").filter { !$0.trimmed.isEmpty }.map { $0 + rule.separator + tags }.joined(
        separator: "\n")
    }
    return tags.isEmpty ? caption : caption.isEmpty ? tags : caption + rule.separator + tags
  }
}
