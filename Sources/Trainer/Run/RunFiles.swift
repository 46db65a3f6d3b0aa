internal import SafeTensors

/// What the files of a run are called.
public struct RunFiles: Sendable, Hashable {
  /// The folder of the output.
  public let folder: String
  /// The name that all files begin with.
  public let name: String
  /// The part of a LoRA's file name that tells it from the others; empty for the only one.
  public let loras: [String]

  /// The files of a run.
  public init(_ plan: RunPlan) { self.init(plan.cast) }

  /// The files of a run of this configuration.
  public init(_ cast: CastConfiguration) {
    folder = cast.path(of: cast.output.folder)
    let file = cast.file.split(separator: "/").last.map(String.init) ?? "cast"
    let stem = file.hasSuffix(".toml") ? String(file.dropLast(5)) : file
    name = cast.output.name ?? (stem.isEmpty ? "cast" : stem)
    loras = cast.network.mode == .separate ? Self.slugs(cast.characters.map(\.name)) : [""]
  }

  /// Names as files can have them, each another one.
  private static func slugs(_ names: [String]) -> [String] {
    var taken: Set<String> = []
    return names.map { name in
      let kept = name.unicodeScalars.map { scalar -> Character in
        scalar.properties.isAlphabetic || scalar.properties.numericType != nil || scalar == "_" || scalar == "-"
          ? Character(scalar) : "-"
      }
      let base = String(kept).trimmed.isEmpty ? "lora" : String(kept)
      var slug = base
      var number = 2
      while !taken.insert(slug.lowercased()).inserted {
        slug = "\(base)-\(number)"
        number += 1
      }
      return slug
    }
  }

  /// A LoRA's file after all steps, or after some of them.
  public func lora(_ index: Int, step: Int? = nil) -> String {
    let own = loras[index].isEmpty ? "" : "-\(loras[index])"
    return "\(folder)/\(name)\(own)\(step.map { "-step\(Self.padded($0))" } ?? "").safetensors"
  }

  /// The state after some steps.
  func state(_ step: Int) -> String { "\(folder)/\(name)-step\(Self.padded(step))\(RunState.ending)" }

  /// The sheet of pictures after some steps.
  public func preview(_ step: Int) -> String { "\(folder)/\(name)-previews/step\(Self.padded(step)).png" }

  /// The log of the run, one JSON object a line.
  public var log: String { "\(folder)/\(name).log.jsonl" }

  /// The folder of TensorBoard's event files.
  public var events: String { "\(folder)/\(name)-tensorboard" }

  /// Eight digits, so that files sort by steps.
  private static func padded(_ step: Int) -> String {
    let digits = String(step)
    return String(repeating: "0", count: max(0, 8 - digits.count)) + digits
  }

  /// The states there are, the newest first.
  /// - Throws: `SafeTensorsError` when the folder cannot be read.
  func states() throws -> [(step: Int, path: String)] {
    guard FolderContents.isFolder(folder) else { return [] }
    let prefix = "\(name)-step"
    return try FolderContents.names(in: folder).compactMap { file -> (step: Int, path: String)? in
      guard file.hasPrefix(prefix), file.hasSuffix(RunState.ending),
        let step = Int(file.dropFirst(prefix.count).dropLast(RunState.ending.count))
      else { return nil }
      return (step, "\(folder)/\(file)")
    }.sorted { $0.step > $1.step }
  }

  /// Sees that there is a state to resume, or that nothing of an earlier run is in the way.
  /// - Throws: ``RunFilesError``; `SafeTensorsError` when the folder cannot be read.
  public func check(resumes: Bool, replaces: Bool) throws {
    let states = try states()
    if resumes {
      guard states.isEmpty else { return }
      throw RunFilesError(
        kind: .missing,
        description: "\(folder): holds no state of a run called \(name) to resume; leave --resume out")
    }
    let finals = loras.indices.map { lora($0) }.filter { FolderContents.exists($0) }
    // A checkpoint of an earlier run would be replaced by that of the same step.
    guard !replaces, let found = try states.first?.path ?? finals.first ?? checkpoints().first?.path else { return }
    throw RunFilesError(
      kind: .exists,
      description:
        "\(found): is of an earlier run; go on from it with --resume, replace it with --force, or set output.name")
  }

  /// Removes what runs of this name that were killed left half-written.
  /// - Throws: `SafeTensorsError`.
  func removeLeftovers() throws {
    try WholeFile.removeLeftovers(in: folder) { $0.hasPrefix("\(name)-") || $0.hasPrefix("\(name).") }
    try WholeFile.removeLeftovers(in: "\(folder)/\(name)-previews") { _ in true }
  }

  /// The LoRA files of earlier steps, the oldest first.
  func checkpoints() throws -> [(step: Int, path: String)] {
    guard FolderContents.isFolder(folder) else { return [] }
    let names = try FolderContents.names(in: folder)
    return loras.indices.flatMap { index -> [(step: Int, path: String)] in
      let own = loras[index].isEmpty ? "" : "-\(loras[index])"
      let prefix = "\(name)\(own)-step"
      return names.compactMap { file in
        guard file.hasPrefix(prefix), file.hasSuffix(".safetensors"), !file.hasSuffix(RunState.ending),
          let step = Int(file.dropFirst(prefix.count).dropLast(".safetensors".count))
        else { return nil }
        return (step, "\(folder)/\(file)")
      }
    }.sorted { $0.step < $1.step }
  }
}
