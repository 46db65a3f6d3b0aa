import Adapters
import SafeTensors

extension ConvertEngine {
  /// Converts and writes a folder as PEFT saves one: `adapter_model.safetensors` and `adapter_config.json`; a folder of each
  /// network in it where the LoRA has several.
  ///
  /// - Parameters:
  ///   - recipe: what to do; its alphas go into the configuration.
  ///   - path: the folder to make, which must not be there.
  ///   - workers: how many layers are compared at once, where the result is verified.
  /// - Returns: what was done.
  /// - Throws: ``MergeError``, `SafeTensorsError` or `AdapterError`; nothing is left behind then.
  public static func run(_ recipe: ConvertRecipe, toFolder path: String, workers: Int = 2) async throws -> ConvertReport
  {
    var recipe = recipe
    recipe.alphaPlace = .config
    let networks = Set(recipe.adapter.modules.map(\.path.part)).sorted()
    var folder = try FolderWriter(path: path)
    var reports: [ConvertReport] = []
    for part in networks {
      var own = recipe
      own.adapter = recipe.adapter.only(part)
      let name = OutputDialect.component(part, recipe.adapter.architecture)
      let prefix = networks.count > 1 ? "\(name)/" : ""
      if networks.count > 1 { try folder.makeFolder(name) }
      let configuration = AdapterConfiguration(
        ranks: try ConvertPlanner.plan(own).ranks, usesDoRA: own.usesDoRA(part))
      let text = JSONValue.object(configuration.members()).text
      // The configuration first: the file beside it is read back with it.
      try folder.write(Array("\(text)\n".utf8), to: prefix + "adapter_config.json")
      reports.append(try await run(own, to: folder.place(prefix + "adapter_model.safetensors"), workers: workers))
    }
    guard var total = reports.first else {
      throw MergeError(path: recipe.adapter.file.path, rule: .empty, detail: "has no layer that PEFT can hold")
    }
    try folder.finish()
    for report in reports.dropFirst() {
      total.modules += report.modules
      total.splits += report.splits
      total.unchangedParts += report.unchangedParts
      total.factored += report.factored
      total.exact += report.exact
      total.rounded += report.rounded
      total.skipped += report.skipped
      if let worst = report.worstModule, worst.residual > total.worstModule?.residual ?? -1 {
        total.worstModule = worst
      }
      if let residual = report.residual { total.residual = max(total.residual ?? 0, residual) }
    }
    total.output = path
    return total
  }
}
