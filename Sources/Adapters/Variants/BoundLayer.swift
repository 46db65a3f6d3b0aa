import LinearAlgebra
import SafeTensors

/// The base model's layer beneath a layer of an adapter, by which its change is known exactly.
public struct BoundLayer: Sendable {
  /// The base model.
  public let base: Checkpoint
  /// Where the weight stands in it.
  public let place: CheckpointPlace
  /// The layer's shape.
  public let geometry: LayerGeometry
  /// The strength at which the change is taken.
  public let strength: Double
  /// The greatest rank of its factors; nil for all there is.
  public let rank: Int?
  /// What such a rank leaves out of the adapter's layers.
  public let truncation: BaseTruncation
}

extension Adapter {
  /// This adapter over a base model: the layers whose change depends on the model's weights (DoRA, OFT, BOFT, (IA)³,
  /// GLoRA, replaced weights) are then known exactly, and ``factors(of:)`` gives them like all others.
  ///
  /// Weights are read when a layer's factors are asked for, and not kept.
  ///
  /// - Parameters:
  ///   - base: the base model.
  ///   - strength: the strength the adapter is used at. What DoRA and BOFT do is not in proportion to it, so the factors
  ///     are those of the change at this strength, divided by it; of 0, those at 1.
  ///   - rank: cuts each of these layers to the closest change of this rank; nil for the whole change. What that leaves
  ///     out is gathered in ``BoundLayer/truncation``.
  /// - Throws: ``AdapterError`` with rule `base` when the base model lacks a layer or is of another family, `shape` when a
  ///   layer has another shape there.
  public func bound(
    to base: Checkpoint, strength: Double = 1, rank wanted: Int? = nil
  ) throws(AdapterError) -> Adapter {
    if architecture != .unknown, base.architecture != .unknown, architecture != base.architecture {
      throw AdapterError(
        path: file.path, rule: .base,
        detail: "is for \(architecture.label), but the base model \(base.path) is \(base.architecture.label)")
    }
    var copy = self
    // Rotations do not tell how wide the text is that they read; the model does.
    if architecture == .unknown { copy.architecture = base.architecture }
    let truncation = BaseTruncation()
    for (index, module) in modules.enumerated() where module.variant.needsBase {
      guard let place = base.places(of: module.path).first else {
        throw AdapterError(
          path: file.path, rule: .base, key: module.stem,
          detail: "the base model \(base.path) has no layer \(module.path); give the model the file was trained on")
      }
      guard let geometry = place.geometry else {
        throw AdapterError(
          path: file.path, rule: .base, key: module.stem,
          detail: "\(place.tensor.name) in \(base.path) is \(place.tensor.shape), which is no weight of a layer")
      }
      try checkFit(of: module, on: geometry)
      let (out, width) = (geometry.outputs, geometry.inputs)
      let rank =
        switch module.variant {
        case .glora: module.rank * (1 + geometry.kernelSize)
        case .tlora: 2 * module.rank
        default: out
        }
      copy.modules[index] = AdapterModule(
        path: module.path, stem: module.stem, dialect: module.dialect, variant: module.variant, tensors: module.tensors,
        outputs: out, inputs: width, kernel: geometry.kernel.allSatisfy { $0 == 1 } ? [] : geometry.kernel,
        rank: module.rank, alpha: module.alpha, scale: module.scale, exactRank: min(rank, out, width, wanted ?? .max),
        rows: module.rows,
        bound: BoundLayer(
          base: base, place: place, geometry: geometry, strength: strength == 0 ? 1 : strength, rank: wanted,
          truncation: truncation))
    }
    return copy
  }

  /// The factors of a layer's change over its base model, cut where a rank was asked for.
  func boundFactors(of module: AdapterModule, _ layer: BoundLayer) throws -> LowRank {
    let exact = try exactFactors(of: module, layer)
    guard let wanted = layer.rank, wanted < exact.rank else { return exact }
    // By a sketch where the rank is far below the layer's: the full decomposition of a large one takes seconds.
    if 4 * (wanted + 10) < min(exact.outputs, exact.inputs), exact.rank == min(exact.outputs, exact.inputs) {
      let identity = Matrix.identity(exact.rank)
      let dense = exact.up == identity ? exact.down : exact.down == identity ? exact.up : exact.dense
      let (product, energy) = try dense.randomisedFactors(rank: wanted, iterations: 4, seed: 0x7409)
      layer.truncation.note(module.path, left: max(0, dense.squaredNorm - energy), total: dense.squaredNorm)
      return product
    }
    let (product, left, total) = try exact.truncated(to: wanted)
    layer.truncation.note(module.path, left: left, total: total)
    return product
  }

  private func exactFactors(of module: AdapterModule, _ layer: BoundLayer) throws -> LowRank {
    let weight = try layer.base.weight(at: layer.place)
    let change = try change(of: module, on: layer.geometry)
    if case .mixed(let channels, let added) = change {
      return LowRank.sum([GLoRA.mixed(weight, by: channels, layer.geometry), added]).compacted
    }
    if case .departed(let product, let start, let scale) = change {
      let began = try LowRank.whole(start.matrix(of: weight)).truncated(to: start.rank).product
      return LowRank.sum([product, LowRank(up: began.up.scaled(by: -scale), down: began.down)]).compacted
    }
    let delta = try change.applied(to: weight, layer.geometry, strength: layer.strength) - weight
    return .whole(delta.scaled(by: 1 / layer.strength))
  }
}
