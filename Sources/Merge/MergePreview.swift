import Adapters
import SafeTensors

/// What a merge would write, decided from the headers alone.
public struct MergePreview: Sendable, Codable {
  /// The method.
  public var method: String
  /// The layers that would be written.
  public var modules: Int
  /// The smallest and largest rank of a layer.
  public var rank: MergeReport.RankRange
  /// The number format.
  public var dtype: String
  /// The naming.
  public var dialect: String
  /// The bytes of the tensors.
  public var bytes: Int
  /// What would be left out, as asked.
  public var skipped: [String]

  /// Plans a merge without reading a weight.
  /// - Throws: ``MergeError`` when the sources do not fit each other or the method.
  public init(_ recipe: MergeRecipe) throws {
    let plan = try MergePlan(recipe)
    let ranks = plan.layers.map(\.rank)
    method = recipe.method.name
    modules = plan.layers.count
    rank = .init(min: ranks.min() ?? 0, max: ranks.max() ?? 0)
    dtype = plan.dtype.rawValue
    dialect = plan.dialect.rawValue
    bytes = plan.declarations.reduce(0) { $0 + $1.shape.reduce(1, *) * $1.dtype.bitWidth / 8 }
    skipped = plan.skipped
  }
}
