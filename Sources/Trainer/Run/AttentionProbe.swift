internal import Adapters
internal import Diffusion
internal import Synchronization
internal import Torch

/// Looks at queries and keys of the attention to the text while a pass runs, and makes the maps of them that fused
/// attention never shows.
///
/// It acts as adapters that change nothing. Maps of the coarsest levels alone are looked at: there a word stands for a
/// person, and the maps are small.
final class AttentionProbe: Sendable {
  private struct Place {
    let query: LayerSite
    let key: LayerSite
    let heads: Int
  }

  private struct Seen {
    var query: Tensor?
    var key: Tensor?
  }

  private let places: [Place]
  private let seen: Mutex<[Int: Seen]>

  /// The most pixels of a map that is looked at: 32 × 32.
  static let largest = 1024

  /// A probe for one pass.
  init(_ model: DiffusionModel) {
    let configuration = model.configuration.unet
    let sites = model.sites
    places = sites.sites.compactMap { site in
      guard site.part == .unet, site.name.hasSuffix("attn2.to_q"),
        let key = sites[.unet, site.name.dropLast() + "k"]
      else { return nil }
      let path = ModulePath(part: .unet, name: site.name)
      let levels = configuration.heads.count
      let level =
        path.block.hasPrefix("down")
        ? Int(path.block.dropFirst(4)) ?? 0
        : path.block.hasPrefix("up") ? levels - 1 - (Int(path.block.dropFirst(2)) ?? 0) : levels - 1
      return Place(query: site, key: key, heads: configuration.heads[min(max(level, 0), levels - 1)])
    }
    seen = Mutex([:])
  }

  private struct Watcher: LayerAdapter {
    let probe: AttentionProbe
    let index: Int
    let isKey: Bool

    func apply(to output: Tensor, input: Tensor, layer: any AdaptableLayer) throws -> Tensor {
      probe.seen.withLock { seen in
        if isKey { seen[index, default: Seen()].key = output } else { seen[index, default: Seen()].query = output }
      }
      return output
    }
  }

  /// Adds the probe after everything else that acts.
  func add(to adapters: inout AdapterSet) {
    for (index, place) in places.enumerated() {
      adapters.add(Watcher(probe: self, index: index, isKey: false), to: place.query)
      adapters.add(Watcher(probe: self, index: index, isKey: true), to: place.key)
    }
  }

  /// The loss of each sample, the mean over layers.
  /// - Parameter latents: the height and width of the latents.
  func losses(
    latents: (height: Int, width: Int), trigger: Tensor, masks: Tensor, present: [Bool]
  ) throws -> Tensor {
    var total: Tensor?
    var count = 0
    for (index, place) in places.enumerated() {
      guard let one = seen.withLock({ $0[index] }), let query = one.query, let key = one.key else { continue }
      let pixels = try query.size(1)
      guard pixels <= Self.largest, let grid = Self.grid(pixels, latents) else { continue }
      let (batch, width) = try (query.size(0), query.size(2) / place.heads)
      let q = try query.to(.f32).reshaped(batch, -1, place.heads, width).transposed(1, 2)
      let k = try key.to(.f32).reshaped(batch, -1, place.heads, width).transposed(1, 2)
      let maps = try (q.matrixProduct(k.transposed()) * (1 / Double(width).squareRoot())).softmax()
      let loss = try AttentionLocalisation.losses(maps, grid: grid, trigger: trigger, masks: masks, present: present)
      total = if let total { try total + loss } else { loss }
      count += 1
    }
    guard let total else {
      throw OptimisationError(
        "the attention loss found no attention to the text of at most \(Self.largest) pixels in this model; leave "
          + "losses.attention out, or train at a lower resolution")
    }
    return try total / Double(count)
  }

  /// The height and width of a level of so many pixels: latents halved, rounded up, again and again.
  private static func grid(_ pixels: Int, _ latents: (height: Int, width: Int)) -> (height: Int, width: Int)? {
    var (height, width) = (latents.height, latents.width)
    while height * width > pixels, height > 1 || width > 1 { (height, width) = ((height + 1) / 2, (width + 1) / 2) }
    return height * width == pixels ? (height, width) : nil
  }
}
