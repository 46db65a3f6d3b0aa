import Adapters
import SafeTensors

/// What can be decided from the header before ranks are known.
struct ResizePlan: Sendable {
  /// One layer.
  struct Layer: Sendable {
    var path: ModulePath
    var module: AdapterModule
    var keys: OutputKeys
    var outputs: Int
    var inputs: Int
    /// What follows `[out, rank]` and `[rank, …]` in the written shapes: `[1, 1]` and `[channels, height, width]` for a convolution.
    var upTail: [Int]
    var downTail: [Int]

    /// Whether it is a convolution with a kernel larger than 1×1.
    var isWide: Bool { downTail.dropFirst().contains { $0 > 1 } }
    /// The numbers that one rank takes.
    var width: Int { outputs + inputs }
  }

  /// The layers, in the order in which their factors are written.
  var layers: [Layer]
  var dtype: DType
  var dialect: OutputDialect
  var skipped: [String]

  /// - Throws: ``MergeError`` when the file holds what has no exact factors, or a layer has no name.
  init(_ recipe: ResizeRecipe) throws(MergeError) {
    // A file by itself is the sum of one: names, shapes and refusals are those of a merge.
    let plan = try MergePlan(
      MergeRecipe(
        sources: [MergeSource(adapter: recipe.adapter, strength: 1)], method: .concat, dtype: recipe.dtype,
        skipsUnsupported: recipe.skipsUnsupported))
    layers = plan.layers.compactMap { layer in
      guard let module = layer.parts.first?.module else { return nil }
      return Layer(
        path: layer.path, module: module, keys: layer.keys, outputs: layer.outputs, inputs: layer.inputs,
        upTail: Array(layer.upShape.dropFirst(2)), downTail: Array(layer.downShape.dropFirst()))
    }
    dtype = plan.dtype
    dialect = plan.dialect
    skipped = plan.skipped
  }

  /// The tensors of the result for these ranks.
  func declarations(_ ranks: [Int]) -> [TensorDeclaration] {
    zip(layers, ranks).flatMap { layer, rank in
      var tensors = [
        TensorDeclaration(name: layer.keys.down, dtype: dtype, shape: [rank] + layer.downTail),
        TensorDeclaration(name: layer.keys.up, dtype: dtype, shape: [layer.outputs, rank] + layer.upTail),
      ]
      // Alpha in F32 whatever the factors are in: it is one number, and rounding it scales the whole layer.
      if let alpha = layer.keys.alpha { tensors.append(TensorDeclaration(name: alpha, dtype: .f32, shape: [])) }
      return tensors
    }
  }
}
