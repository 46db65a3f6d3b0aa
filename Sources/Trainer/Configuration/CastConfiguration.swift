internal import SafeTensors
public import TOML

/// A training run as a person writes it down: `cast.toml`.
///
/// What the text does not say has the default beside each property. Paths are as written; ``path(of:)`` makes them
/// relative to the file's folder.
public struct CastConfiguration: Sendable, Hashable {
  /// The file.
  public let file: String
  /// The base model.
  public var model = Model()
  /// The LoRA.
  public var network = Network()
  /// Length, sizes and optimisation.
  public var training = Training()
  /// What is minimised.
  public var losses = Losses()
  /// What is done to captions; characters and subsets may differ.
  public var captions = CaptionRule()
  /// What is done to pictures; characters and subsets may differ.
  public var images = ImageRule()
  /// Pictures that are drawn while training.
  public var preview = Preview()
  /// What is written.
  public var output = Output()
  /// The cast; at least one.
  public var characters: [Character] = []
  /// Pictures that show several of the cast.
  public var groups: [Group] = []
  /// Regularisation sets.
  public var regularization: [Regularization] = []

  /// The largest file that is read, in bytes.
  public static let largest = 4 << 20

  /// Reads a file.
  ///
  /// - Parameter needsCharacters: false where the pictures come from elsewhere.
  /// - Throws: `SafeTensorsError` when the file cannot be read, else ``TOMLError``.
  public init(path: String, needsCharacters: Bool = true) throws {
    self = try Self(
      toml: try ConfigurationText.read(path, subject: "cast", largest: Self.largest), path: path,
      needsCharacters: needsCharacters)
  }

  /// Reads a text.
  ///
  /// - Parameters:
  ///   - text: the text.
  ///   - path: its file, for errors and for relative paths.
  ///   - needsCharacters: false where the pictures come from elsewhere.
  /// - Throws: ``TOMLError`` for the first key that is unknown or has a value that it does not take.
  public init(toml text: String, path: String, needsCharacters: Bool = true) throws(TOMLError) {
    file = path
    try ForeignConfiguration.refuse(text, path: path, subject: "cast")
    let table = try TOMLReader.read(text, path: path, subject: "cast")
    try ForeignConfiguration.refuse(table, path: path, subject: "cast", alsoKohya: true)
    var root = TOMLFields(table, name: "a cast", path: path, subject: "cast")
    func section(_ name: String) throws(TOMLError) -> TOMLFields? {
      try root.table(name).map { TOMLFields($0, name: "[\(name)]", path: path, subject: "cast") }
    }
    if var fields = try section("model") { model = try Model(&fields) }
    if var fields = try section("network") { network = try Network(&fields) }
    if var fields = try section("training") { training = try Training(&fields) }
    if var fields = try section("losses") { losses = try Losses(&fields) }
    if var fields = try section("captions") {
      captions = try CaptionRule(&fields, base: captions)
      try fields.finish()
    }
    if var fields = try section("images") {
      images = try ImageRule(&fields, base: images)
      try fields.finish()
    }
    if var fields = try section("preview") { preview = try Preview(&fields) }
    if var fields = try section("output") { output = try Output(&fields) }
    for table in try root.tables("character") {
      var fields = TOMLFields(table, name: "a character", path: path, subject: "cast")
      characters.append(try Character(&fields, captions: captions, images: images))
    }
    for table in try root.tables("group") {
      var fields = TOMLFields(table, name: "a group", path: path, subject: "cast")
      groups.append(try Group(&fields, captions: captions, images: images))
    }
    for table in try root.tables("regularization") {
      var fields = TOMLFields(table, name: "a regularization set", path: path, subject: "cast")
      regularization.append(try Regularization(&fields, captions: captions, images: images))
    }
    try root.finish()
    if let first = problems.first(where: { needsCharacters || $0 != Self.noCharacters }) {
      throw TOMLError(path: path, line: first.line, subject: "cast", rule: first.rule, detail: first.detail)
    }
  }

  /// A path as the program opens it: relative to the file's folder.
  public func path(of name: String) -> String { ConfigurationText.path(of: name, beside: file) }
}
