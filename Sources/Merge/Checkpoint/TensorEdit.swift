import Adapters
import LinearAlgebra
import SafeTensors

/// One change of one stored tensor.
struct TensorEdit: Sendable {
  /// What is added.
  enum Kind: Sendable, Hashable {
    /// ΔW, or a DoRA.
    case matrix
    /// The vector stored under this role: the change of a norm or a bias.
    case vector(TensorRole)
    /// PEFT's (IA)³ of outputs, which scales the bias too: `b · (1 + s (l - 1))`.
    case biasFactors(TensorRole)
  }

  /// The position in the recipe.
  var source: Int
  var module: AdapterModule
  var kind: Kind
  var place: CheckpointPlace

  /// Whether the result depends on the weight in a way of its own, and not on a sum and a length alone.
  var rewritesWeight: Bool { kind == .matrix && module.variant.needsBase && module.variant != .dora }

  /// What a vector is multiplied by beside the strength: PEFT's bias of `lora_B` goes through the layer's scale.
  var vectorScale: Double { kind == .vector(.bias) ? module.scale : 1 }

  /// The new stored rows of a weight that the layer rewrites.
  ///
  /// - Parameters:
  ///   - stored: the rows as they are stored.
  /// - Throws: `AdapterError`, `SafeTensorsError` or `LinearAlgebraError`.
  func rewritten(_ stored: Matrix, by adapter: Adapter, strength: Double) throws -> Matrix {
    guard let geometry = place.geometry else { return stored }
    let weight = place.isTransposed ? stored.transposed : stored
    let result = try adapter.change(of: module, on: geometry).applied(to: weight, geometry, strength: strength)
    return place.isTransposed ? result.transposed : result
  }
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
