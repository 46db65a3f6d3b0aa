import Adapters
import LinearAlgebra
import SafeTensors

/// Turns what was asked for into a rank per layer.
enum RankChoice {
  /// The rank of each layer of a plan.
  ///
  /// - Parameters:
  ///   - recipe: what was asked for.
  ///   - plan: the layers.
  ///   - spectra: the singular values of each layer's ΔW, scale included, greatest first.
  ///   - output: the file to be written, whose name is in its metadata.
  /// - Throws: ``MergeError`` with rule `size` when no ranks are small enough.
  static func ranks(
    _ recipe: ResizeRecipe, plan: ResizePlan, spectra: [[Double]], output: String
  ) throws(MergeError) -> [Int] {
    let limits = zip(plan.layers, spectra).map { layer, values in
      let cap = recipe.cap.map { layer.isWide ? $0.convolution : $0.linear } ?? values.count
      return max(1, min(cap, values.count))
    }
    switch recipe.goal {
    case .rule(let rule):
      return plan.layers.indices.map { index in
        let layer = plan.layers[index]
        let scale = abs(layer.module.scale)
        let unscaled = scale > 0 ? spectra[index].map { $0 / scale } : []
        return min(limits[index], rule.rank(for: unscaled, size: min(layer.outputs, layer.inputs)))
      }
    case .size(let bytes):
      return try budget(bytes, recipe, plan: plan, spectra: spectra, limits: limits, output: output)
    }
  }

  /// The size of the file with these ranks: header, alphas and factors.
  static func size(_ ranks: [Int], _ recipe: ResizeRecipe, plan: ResizePlan, output: String) -> (
    header: Int, factors: Int, total: Int
  ) {
    let declarations = plan.declarations(ranks)
    var metadata = ResizedMetadata.make(recipe, plan: plan, ranks: ranks, output: output)
    metadata[SafeTensorsWriter.hashKey] = String(repeating: "0", count: 64)
    let header = Header.encoded(tensors: Header.written(declarations), metadata: metadata).count
    let data = declarations.reduce(0) { $0 + $1.byteCount }
    let alphas = declarations.reduce(0) { $1.shape.isEmpty ? $0 + $1.byteCount : $0 }
    return (header + alphas, data - alphas, header + data)
  }

  private static func budget(
    _ bytes: Int, _ recipe: ResizeRecipe, plan: ResizePlan, spectra: [[Double]], limits: [Int], output: String
  ) throws(MergeError) -> [Int] {
    let offers = plan.layers.indices.map { index in
      SizeBudget.Offer(
        values: spectra[index], cost: plan.layers[index].width * plan.dtype.bitWidth / 8, limit: limits[index])
    }
    let least = Array(repeating: 1, count: plan.layers.count)
    let smallest = size(least, recipe, plan: plan, output: output)
    guard smallest.total <= bytes else {
      throw MergeError(
        path: recipe.adapter.file.path, rule: .size,
        detail:
          "has \(plan.layers.count) layers, which take \(smallest.total) bytes at rank 1 in \(plan.dtype.rawValue), more than the \(bytes) asked for; allow that much, or choose a narrower --dtype"
      )
    }
    // Shapes and offsets have more digits the greater the ranks, so the header's size is known only with them. The
    // longest header gives ranks that surely fit; with the header that those make, there may be room for a few more.
    let longest = size(limits, recipe, plan: plan, output: output).header + slack
    let safe = SizeBudget.ranks(offers, bytes: bytes - longest)
    var header = safe.map { size($0, recipe, plan: plan, output: output).header } ?? smallest.header
    for _ in 0..<attempts {
      guard let ranks = SizeBudget.ranks(offers, bytes: bytes - header) else { break }
      let actual = size(ranks, recipe, plan: plan, output: output)
      if actual.total <= bytes { return ranks }
      header = max(header + 8, actual.header)
    }
    return safe ?? least
  }

  /// What metadata may be longer by when ranks differ ("Dynamic" instead of a number).
  private static let slack = 64
  /// How often the header is estimated anew; the second estimate nearly always holds.
  private static let attempts = 8
}
