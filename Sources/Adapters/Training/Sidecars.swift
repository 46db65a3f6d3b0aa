public import SafeTensors

/// The text files beside a LoRA that tell how it was made and is to be used: web UIs' notes, Civitai Helper's copy of
/// the published page, and PEFT's configuration.
///
/// Reading never fails: a file that cannot be used is a problem in one sentence.
public struct Sidecars: Sendable, Equatable {
  /// One file that could be read.
  package struct Document: Sendable, Equatable {
    /// Its name, without the folder.
    package var file: String
    package var kind: Kind
    package var value: JSONValue
  }

  /// Who writes files of this kind.
  package enum Kind: Sendable {
    /// `<name>.json` of A1111, Forge and Invoke.
    case notes
    /// `<name>.civitai.info` of Civitai Helper.
    case civitai
    /// `adapter_config.json` of PEFT.
    case peft
  }

  /// The files that could be read, in the order in which their statements count.
  package var documents: [Document]
  /// What is wrong with the others; a sentence each.
  public var problems: [String]

  /// Nothing beside the file.
  public static let none = Sidecars(documents: [], problems: [])

  /// The largest file that is read, in bytes; notes are a few kilobytes, and published pages some hundred.
  static let largest = 4 << 20

  package init(documents: [Document], problems: [String]) {
    self.documents = documents
    self.problems = problems
  }
}

extension Sidecars {
  /// Reads what stands beside a file.
  public init(beside file: SafeTensorsFile) {
    self = .none
    let parts = file.path.split(separator: "/", omittingEmptySubsequences: false)
    let folder = parts.dropLast().map { $0 + "/" }.joined()
    var stem = parts.last.map(String.init) ?? file.path
    for ending in [".zst", ".safetensors"] where stem.hasSuffix(ending) { stem.removeLast(ending.count) }
    read(folder, "\(stem).json", .notes)
    read(folder, "\(stem).civitai.info", .civitai)
    // The same folder may hold LoRAs of other kinds, which PEFT's configuration does not speak of.
    if FolderContents.exists(folder + "adapter_config.json"),
      file.header.tensors.contains(where: { $0.name.contains("lora_A") })
    {
      read(folder, "adapter_config.json", .peft)
    }
  }

  private mutating func read(_ folder: String, _ name: String, _ kind: Kind) {
    let bytes: [UInt8]
    do {
      guard let found = try TextFile.contents(folder + name, limit: Self.largest) else { return }
      bytes = found
    } catch {
      problems.append("The file “\(name.shortened(to: 80))” beside it \(error.detail), so it was left out.")
      return
    }
    guard let text = String(validating: bytes, as: UTF8.self), let value = LenientJSON.parse(text) else {
      problems.append(
        "The file “\(name.shortened(to: 80))” beside it is not JSON, so it was left out; mend it or move it away.")
      return
    }
    guard value.members != nil else {
      problems.append(
        "The file “\(name.shortened(to: 80))” beside it is \(value.kind) where an object was expected, so it was left "
          + "out; mend it or move it away.")
      return
    }
    documents.append(Document(file: name, kind: kind, value: value))
  }
}
