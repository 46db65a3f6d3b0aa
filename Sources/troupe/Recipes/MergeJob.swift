import Adapters
import ArgumentParser
import Merge
import SafeTensors

/// A merge as it is wanted, whether it came from the command line or from a recipe file.
struct MergeJob {
  var files: [WeightedFile]
  var output: String
  var method: MethodOptions
  var dtype: MergeCommand.Format?
  var dialect: OutputDialect?
  /// What of each layer to take, by the position of the file and its base model.
  var weights: (Int, Architecture) throws -> LayerWeights
  /// The recipe as a table, for `--dry-run`.
  var recipe: RecipeFile?

  /// The metadata keys under which a recipe is kept.
  static let recipeKey = "troupe.recipe"
  static let recipeHashKey = "troupe.recipe_sha256"

  /// What the merge engine carries out.
  ///
  /// - Throws: `LayerWeightsError`; ``ValidationError`` for a pattern that names no layer of any file.
  func engineRecipe(_ adapters: [Adapter], command: MergeCommand) throws -> MergeRecipe {
    var sources: [MergeSource] = []
    for (index, adapter) in adapters.enumerated() {
      let weights = try weights(index, adapter.architecture)
      sources.append(MergeSource(adapter: adapter, strength: files[index].strength, weights: weights))
    }
    // A pattern without a layer is a slip of the pen: nobody writes one to leave things as they are.
    let paths = adapters.flatMap { $0.modules.map(\.path) }
    if let unused = sources.lazy.flatMap({ $0.weights.unusedPatterns(among: paths) }).first {
      throw ValidationError(
        "the pattern \(unused.text) names no layer of these files; `troupe inspect --modules` lists them.")
    }
    var annotations: [String: String] = [:]
    if let recipe { annotations = [Self.recipeKey: recipe.canonicalText, Self.recipeHashKey: recipe.hash] }
    return MergeRecipe(
      sources: sources, method: method.merge, dtype: dtype?.dtype, dialect: dialect,
      skipsUnsupported: command.skipUnsupported, overflow: command.saturate ? .saturate : .refuse,
      verifies: command.verify, lambda: method.lambda ?? 1, normalises: method.normalise,
      covariances: try method.covariances.map { try CovarianceFile(path: $0) }, annotations: annotations)
  }
}

extension MergeJob {
  /// A job from a recipe file; `output` overrides the recipe's own.
  init(recipe path: String, output: String?) throws {
    let recipe = try RecipeFile.read(path: path)
    guard let target = output ?? recipe.output.map({ RecipeFile.path(of: $0, recipe: path) }) else {
      throw ValidationError("\(path) names no output; add one, or give --output.")
    }
    files = recipe.sources.map {
      WeightedFile(path: RecipeFile.path(of: $0.file, recipe: path), strength: $0.strength ?? 1)
    }
    self.output = target
    do {
      method = try MethodOptions.parse(recipe.methodArguments)
    } catch {
      throw ValidationError("\(path): \(MethodOptions.message(for: error))")
    }
    method.covariances = method.covariances.map { RecipeFile.path(of: $0, recipe: path) }
    dtype = recipe.dtype.flatMap(MergeCommand.Format.init(rawValue:))
    dialect = recipe.to.flatMap(OutputDialect.init(rawValue:))
    weights = { try recipe.sources[$0].layerWeights(architecture: $1, exclude: recipe.exclude) }
    self.recipe = recipe
  }
}

extension RecipeFile {
  /// The method and its options as the command line takes them, so that both are checked by the same rules.
  var methodArguments: [String] {
    var arguments: [String] = []
    func add(_ name: String, _ value: String?) {
      if let value { arguments += ["--\(name)=\(value)"] }
    }
    add("method", method)
    add("rank", rank.map(String.init))
    add("conv-rank", convRank.map(String.init))
    add("lambda", lambda.map { "\($0)" })
    if normalise == true { arguments.append("--normalise") }
    for (name, option) in options.sorted(by: { $0.key < $1.key }) {
      let name = name.map { $0 == "_" ? "-" : String($0) }.joined()
      switch option {
      case .bool(let isOn): if isOn { arguments.append("--\(name)") }
      case .integer(let value): add(name, "\(value)")
      case .number(let value): add(name, "\(value)")
      case .text(let value): add(name, value)
      }
    }
    return arguments
  }
}
