public import Torch

/// What holds for one run through a model: which adapters act, and what is kept for gradients.
///
/// Models are never changed by their use, so that one set of weights serves any number of passes.
public struct Pass: Sendable {
  /// The adapters that act, by layer; empty for the base model.
  public var adapters: AdapterSet
  /// What is computed again in the backward pass instead of being kept.
  public var recomputation: Recomputation

  /// The base model, everything kept.
  public static let plain = Pass()

  /// A pass.
  public init(adapters: AdapterSet = AdapterSet(), recomputation: Recomputation = .nothing) {
    self.adapters = adapters
    self.recomputation = recomputation
  }

  /// Runs a part of a model, keeping only its inputs if this pass says so and gradients are wanted.
  /// - Parameter least: from which setting on this part is computed again.
  public func segment(
    from least: Recomputation = .everything, _ inputs: [Tensor], _ body: @escaping @Sendable ([Tensor]) throws -> Tensor
  ) throws -> Tensor {
    // Without an input that needs gradients nothing would lead back into the segment, and its adapters would learn
    // nothing; such segments stand before the first adapter and keep little.
    guard recomputation >= least, isRecordingGradients, inputs.contains(where: \.requiresGradient) else {
      return try body(inputs)
    }
    return try recomputed(inputs) { [try body($0)] }[0]
  }
}

/// The adapters of a pass, by the layer they act on.
public struct AdapterSet: Sendable {
  private var layers: [ObjectIdentifier: [any LayerAdapter]] = [:]
  private var norms: [ObjectIdentifier: NormChange] = [:]

  /// No adapter.
  public init() {}

  /// Whether nothing acts.
  public var isEmpty: Bool { layers.isEmpty && norms.isEmpty }

  /// Adds an adapter; several on one layer act one after another.
  public mutating func add(_ adapter: any LayerAdapter, to site: LayerSite) {
    layers[ObjectIdentifier(site), default: []].append(adapter)
  }

  /// Adds to the parameters of a norm; several changes add up.
  public mutating func add(_ change: NormChange, to site: LayerSite) throws {
    func sum(_ first: Tensor?, _ second: Tensor?) throws -> Tensor? {
      guard let first, let second else { return first ?? second }
      return try first + second
    }
    let before = norms[ObjectIdentifier(site)] ?? NormChange()
    norms[ObjectIdentifier(site)] = NormChange(
      weight: try sum(before.weight, change.weight), bias: try sum(before.bias, change.bias))
  }

  /// What is added to a norm's parameters.
  @inline(__always) public func norm(of site: LayerSite) -> NormChange? {
    norms.isEmpty ? nil : norms[ObjectIdentifier(site)]
  }

  /// The adapters of a layer.
  @inline(__always) public func adapters(of site: LayerSite) -> [any LayerAdapter] {
    layers.isEmpty ? [] : layers[ObjectIdentifier(site)] ?? []
  }
}

/// What an adapter does at one layer.
public protocol LayerAdapter: Sendable {
  /// The layer's output with this adapter.
  /// - Parameters:
  ///   - output: the output so far, of the base layer and adapters before this one.
  ///   - input: the layer's input.
  ///   - layer: the layer itself, for adapters that need its weight or its way of computing.
  func apply(to output: Tensor, input: Tensor, layer: any AdaptableLayer) throws -> Tensor
}

/// A layer that adapters can act on.
public protocol AdaptableLayer: Sendable {
  /// Its identity.
  var site: LayerSite { get }
  /// The weight, `[out, in]` or `[out, in, height, width]`.
  var weight: Tensor { get }
  /// The bias, `[out]`, if it has one.
  var bias: Tensor? { get }
  /// The layer's linear map with another weight of the same inputs: the same stride and padding, no bias.
  func map(_ input: Tensor, weight: Tensor) throws -> Tensor
}

extension AdaptableLayer {
  /// The base output changed by the pass's adapters.
  @inline(__always) func adapted(_ output: Tensor, input: Tensor, _ pass: Pass) throws -> Tensor {
    var output = output
    for adapter in pass.adapters.adapters(of: site) {
      output = try adapter.apply(to: output, input: input, layer: self)
    }
    return output
  }
}
