import LinearAlgebra
import SafeTensors

/// Pairs of factors under stems of no known layer, as in files for models this version does not know by
/// layer: their
/// ranks and alphas can still be told.
struct LooseLayers {
  /// One pair.
  struct Layer {
    var stem: String
    var up: TensorInfo
    var down: TensorInfo
    var rank: Int
    var alpha: Alpha
  }

  /// What reading the tensors of no known layer tells.
  struct Contents {
    /// The fused attention layers that are three separate ones set side by side.
    var blockDiagonal: [String] = []
    /// The tensors with values that are not finite.
    var nonFinite: [(name: String, count: Int)] = []
    /// Stems whose `lora_up` is zero.
    var zero: [String] = []
  }

  private let file: SafeTensorsFile
  private let unmatched: [TensorInfo]
  /// The pairs, in the file's order.
  let layers: [Layer]
  /// Layers of known names that compute queries, keys and values at once.
  private let fused: [(stem: String, up: TensorInfo, rank: Int)]
  /// How the pairs store their change, if there are any.
  var variant: Variant? { layers.isEmpty ? nil : .lora }

  init(_ adapter: Adapter) {
    file = adapter.file
    fused = adapter.modules.compactMap { module in
      guard module.isPair, module.stem.hasSuffix("qkv"), module.rank % 3 == 0, module.outputs % 3 == 0 else {
        return nil
      }
      return module.tensors[.up].map { (module.stem, $0, module.rank) }
    }
    unmatched = adapter.unmatched.compactMap { adapter.file[$0.key] }
    var stems: [String] = []
    var groups: [String: [TensorRole: TensorInfo]] = [:]
    for tensor in unmatched {
      guard let (stem, role) = TensorRole.split(tensor.name) else { continue }
      if groups[stem] == nil { stems.append(stem) }
      groups[stem, default: [:]][role] = tensor
    }
    let file = adapter.file
    layers = stems.compactMap { stem in
      guard let group = groups[stem], let up = group[.up], let down = group[.down], up.shape.count > 1,
        down.shape.count > 1, let rank = down.shape.first, rank > 0,
        up.count % rank == 0, up.shape.dropFirst().reduce(1, *) == rank
      else { return nil }
      let stored = group[.alpha].flatMap { try? file.doubles(of: $0).first }.flatMap {
        $0.isFinite && $0 != 0 ? $0 : nil
      }
      let alpha =
        stored.map { Alpha(value: $0, source: .tensor) } ?? Alpha(value: Double(rank), source: .assumed)
      return Layer(stem: stem, up: up, down: down, rank: rank, alpha: alpha)
    }
  }

  /// Reads the tensors.
  func read() throws(SafeTensorsError) -> Contents {
    var contents = Contents()
    for tensor in unmatched {
      let count = try file.nonFiniteCount(of: tensor)
      if count > 0 { contents.nonFinite.append((tensor.name, count)) }
    }
    for layer in fused where Self.isBlockDiagonal(try file.doubles(of: layer.up), columns: layer.rank) {
      contents.blockDiagonal.append(layer.stem)
    }
    for layer in layers {
      let values = try file.doubles(of: layer.up)
      if values.allSatisfy({ $0 == 0 }) {
        contents.zero.append(layer.stem)
      } else if layer.isFusedAttention, Self.isBlockDiagonal(values, columns: layer.rank) {
        contents.blockDiagonal.append(layer.stem)
      }
    }
    return contents
  }

  /// Whether `[3·out, 3·r]` is zero outside its three diagonal blocks.
  private static func isBlockDiagonal(_ values: [Double], columns: Int) -> Bool {
    let rows = values.count / columns
    guard rows % 3 == 0, columns % 3 == 0, rows > 0 else { return false }
    guard values.contains(where: { $0 != 0 }) else { return false }
    return (0..<rows).allSatisfy { row in
      let own = row / (rows / 3)
      return (0..<columns).allSatisfy { $0 / (columns / 3) == own || values[row * columns + $0] == 0 }
    }
  }
}

extension LooseLayers.Layer {
  /// Whether the layer computes queries, keys and values at once, in three equal parts.
  fileprivate var isFusedAttention: Bool {
    stem.hasSuffix("qkv") && rank % 3 == 0 && (up.shape.first ?? 1) % 3 == 0
  }
}
