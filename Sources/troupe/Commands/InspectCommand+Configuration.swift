import Adapters
import ArgumentParser
import SafeTensors

/// What `--as-config` writes.
enum ConfigurationKind: String, ExpressibleByArgument, CaseIterable, Sendable {
  case dataset
  case training
  case both
  case cast

  /// The texts that it stands for.
  var kinds: [RunConfiguration.Kind] {
    switch self {
    case .dataset: [.dataset]
    case .training: [.training]
    case .both: [.dataset, .training]
    case .cast: [.cast]
    }
  }
}

extension InspectCommand {
  /// Writes the configurations that would repeat the run which made a file.
  func write(_ kind: ConfigurationKind) async throws {
    let path = files[0]
    let file = try await Inspection.make(path: path, options: .headerOnly)
    guard file.kind == .lora else {
      throw AdapterError(path: path, rule: .notAdapter, detail: "holds no LoRA, so there is no run to repeat")
    }
    let written = try kind.kinds.map {
      try RunConfiguration($0, of: file.recipe, path: path, architecture: file.architecture)
    }
    let targets = output.map { Self.targets(kind, $0) }
    // All are checked before any is written.
    for target in targets ?? [] {
      try OutputFile.refuseOriginal(path, target)
      guard force || !FolderContents.exists(target) else {
        throw SafeTensorsError(
          path: target, rule: .exists, detail: "exists already; choose another name or give --force")
      }
    }
    for (configuration, target) in zip(written, targets ?? []) { try OutputFile.write(configuration.text, to: target) }
    if json { return try JSONOutput.print(ConfigurationDocument(path, written, targets)) }
    guard let targets else {
      for (index, configuration) in written.enumerated() {
        if written.count > 1 { print((index > 0 ? "\n" : "") + "# ===== \(configuration.kind.rawValue) =====") }
        print(configuration.text, terminator: "")
      }
      return
    }
    for (configuration, target) in zip(written, targets) {
      print("\(Terminal.sanitised(target)): the \(configuration.kind.rawValue) configuration; to fill in or check:")
      for sentence in configuration.open {
        for line in TextWrap.lines("· " + Terminal.sanitised(sentence), indent: 2, hanging: 4) { print(line) }
      }
    }
  }

  /// The files to write: two of them get their kinds' names before the ending.
  static func targets(_ kind: ConfigurationKind, _ output: String) -> [String] {
    guard kind.kinds.count > 1 else { return [output] }
    let stem = output.hasSuffix(".toml") ? String(output.dropLast(".toml".count)) : output
    return kind.kinds.map { "\(stem)-\($0.rawValue).toml" }
  }
}

/// What `troupe inspect --as-config --json` prints.
private struct ConfigurationDocument: Encodable {
  struct Entry: Encodable {
    let kind: String
    let text: String
    let toFillIn: [String]
    @Explicit var output: String?
  }

  let schema = 1
  let path: String
  let configurations: [Entry]

  init(_ path: String, _ written: [RunConfiguration], _ targets: [String]?) {
    self.path = path
    configurations = written.enumerated().map { index, one in
      Entry(kind: one.kind.rawValue, text: one.text, toFillIn: one.open, output: targets?[index])
    }
  }
}
