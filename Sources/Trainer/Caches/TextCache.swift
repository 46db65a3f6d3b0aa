internal import Diffusion
internal import Torch

/// Embeddings of captions under the base model's text encoders.
///
/// Useful while the text encoders stay as they are, and for what the base model says of a caption at any time.
final class TextCache {
  private let encoder: CaptionEncoder
  private let folder: CacheFolder
  private let fingerprint: String
  private let type: ScalarType
  private let device: Device
  private var memory: [String: TextEmbedding] = [:]
  private var bytes = 0
  /// How many captions were computed anew.
  private(set) var computed = 0

  /// What stays in memory at most, in bytes.
  static let limit = 1 << 30

  /// - Parameter fingerprint: what tells text encoders, layer and format apart.
  init(_ encoder: CaptionEncoder, fingerprint: String, folder: CacheFolder, _ type: ScalarType, on device: Device) {
    (self.encoder, self.fingerprint, self.folder) = (encoder, fingerprint, folder)
    (self.type, self.device) = (type, device)
  }

  /// The embeddings of captions, one row each.
  /// - Parameter stores: for each caption whether it is used often enough to be kept on disk.
  func embeddings(_ captions: [String], stores: [Bool]) throws -> TextEmbedding {
    var parts: [TextEmbedding] = []
    for (caption, keeps) in zip(captions, stores) { parts.append(try embedding(caption, stores: keeps)) }
    return try TextEmbedding.joined(parts)
  }

  private func embedding(_ caption: String, stores: Bool) throws -> TextEmbedding {
    if let known = memory[caption] { return known }
    var key = ""
    if stores, folder.path != nil {
      var content = ContentKey("text 1")
      content.add(fingerprint)
      content.add("\(encoder.pieces)")
      content.add(caption)
      key = content.hex
      // Models with one encoder have no pooled state; an empty one stands for it.
      if let stored = folder.tensors(key, ["context", "pooled"]) {
        let pooled = stored[1].count > 0 ? try stored[1].to(device, type) : nil
        return keep(TextEmbedding(context: try stored[0].to(device, type), pooled: pooled), caption)
      }
    }
    let made = try withoutGradients { try encoder([caption], .plain) }
    computed += 1
    if !key.isEmpty {
      let pooled = try made.pooled ?? Tensor.zeros([0])
      try folder.store([("context", made.context), ("pooled", pooled)], key)
    }
    return keep(made, caption)
  }

  private func keep(_ embedding: TextEmbedding, _ caption: String) -> TextEmbedding {
    let size = 4 * embedding.context.count
    // Captions that are shuffled never come again: the oldest must not keep out those that do.
    if bytes + size > Self.limit {
      memory.removeAll()
      bytes = 0
    }
    memory[caption] = embedding
    bytes += size
    return embedding
  }
}
