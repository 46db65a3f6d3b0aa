internal import Adapters
internal import Diffusion
internal import Torch

/// What LoRAs add to keys and values of the attention to the text, from the text alone.
struct ContextChanges {
  private let layers: [(key: CastNetwork.Layer, value: CastNetwork.Layer)]
  private let count: Int

  /// The layers of a network that read the text; a layer whose key or value is not trained is left out.
  init(_ network: CastNetwork) {
    let byName = Dictionary(
      network.layers.filter { $0.path.part == .unet }.map { ($0.path.name, $0) },
      uniquingKeysWith: { first, _ in first })
    layers = network.layers.compactMap { layer in
      guard layer.path.role == .crossAttentionK, layer.path.name.hasSuffix("to_k"),
        let value = byName[layer.path.name.dropLast() + "v"]
      else { return nil }
      return (layer, value)
    }
    count = network.count
  }

  /// Whether no such layer is trained.
  var isEmpty: Bool { layers.isEmpty }

  /// The changes of every layer, `[batch, tokens, width]` each.
  /// - Parameters:
  ///   - context: the embeddings, `[batch, tokens, width]`.
  ///   - routes: for each sample the LoRAs that act on it.
  func of(_ context: Tensor, _ routes: [[Int]]) throws(TorchError) -> [(key: Tensor, value: Tensor)] {
    let text = try context.to(.f32)
    func change(_ layer: CastNetwork.Layer) throws(TorchError) -> Tensor {
      var sum: Tensor?
      for lora in 0..<count where routes.contains(where: { $0.contains(lora) }) {
        let factors = layer.factors[lora]
        let acts = try Tensor.perSample(routes.map { $0.contains(lora) ? factors.scale : 0 }, like: text)
        let part = try text.linear(factors.down).linear(factors.up) * acts
        sum = if let sum { try sum + part } else { part }
      }
      return if let sum { sum } else { try Tensor.zeros([1, 1, 1], on: text.device) }
    }
    var changes: [(key: Tensor, value: Tensor)] = []
    for layer in layers { changes.append((try change(layer.key), try change(layer.value))) }
    return changes
  }
}
