import SafeTensors
public import Torch

/// The parameters of a base model on disk, read as a model asks for them.
///
/// Each tensor is read straight into the memory it stays in, and converted alone, so that loading takes the model's own
/// size and one tensor besides.
public final class CheckpointParameters: ParameterSource {
  /// Numbers of one parameter that are NaN or infinite.
  public struct NonFinite: Sendable, Hashable {
    /// The network.
    public var part: NetworkPart
    /// The parameter's name in diffusers.
    public var name: String
    /// How many there are in the format that was asked for.
    public var count: Int
    /// How many of them the file itself has; the others became infinite when they were narrowed.
    public var inFile: Int
  }

  /// The model.
  public let checkpoint: ModelCheckpoint
  /// The number format of the parameters; `nil` keeps each as ``ModelCheckpoint/scalarType(_:_:)`` says.
  public let scalarType: ScalarType?
  /// Formats of single networks, which come before ``scalarType``: a VAE that overflows in half precision.
  public var scalarTypes: [NetworkPart: ScalarType] = [:]
  /// Where the parameters go.
  public let device: Device
  /// Whether NaN and infinite numbers are looked for; a pass over all memory.
  public var countsNonFinite = false
  /// The parameters read so far that have NaN or infinite numbers, when ``countsNonFinite`` was set.
  public private(set) var nonFinite: [NonFinite] = []

  /// A source of an opened model's parameters.
  ///
  /// - Parameters:
  ///   - checkpoint: the model.
  ///   - needs: what will be asked for; compared with the model before anything is read. Empty compares nothing, and a
  ///     missing parameter is found only when it is asked for.
  ///   - type: the number format, a floating-point one.
  ///   - device: where the parameters go.
  /// - Throws: ``CheckpointError`` as ``ModelCheckpoint/check(_:)`` does.
  public init(
    _ checkpoint: ModelCheckpoint, for needs: [ParameterList.Entry], as type: ScalarType? = nil,
    on device: Device = .cpu
  ) throws {
    try checkpoint.check(needs)
    self.checkpoint = checkpoint
    scalarType = type
    self.device = device
  }

  /// One parameter.
  /// - Throws: ``CheckpointError``, `SafeTensorsError` or `TorchError`.
  public func parameter(_ part: NetworkPart, _ name: String, shape: [Int]) throws -> Tensor {
    guard let place = checkpoint.place(part, name), place.shape.holds(shape) else {
      try checkpoint.check([ParameterList.Entry(part: part, name: name, shape: shape)])
      throw CheckpointError(path: checkpoint.path, rule: .parameters, detail: "has no \(name)")
    }
    guard let natural = ScalarType(reading: place.tensor.dtype) else {
      throw CheckpointError(
        path: place.file.path, rule: .format,
        detail: "\(place.tensor.name) is stored as \(place.tensor.dtype.rawValue), which is no format of weights")
    }
    let type = scalarTypes[part] ?? scalarType ?? natural
    var tensor = try read(place, natural: natural)
    if place.form == .transposed { tensor = try tensor.transposed().contiguous() }
    tensor = try tensor.reshaped(shape)
    let stored = tensor
    if device != .cpu {
      tensor = try tensor.to(device, type)
    } else if try tensor.scalarType != type {
      tensor = try tensor.to(type)
    }
    if countsNonFinite, try !tensor.allFinite() {
      nonFinite.append(
        NonFinite(
          part: part, name: name, count: try Self.nonFinite(in: tensor), inFile: try Self.nonFinite(in: stored)))
    }
    return tensor
  }

  private static func nonFinite(in tensor: Tensor) throws -> Int {
    tensor.count - Int(try tensor.isFinite().to(.f64).sum().item())
  }

  /// The numbers as they are stored, but for 8-bit formats, in a shape that reads the same.
  private func read(_ place: ParameterPlace, natural: ScalarType) throws -> Tensor {
    let (file, tensor) = (place.file, place.tensor)
    var shape = tensor.shape
    var first = 0
    if case .third(let third) = place.form {
      shape[0] /= 3
      first = third * (tensor.count / 3)
    }
    let count = shape.reduce(1, *)
    guard tensor.dtype.bitWidth == 8 else {
      let size = tensor.dtype.bitWidth / 8
      let memory = TensorMemory(count: count * size)
      try memory.withMutableSpan { span in
        try file.read(tensor, bytes: first * size..<(first + count) * size, into: &span)
      }
      return try Tensor(memory: memory, scalarType: natural, shape: shape)
    }
    let memory = TensorMemory(count: count * 4)
    try memory.withMutableSpan { span in try file.readFloats(tensor, elements: first..<first + count, into: &span) }
    return try Tensor(memory: memory, scalarType: .f32, shape: shape)
  }
}

extension ModelCheckpoint {
  /// The parameters for a model, after a check that all are there.
  ///
  /// - Parameters:
  ///   - needs: the model's parameters, as a ``ParameterList`` collects them.
  ///   - type: the number format; `nil` keeps the file's.
  ///   - device: where the parameters go.
  /// - Throws: ``CheckpointError`` as ``check(_:)`` does.
  public func load(
    _ needs: [ParameterList.Entry], as type: ScalarType? = nil, on device: Device = .cpu
  ) throws -> CheckpointParameters {
    try CheckpointParameters(self, for: needs, as: type, on: device)
  }
}
