import Adapters
import SafeTensors

/// What `troupe inspect --json` prints.
struct InspectionDocument: Encodable {
  /// The version of this layout.
  let schema = 1
  let files: [Inspection]
  /// The files that could not be read.
  let errors: [InspectionError]
  /// The files' training parameters side by side; only when there are several adapters.
  let comparison: RecipeComparison?

  init(_ files: [Inspection], errors: [InspectionError] = []) {
    self.files = files
    self.errors = errors
    comparison = Self.comparison(files)
  }

  /// Compares the adapters among the files, under the shortest names that tell them apart; nil for fewer
  /// than two.
  static func comparison(_ files: [Inspection]) -> RecipeComparison? {
    let files = files.filter { $0.kind == .lora }
    guard files.count > 1 else { return nil }
    let names = names(files)
    return RecipeComparison(zip(names, files).map { (name: $0, record: $1.recipe) }, layers: files.map(\.fields))
  }

  /// The files' names without folder and ending, or their paths where names repeat.
  static func names(_ files: [Inspection]) -> [String] {
    func stem(_ name: String) -> String {
      for ending in [".safetensors.zst", ".safetensors"] where name.hasSuffix(ending) {
        return String(name.dropLast(ending.count))
      }
      return name
    }
    let stems = files.map { stem($0.name) }
    return zip(stems, files).map { name, file in stems.count { $0 == name } > 1 ? stem(file.path) : name }
  }
}

/// What `troupe inspect --compare --json` prints.
struct ComparisonDocument: Encodable {
  let schema = 1
  /// The files, in the order of the comparison's names.
  let files: [String]
  let comparison: RecipeComparison
  /// The files that could not be read.
  let errors: [InspectionError]
  /// The files that are no adapters, and so were left out.
  let leftOut: [String]

  init(_ comparison: RecipeComparison, of files: [Inspection], errors: [InspectionError]) {
    self.comparison = comparison
    self.errors = errors
    self.files = files.filter { $0.kind == .lora }.map(\.path)
    leftOut = files.filter { $0.kind != .lora }.map(\.path)
  }
}

/// A file that could not be read.
struct InspectionError: Encodable {
  let path: String
  let rule: String
  let text: String

  /// The whole sentence.
  var description: String { text }

  /// Takes an error that is the file's fault; nil for any other.
  init?(_ error: any Error, path: String) {
    self.path = path
    switch error {
    case let error as SafeTensorsError: (rule, text) = (error.rule.rawValue, error.description)
    case let error as AdapterError: (rule, text) = (error.rule.rawValue, error.description)
    default: return nil
    }
  }
}
