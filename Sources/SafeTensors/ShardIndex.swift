/// The index of a model whose tensors lie in several files: which tensor is in which of them.
///
/// `….safetensors.index.json` as transformers and diffusers write it: `{"metadata": {…}, "weight_map": {KEY: FILE}}`.
package struct ShardIndex: Sendable {
  /// The index file.
  package let path: String
  /// The folder in which it and the files stand, with a slash at its end; empty for the working folder.
  package let folder: String
  /// The files' names, each once, in the order of the names.
  package let files: [String]
  /// The tensors with the names of their files, in the order of the index.
  package let tensors: [(name: String, file: String)]
  /// How many bytes the tensors have together, as the index says; nil where it says nothing.
  package let totalSize: Int?

  /// Whether a path is named like an index: `model.safetensors.index.json`, `….safetensors.index.fp16.json`.
  package static func isIndex(_ path: String) -> Bool {
    path.hasSuffix(".json") && (path.split(separator: "/").last?.contains(".safetensors.index.") ?? false)
  }

  /// Reads an index; none of the files is opened.
  /// - Throws: ``SafeTensorsError`` with rule `cannotOpen` or `shards`.
  package init(path: String) throws(SafeTensorsError) {
    func failure(_ detail: String) -> SafeTensorsError {
      SafeTensorsError(path: path, rule: .shards, detail: detail)
    }
    guard let bytes = try TextFile.contents(path) else {
      throw SafeTensorsError(path: path, rule: .cannotOpen, detail: "there is no such file")
    }
    let root: JSONValue
    do {
      guard String(validating: bytes, as: UTF8.self) != nil else { throw failure("the index is not UTF-8 text") }
      root = try JSONParser.parse(bytes)
    } catch let error as JSONParsingError {
      throw failure("the index is not JSON: \(error.message) at byte \(error.offset)")
    } catch {
      throw failure("the index is not UTF-8 text")
    }
    guard let map = root["weight_map"]?.members else {
      throw failure("the index has no weight_map, which says in which file each tensor is")
    }
    var tensors: [(name: String, file: String)] = []
    var names = Set<ExactName>()
    for member in map {
      let place = "\"\(member.name.shortened(to: 80))\""
      guard let file = member.value.string else {
        throw failure("weight_map gives \(member.value.kind) for \(place), not the name of a file")
      }
      // A name with a slash could lead anywhere on the disk.
      guard !file.contains("/"), !file.contains("\\"), file.hasSuffix(".safetensors") else {
        throw failure(
          "weight_map gives “\(file.shortened(to: 80))” for \(place), which is not the name of a .safetensors file beside the index"
        )
      }
      guard names.insert(ExactName(member.name)).inserted else { throw failure("weight_map has \(place) twice") }
      tensors.append((member.name, file))
    }
    guard !tensors.isEmpty else { throw failure("weight_map is empty, so there is no model") }
    self.path = path
    folder = path.lastIndex(of: "/").map { String(path[...$0]) } ?? ""
    self.tensors = tensors
    files = Set(tensors.map(\.file)).sorted { $0.utf8 < $1.utf8 }
    totalSize = root["metadata"]?["total_size"]?.int
  }

  /// Opens the files and checks that every tensor is where the index says.
  /// - Throws: ``SafeTensorsError`` with rule `shards` for a file or tensor that is missing or elsewhere, and what opening
  ///   a file throws.
  package func opened() throws(SafeTensorsError) -> [SafeTensorsFile] {
    func failure(_ detail: String, tensor: String? = nil) -> SafeTensorsError {
      SafeTensorsError(path: path, rule: .shards, tensor: tensor, detail: detail)
    }
    let missing = files.filter { !FolderContents.exists(folder + $0) }
    if let first = missing.first {
      throw failure(
        missing.count == 1
          ? "the index names \(files.count) files, and \(first) is not beside it; download it too"
          : "the index names \(files.count) files, and \(missing.count) are not beside it, the first is \(first); download them too"
      )
    }
    var opened: [SafeTensorsFile] = []
    for name in files { opened.append(try SafeTensorsFile(path: folder + name)) }
    for (name, file) in tensors {
      guard let place = files.firstIndex(of: file), opened[place][name] == nil else { continue }
      guard let other = opened.firstIndex(where: { $0[name] != nil }) else {
        throw failure(
          "the index places it in \(file), but none of the \(files.count) files has it; index and files are of different downloads",
          tensor: name)
      }
      throw failure(
        "the index places it in \(file), but it is in \(files[other]); index and files are of different downloads",
        tensor: name)
    }
    return opened
  }
}

extension SafeTensorsFile {
  /// A model in several files as one.
  convenience init(_ index: ShardIndex) throws(SafeTensorsError) {
    let places = Dictionary(
      index.tensors.map { (ExactName($0.name), $0.file) }, uniquingKeysWith: { first, _ in first })
    try self.init(
      path: index.path,
      joining: zip(index.files, try index.opened()).map { name, file in
        // A tensor that another file has as well is that of the file which the index names.
        (file, "", { places[ExactName($0)].map { $0 == name } ?? true })
      })
  }

  /// Several open files as one, which has their tensors under prefixed names.
  ///
  /// - Parameters:
  ///   - path: what errors and reports call it.
  ///   - files: the files, what goes before the names of their tensors, and which of these count.
  /// - Throws: ``SafeTensorsError`` with rule `shards` where two files have a tensor of one name.
  package convenience init(
    path: String, joining files: [(file: SafeTensorsFile, prefix: String, includes: (String) -> Bool)]
  ) throws(SafeTensorsError) {
    let contents = JoinedContents(files.map(\.file.contents), path: path)
    var tensors: [TensorInfo] = []
    var owners: [ExactName: String] = [:]
    var metadata: [String: String] = [:]
    for (index, entry) in files.enumerated() {
      let start = contents.start(of: index) + entry.file.header.dataStart
      for tensor in entry.file.header.tensors where entry.includes(tensor.name) {
        let name = entry.prefix + tensor.name
        if let owner = owners.updateValue(entry.file.path, forKey: ExactName(name)) {
          throw SafeTensorsError(
            path: path, rule: .shards, tensor: name,
            detail: "is both in \(owner) and in \(entry.file.path), and no index says which of them counts")
        }
        tensors.append(
          TensorInfo(
            name: name, dtype: tensor.dtype, shape: tensor.shape,
            range: start + tensor.range.lowerBound..<start + tensor.range.upperBound))
      }
      metadata.merge(entry.file.header.metadata) { first, _ in first }
    }
    self.init(
      path: path,
      header: Header(
        tensors: tensors, metadata: metadata, duplicateNames: files.flatMap(\.file.header.duplicateNames),
        dataStart: 0),
      contents: contents, pieces: files.flatMap { $0.file.pieces.isEmpty ? [$0.file.path] : $0.file.pieces })
  }
}
