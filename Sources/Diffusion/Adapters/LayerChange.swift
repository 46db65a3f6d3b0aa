import Adapters
import LinearAlgebra
import SafeTensors
import Torch

/// What a file does to one layer, ready to compute with.
struct LayerChange: Sendable {
  /// The change of the weight.
  enum Delta: Sendable {
    /// `up · down`, with the file's scale in `up`: `[out, rank]` and `[rank, in]`, as kernels for convolutions.
    case factors(up: Tensor, down: Tensor)
    /// The whole ΔW, of the weight's shape: where factors would be larger or are not known.
    case whole(Tensor)
  }

  /// The change of the weight, if there is one.
  var delta: Delta?
  /// DoRA's lengths, and whose they are: of outputs `[out, 1, …]`, or of input channels `[1, in, …]`.
  var magnitudes: (values: Tensor, axis: MagnitudeAxis)?
  /// OFT, BOFT, (IA)³, GLoRA and their like: the change depends on the weight, and is computed from it.
  var rewrite: (change: WeightChange, geometry: LayerGeometry)?
  /// Added to the bias, `[out]`.
  var bias: Tensor?
  /// What the bias is multiplied by at strength 1, `[out]`: PEFT's (IA)³ of outputs.
  var biasFactors: Tensor?

  /// Whether the change is more than a sum, so that the changed weight takes the base's place.
  var replacesWeight: Bool { magnitudes != nil || rewrite != nil }

  /// Reads a layer of a file for a place of a model.
  /// - Throws: `AdapterError`, `SafeTensorsError` or `TorchError`; ``DiffusionError`` when the layer is of another shape.
  init(_ module: AdapterModule, of adapter: Adapter, at site: LayerSite, _ type: ScalarType, _ device: Device) throws {
    func tensor(_ elements: [Double], _ shape: [Int]) throws -> Tensor {
      try Tensor(elements.map(Float.init), shape: shape).to(device, type)
    }
    func vector(_ role: TensorRole) throws -> Tensor? {
      guard let info = module.tensors[role] else { return nil }
      guard info.count == site.shape[0] else { throw Self.mismatch(module, adapter, site, "[\(info.count)]") }
      return try tensor(adapter.file.doubles(of: info), [info.count])
    }
    bias = try vector(.diffBias)
    if let own = try vector(.bias) { bias = try bias.map { try $0 + own * module.scale } ?? own * module.scale }
    guard module.variant != .vector else { return }
    if module.variant.needsBase, module.variant != .dora {
      guard let geometry = LayerGeometry(weightShape: site.shape) else {
        throw Self.mismatch(module, adapter, site, module.variant.label)
      }
      rewrite = (try adapter.change(of: module, on: geometry), geometry)
      if module.tensors[.ia3Vector] != nil, try adapter.scaledAxis(of: module, on: geometry).axis == .outputs {
        biasFactors = try vector(.ia3Vector)
      }
      return
    }
    let inputs = site.shape.dropFirst().reduce(1, *)
    guard module.outputs == site.shape[0], module.inputs == inputs else {
      throw Self.mismatch(module, adapter, site, "[\(module.outputs), \(module.inputs)]")
    }
    let factors = try adapter.deltaFactors(of: module)
    let isConvolution = site.shape.count == 4
    if factors.rank * (module.outputs + inputs) < module.outputs * inputs {
      delta = .factors(
        up: try tensor(factors.up.elements, [module.outputs, factors.rank] + (isConvolution ? [1, 1] : [])),
        down: try tensor(factors.down.elements, [factors.rank] + site.shape.dropFirst()))
    } else {
      delta = .whole(try tensor(factors.dense.elements, site.shape))
    }
    guard let (values, axis) = try adapter.magnitudes(of: module, channels: site.shape[1]) else { return }
    let ones = [Int](repeating: 1, count: site.shape.count - 2)
    // In F32, because lengths of long vectors lose too much in half precision.
    let lengths = try Tensor(
      values.map(Float.init), shape: (axis == .outputs ? [values.count, 1] : [1, values.count]) + ones)
    magnitudes = (try lengths.to(device), axis)
  }

  static func mismatch(
    _ module: AdapterModule, _ adapter: Adapter, _ site: LayerSite, _ found: String
  ) -> DiffusionError {
    DiffusionError(
      "\(adapter.file.path): \(module.stem) is \(found), but the model's \(site.name) is \(site.shape); they are for different base models"
    )
  }

  /// The whole ΔW in F32, of the weight's shape.
  func whole(like weight: Tensor) throws -> Tensor? {
    switch delta {
    case nil: return nil
    case .whole(let change): return try change.to(.f32)
    case .factors(let up, let down):
      let rank = try down.size(0)
      return try up.to(.f32).reshaped(-1, rank).matrixProduct(down.to(.f32).reshaped(rank, -1))
        .reshaped(weight.shape)
    }
  }

  /// What the change adds to the layer's output for an input, at strength 1 and without DoRA's lengths.
  /// - Parameter scale: multiplied in where numbers are fewest: a number, or a tensor that broadcasts over the output.
  func response(to input: Tensor, of layer: any AdaptableLayer, scale: ScaleFactor) throws -> Tensor? {
    switch delta {
    case nil: return nil
    case .whole(let change): return try scale.applied(to: layer.map(input, weight: change))
    case .factors(let up, let down):
      let hidden = try scale.applied(to: layer.map(input, weight: down))
      return try up.dimensions == 4 ? hidden.convolved(up) : hidden.linear(up)
    }
  }
}

/// A number, or one for each sample.
enum ScaleFactor: Sendable {
  case number(Double)
  /// `[batch]`.
  case samples(Tensor)

  init(_ strength: Strength, like tensor: Tensor) throws {
    switch strength {
    case .uniform(let value): self = .number(value)
    case .perSample(let values):
      let batch = try tensor.size(0)
      guard values.count == batch else {
        throw DiffusionError("\(values.count) strengths were given for a batch of \(batch) samples")
      }
      self = .samples(try Tensor(values.map(Float.init)).to(tensor.device, tensor.scalarType))
    }
  }

  func applied(to tensor: Tensor) throws -> Tensor {
    switch self {
    case .number(1): return tensor
    case .number(let value): return try tensor * value
    case .samples(let values):
      return try tensor * values.reshaped([-1] + [Int](repeating: 1, count: tensor.dimensions - 1))
    }
  }
}

extension AdaptableLayer {
  /// A bias, `[out]`, in a shape that broadcasts over the layer's output.
  func spread(_ bias: Tensor, over output: Tensor) throws -> Tensor {
    try bias.reshaped(
      site.shape.count == 4 ? [1, -1, 1, 1] : [Int](repeating: 1, count: output.dimensions - 1) + [-1])
  }
}
