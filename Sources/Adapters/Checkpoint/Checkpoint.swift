public import SafeTensors

/// A base model on disk: one checkpoint file, the files of an index as one, or a folder: diffusers', or one whose files
/// hold a checkpoint together.
public struct Checkpoint: Sendable {
  /// One file of weights.
  public struct File: Sendable {
    /// The open file.
    public let file: SafeTensorsFile
    /// Its path within the folder; its name for a checkpoint of one file.
    public let relative: String
    /// The network it holds; nil for a checkpoint's file, which may hold several.
    public let part: ModelPart?
  }

  /// The file or folder.
  public let path: String
  /// Whether it is a folder.
  public let isFolder: Bool
  /// The files of weights that LoRAs change.
  public let files: [File]
  /// The family.
  public let architecture: Architecture

  /// The folders of the networks that LoRAs change.
  package static let folders: [(name: String, part: ModelPart)] = [
    ("unet", .unet), ("text_encoder", .textEncoder1), ("text_encoder_2", .textEncoder2),
  ]

  /// Opens a checkpoint; only headers are read.
  /// - Throws: `SafeTensorsError`; ``AdapterError`` with rule `notCheckpoint` where no base model is found.
  public init(path: String) throws {
    self.path = path
    isFolder = FolderContents.isFolder(path)
    guard isFolder else {
      let file = try SafeTensorsFile(path: path)
      guard let summary = CheckpointSummary(file: file) else {
        throw AdapterError(
          path: path, rule: .notCheckpoint,
          detail: "holds no network of a base model this version knows (\(file.header.tensors.count) tensors)")
      }
      files = [File(file: file, relative: path.split(separator: "/").last.map(String.init) ?? path, part: nil)]
      architecture = summary.architecture
      return
    }
    var files: [File] = []
    for entry in try FolderContents.all(below: path) where !entry.isFolder && entry.relative.hasSuffix(".safetensors") {
      let pieces = entry.relative.split(separator: "/")
      guard pieces.count == 2, let network = Self.folders.first(where: { $0.name == pieces[0] }) else { continue }
      files.append(
        File(
          file: try SafeTensorsFile(path: "\(path)/\(entry.relative)"), relative: entry.relative, part: network.part))
    }
    for folder in Self.folders.map({ "\(path)/\($0.name)" }) where FolderContents.isFolder(folder) {
      try ModelFiles.check(folder: folder)
    }
    if files.isEmpty { files = try Self.flat(path) }
    guard !files.isEmpty else {
      throw AdapterError(
        path: path, rule: .notCheckpoint,
        detail:
          "has no unet/*.safetensors or text_encoder/*.safetensors, so it is no diffusers model in safetensors form"
      )
    }
    self.files = files
    let known = files.filter { $0.part == .unet || $0.part == nil }.compactMap {
      CheckpointSummary(file: $0.file)?.architecture
    }
    architecture =
      known.first { $0 != .unknown } ?? (files.contains { $0.part == .textEncoder2 } ? .sdxl : .unknown)
  }

  /// The files of a folder that is one network's, or holds a checkpoint in several files.
  private static func flat(_ path: String) throws -> [File] {
    let names = try FolderContents.names(in: path)
    let name = path.split(separator: "/").last.map(String.init)
    let part = folders.first { $0.name == name }?.part
    guard
      try part != nil || names.contains(where: ShardIndex.isIndex)
        || !ModelFiles.numberedFiles(names, in: path).isEmpty
    else { return [] }
    try ModelFiles.check(folder: path)
    return try names.filter { $0.hasSuffix(".safetensors") }.map {
      File(file: try SafeTensorsFile(path: "\(path)/\($0)"), relative: $0, part: part)
    }
  }

  /// Where a layer's weight stands; several places where a folder holds a network more than once, none where the
  /// checkpoint lacks the layer.
  public func places(of path: ModulePath) -> [CheckpointPlace] { places(of: path, key: \.weight) }

  /// Where a layer's bias stands.
  public func biasPlaces(of path: ModulePath) -> [CheckpointPlace] { places(of: path, key: \.bias) }

  private func places(of path: ModulePath, key: KeyPath<CheckpointKey, String>) -> [CheckpointPlace] {
    let (own, shared) = (CheckpointKeys.inFolder(path), CheckpointKeys.inFile(path))
    return files.enumerated().compactMap { index, file in
      guard file.part == nil || file.part == path.part else { return nil }
      for candidate in file.part == nil ? shared : own {
        guard let tensor = file.file[candidate[keyPath: key]] else { continue }
        return CheckpointPlace(
          file: index, tensor: tensor, third: candidate.third, isTransposed: candidate.isTransposed)
      }
      return nil
    }
  }

  /// Every layer that a LoRA can name and this checkpoint has, in the model's order.
  public var layers: [ModulePath] {
    let unet = UNetModules.all.indices.map(UNetModules.path)
    let text = [ModelPart.textEncoder1, .textEncoder2].flatMap { part in
      TextEncoderModules.all.map { ModulePath(part: part, name: $0) }
    }
    return (text + unet).filter { !places(of: $0).isEmpty }
  }

  /// Whether a tensor belongs to one of the pipeline's networks, and not to its noise schedule or markers.
  package static func isNetwork(_ key: String) -> Bool { ModelComponent(key: key) != nil }
}
