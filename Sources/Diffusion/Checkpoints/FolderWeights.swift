import SafeTensors

/// The files that hold one network of a diffusers folder.
struct FolderWeights {
  /// The open files, in the order of their names.
  let files: [SafeTensorsFile]
  /// What the names call this kind of weights, such as `fp16`; empty for the plain ones.
  let variant: String

  /// Finds and opens the files of a network.
  ///
  /// - Parameters:
  ///   - folder: the network's own folder.
  ///   - variant: which of several to take; `nil` takes the plain ones, else `fp16`, else the first.
  /// - Returns: `nil` where there are no weights.
  init?(folder: String, variant wanted: String?) throws {
    guard FolderContents.isFolder(folder) else { return nil }
    let names = try FolderContents.all(below: folder).filter { !$0.isFolder }.map(\.relative)
    var groups: [String: [WeightsName]] = [:]
    for name in names.compactMap(WeightsName.init) { groups[name.variant, default: []].append(name) }
    guard !groups.isEmpty else {
      guard let pickle = names.first(where: { $0.hasSuffix(".bin") || $0.hasSuffix(".ckpt") }) else { return nil }
      throw CheckpointError(
        path: "\(folder)/\(pickle)", rule: .format,
        detail: "is a pickle, which can run code and is not read; save the model as safetensors")
    }
    let preferred = wanted.map { [$0] } ?? ["", "fp16"] + groups.keys.sorted()
    guard let variant = preferred.first(where: { groups[$0] != nil }), let group = groups[variant] else {
      let have = groups.keys.sorted().map { $0.isEmpty ? "plain ones" : $0 }.joined(separator: ", ")
      throw CheckpointError(
        path: folder, rule: .missingFile, detail: "has no weights of the variant \(wanted ?? ""), only \(have)")
    }
    let sharded = group.filter { $0.of != nil }
    let chosen = sharded.isEmpty ? Array(group.prefix(1)) : sharded
    try Self.checkComplete(sharded, folder: folder, names: names, variant: variant)
    files = try chosen.map { try SafeTensorsFile(path: "\(folder)/\($0.file)") }
    self.variant = variant
  }

  private static func checkComplete(_ shards: [WeightsName], folder: String, names: [String], variant: String) throws {
    guard let total = shards.compactMap(\.of).max() else { return }
    let have = Set(shards.compactMap(\.index))
    var missing = (1...max(total, 1)).filter { !have.contains($0) }.map { "\($0) of \(total)" }
    for index in names where index.hasSuffix(".json") && index.contains(".index.") {
      guard variant.isEmpty || index.contains(".\(variant).") else { continue }
      guard let map = try ConfigurationObject.read("\(folder)/\(index)")?.object("weight_map") else { continue }
      let files = Set(map.value.members?.compactMap(\.value.string) ?? [])
      missing += files.filter {
        !names.contains($0) && WeightsName($0)?.variant == variant && WeightsName($0)?.of == nil
      }
    }
    guard missing.isEmpty else {
      throw CheckpointError(
        path: folder, rule: .missingFile,
        detail:
          "lacks \(missing.count == 1 ? "the part" : "the parts") \(missing.prefix(4).joined(separator: ", ")) of its weights; download the folder again"
      )
    }
  }
}

/// The name of a file of weights taken apart: `diffusion_pytorch_model.fp16-00001-of-00002.safetensors` and its kin.
struct WeightsName {
  var file: String
  var variant = ""
  var index: Int?
  var of: Int?

  /// `nil` for files that are no safetensors.
  init?(_ file: String) {
    guard file.hasSuffix(".safetensors"), !file.contains("/") else { return nil }
    self.file = file
    var variants: [String] = []
    let pieces = file.dropLast(".safetensors".count).split(separator: ".")
    for (place, piece) in pieces.enumerated() {
      // The part's number follows the name or the variant: both orders are in use.
      let words = piece.split(separator: "-")
      var text = String(piece)
      if words.count > 3, words[words.count - 2] == "of", let last = Int(words[words.count - 1]),
        let own = Int(words[words.count - 3])
      {
        (index, of) = (own, last)
        text = words.dropLast(3).joined(separator: "-")
      }
      if place > 0 { variants.append(text) }
    }
    variant = variants.joined(separator: ".")
  }
}
