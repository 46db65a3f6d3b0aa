import Adapters
import SafeTensors

/// What a converted file holds, and where each of its tensors comes from.
struct ConvertPlan: Sendable {
  /// Where a tensor comes from.
  enum Source: Sendable {
    /// A stored tensor, perhaps in another shape of as many elements.
    case stored(TensorInfo)
    /// A factor of a pair, by its place in ``pairs``.
    case pair(Int, TensorRole)
    /// A factor of the exact LoRA of another variant, by its place in ``factored``.
    case factored(Int, TensorRole)
    /// One number.
    case number(Double)
  }

  /// The tensors of the result, by name.
  var sources: [String: Source] = [:]
  var declarations: [TensorDeclaration] = []
  var pairs: [ConvertedPair] = []
  var factored: [AdapterModule] = []
  /// The rank and alpha of each layer, for dialects that keep them beside the tensors.
  var ranks: [(path: ModulePath, rank: Int, alpha: Double)] = []
  /// Layers that are stored as one and become several, and the other way.
  var splits = 0
  var joins = 0
  /// Layers of which not every number is kept: their alpha goes into a factor, or another format was asked for.
  var rounded: Set<ModulePath> = []
  /// Layers that are written.
  var layers = 0
  /// What is left out, and why.
  var skipped: [String] = []
  /// The stems of layers that are left out.
  var leftOut: Set<String> = []
  /// Parts of stored layers that change nothing, which have no tensors in the result.
  var unchanged = 0

  mutating func add(_ name: String, _ dtype: DType, _ shape: [Int], _ source: Source, path: String) throws(MergeError) {
    guard sources.updateValue(source, forKey: name) == nil else {
      throw MergeError(
        path: path, rule: .unnameable,
        detail: "two of its layers would both be called \(name); inspect it with troupe inspect --modules")
    }
    declarations.append(TensorDeclaration(name: name, dtype: dtype, shape: shape))
  }
}
