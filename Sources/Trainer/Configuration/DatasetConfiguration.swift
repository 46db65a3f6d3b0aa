internal import SafeTensors
public import TOML

/// sd-scripts' dataset configuration: `[general]`, `[[datasets]]` and `[[datasets.subsets]]`, or folders named
/// `<repeats>_<class tokens>`.
///
/// A key that a subset does not give is its dataset's, then the general one, then sd-scripts' default, which stands
/// beside each property. Paths are as written, and relative to the folder that the program runs in, as there.
public struct DatasetConfiguration: Sendable, Hashable {
  /// The file or folder.
  public let file: String
  /// The blocks; batches of different blocks never mix.
  public var datasets: [Dataset]
  /// Folders that were left out, because their names do not begin with a number of repeats.
  public var ignored: [String] = []

  /// What is used where the file does not say.
  public struct Defaults: Sendable, Hashable {
    /// The resolution; none by default, so that the file must give it.
    public var resolution: PixelSize?
    /// Samples in a batch; 1 by default.
    public var batch = 1
    /// What the loss of regularisation pictures is multiplied with; 1 by default.
    public var priorWeight = 1.0
    /// The ending of caption files; `.caption` by default.
    public var captionEnding = ".caption"
    /// Whether pictures go into buckets by shape; false by default.
    public var buckets = false

    /// sd-scripts' own.
    public init() {}
  }

  /// The largest file that is read, in bytes.
  public static let largest = 4 << 20

  /// Reads a file, or a folder of folders.
  ///
  /// - Throws: `SafeTensorsError` when the file cannot be read, else ``TOMLError``.
  public init(path: String, defaults: Defaults = Defaults()) throws {
    if FolderContents.isFolder(path) {
      self = try Self(folder: path, defaults: defaults)
    } else {
      self = try Self(
        toml: try ConfigurationText.read(path, subject: "dataset", largest: Self.largest), path: path,
        defaults: defaults)
    }
  }

  /// Reads a text.
  ///
  /// - Parameters:
  ///   - text: the text.
  ///   - path: its file, for errors.
  ///   - defaults: what is used where the text does not say.
  /// - Throws: ``TOMLError``, with the rule `foreign` for files of other programs.
  public init(toml text: String, path: String, defaults: Defaults = Defaults()) throws(TOMLError) {
    file = path
    try ForeignConfiguration.refuse(text, path: path, subject: "dataset")
    let table = try TOMLReader.read(text, path: path, subject: "dataset")
    try ForeignConfiguration.refuse(table, path: path, subject: "dataset", alsoKohya: false)
    var root = TOMLFields(table, name: "a dataset configuration", path: path, subject: "dataset")
    var general: [String: TOMLValue] = [:]
    if let table = try root.table("general") {
      var fields = TOMLFields(table, name: "[general]", path: path, subject: "dataset")
      general = try KohyaKeys.read(&fields, KohyaKeys.dataset, KohyaKeys.subset, KohyaKeys.beside)
    }
    datasets = []
    for table in try root.tables("datasets") {
      datasets.append(try Dataset(table, general: general, path: path, defaults: defaults))
    }
    try root.finish()
    guard !datasets.isEmpty else {
      throw TOMLError(
        path: path, line: nil, subject: "dataset", rule: .missing,
        detail: "there is no dataset; add [[datasets]] and [[datasets.subsets]] with image_dir")
    }
  }

  /// Reads folders named `<repeats>_<class tokens>`, each a subset.
  ///
  /// - Parameters:
  ///   - training: the folder that holds the folders of training pictures.
  ///   - regularization: the folder that holds those of regularisation pictures; none by default.
  ///   - defaults: what folders cannot say.
  /// - Throws: ``TOMLError`` when there is no such folder or no subset in it.
  public init(
    folder training: String, regularization: String? = nil, defaults: Defaults = Defaults()
  ) throws(TOMLError) {
    file = training
    datasets = []
    var subsets: [Subset] = []
    for (base, isRegularization) in [(training, false)] + (regularization.map { [($0, true)] } ?? []) {
      let names: [String]
      do { names = try FolderContents.names(in: base) } catch {
        throw TOMLError(
          path: base, line: nil, subject: "dataset", rule: .missing, detail: "there is no such folder; check the path")
      }
      for name in names where FolderContents.isFolder("\(base)/\(name)") {
        let parts = name.pieces(by: "_")
        guard let repeats = Int(parts[0].trimmed), repeats > 0 else {
          ignored.append("\(base)/\(name)")
          continue
        }
        var subset = Subset(line: nil, defaults: defaults)
        subset.images = "\(base)/\(name)"
        (subset.repeats, subset.isRegularization) = (repeats, isRegularization)
        subset.classTokens = parts.dropFirst().joined(separator: "_")
        subsets.append(subset)
      }
    }
    guard subsets.contains(where: { !$0.isRegularization }) else {
      throw TOMLError(
        path: training, line: nil, subject: "dataset", rule: .missing,
        detail: "no folder in it is named <repeats>_<class>, such as 10_konrad 1boy; rename one, or write a TOML file")
    }
    guard defaults.resolution != nil else {
      throw TOMLError(
        path: training, line: nil, subject: "dataset", rule: .missing,
        detail: "folders do not say the resolution; give --resolution")
    }
    datasets = [Dataset(subsets: subsets, defaults: defaults)]
  }
}
