public import SafeTensors

/// A model's files on disk, opened as one: a single file, the files of an index, or a folder as diffusers keeps it.
public enum ModelFiles {
  /// Opens whatever model a path leads to.
  ///
  /// A folder's networks become one file whose keys begin with the network's folder: `unet.conv_in.weight`.
  /// - Throws: `SafeTensorsError`, with rule `shards` where files of a model are missing; ``AdapterError`` with rule
  ///   `notCheckpoint` for a folder without a model.
  public static func open(path: String) throws -> SafeTensorsFile {
    guard FolderContents.isFolder(path) else { return try SafeTensorsFile(path: path) }
    var folder = path
    while folder.utf8.count > 1, folder.hasSuffix("/") { folder.removeLast() }
    var files: [(file: SafeTensorsFile, prefix: String, includes: (String) -> Bool)] = []
    let names = try FolderContents.names(in: folder)
    let isPipeline = names.contains("model_index.json")
    for name in names where FolderContents.isFolder("\(folder)/\(name)") {
      guard isPipeline || networks.contains(name), let chosen = try weights(in: "\(folder)/\(name)") else { continue }
      for file in chosen { files.append((file, "\(name).", { _ in true })) }
    }
    if files.isEmpty {
      let loose = names.filter { $0.hasSuffix(".safetensors") }
      guard
        try loose.count < 2 || names.contains(where: ShardIndex.isIndex) || !numberedFiles(names, in: folder).isEmpty
      else {
        throw AdapterError(
          path: path, rule: .notCheckpoint,
          detail:
            "is a folder of \(loose.count) .safetensors files without an index, so they are no one model; name the files"
        )
      }
    }
    if files.isEmpty, let chosen = try weights(in: folder) {
      if chosen.count == 1 { return chosen[0] }
      files = chosen.map { ($0, "", { _ in true }) }
    }
    guard !files.isEmpty else {
      throw AdapterError(
        path: path, rule: .notCheckpoint,
        detail: "is a folder without a model: neither it nor its folders hold a .safetensors file that loaders look for"
      )
    }
    return try SafeTensorsFile(path: folder, joining: files)
  }

  /// The folders in which pipelines keep networks.
  private static let networks: Set<String> = [
    "unet", "transformer", "transformer_2", "vae", "text_encoder", "text_encoder_2", "text_encoder_3", "image_encoder",
    "safety_checker", "prior", "decoder",
  ]

  /// The weights that loaders take from a network's folder: those of an index, else a file; without a variant's name
  /// where there are such.
  static func weights(in folder: String) throws -> [SafeTensorsFile]? {
    let names = try FolderContents.names(in: folder)
    if let index = plainest(names.filter(ShardIndex.isIndex)) {
      return [try SafeTensorsFile(path: "\(folder)/\(index)")]
    }
    let numbered = try numberedFiles(names, in: folder)
    if let set = numbered.sorted(by: { $0.key < $1.key }).first?.value {
      return try set.map { try SafeTensorsFile(path: "\(folder)/\($0)") }
    }
    return try plainest(names.filter { $0.hasSuffix(".safetensors") }).map {
      [try SafeTensorsFile(path: "\(folder)/\($0)")]
    }
  }

  /// The name with the fewest parts, as `model.safetensors` beside `model.fp16.safetensors`; of equals the first.
  private static func plainest(_ names: [String]) -> String? {
    names.min { a, b in
      let (left, right) = (a.count { $0 == "." }, b.count { $0 == "." })
      return left != right ? left < right : a < b
    }
  }

  /// The sets of files named `…-00001-of-00003.safetensors`, by what stands before the number.
  /// - Throws: `SafeTensorsError` with rule `shards` for a set that is not whole.
  static func numberedFiles(_ names: [String], in folder: String) throws(SafeTensorsError) -> [String: [String]] {
    var sets: [String: [(number: Int, of: Int, name: String)]] = [:]
    for name in names {
      guard let match = name.wholeMatch(of: #/(.+)-(\d{5})-of-(\d{5})(\..*)?\.safetensors/#),
        let number = Int(match.2), let count = Int(match.3)
      else { continue }
      sets["\(match.1) of \(match.3)\(match.4 ?? "")", default: []].append((number, count, name))
    }
    for set in sets.values {
      guard let count = set.first?.of else { continue }
      let missing = Set(1...max(1, count)).subtracting(set.map(\.number)).sorted()
      guard let first = missing.first else { continue }
      throw SafeTensorsError(
        path: folder, rule: .shards,
        detail:
          "has \(set.count) of the \(count) files like \(set[0].name), number \(first) is missing; download the rest")
    }
    return sets.mapValues { $0.sorted { $0.number < $1.number }.map(\.name) }
  }

  /// Checks that a network's folder holds all files that its indices and its files' numbers speak of.
  static func check(folder: String) throws {
    let names = try FolderContents.names(in: folder)
    for index in names.filter(ShardIndex.isIndex) { _ = try ShardIndex(path: "\(folder)/\(index)").opened() }
    _ = try numberedFiles(names, in: folder)
  }
}
