import Adapters
import SafeTensors

/// One change of one stored tensor.
struct TensorEdit: Sendable {
  /// What is added.
  enum Kind: Sendable, Hashable {
    /// ΔW, or a DoRA.
    case matrix
    /// The vector stored under this role: the change of a norm or a bias.
    case vector(TensorRole)
  }

  /// The position in the recipe.
  var source: Int
  var module: AdapterModule
  var kind: Kind
  var place: CheckpointPlace
}

/// One file of the base model and what changes in it.
struct BakeFile: Sendable {
  var base: Checkpoint.File
  var declarations: [TensorDeclaration]
  /// The changes by tensor, in the order of the recipe's sources.
  var edits: [String: [TensorEdit]]
  /// Whether any tensor changes its value or format.
  var isChanged: Bool
}
