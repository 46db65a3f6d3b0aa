public import Diffusion
public import Torch

extension CastConfiguration {
  /// Opens the base model, with what the configuration says of its prediction.
  /// - Throws: `CheckpointError`, `SafeTensorsError`.
  public func openCheckpoint() throws -> ModelCheckpoint {
    let path = path(of: model.checkpoint)
    let found = try ModelCheckpoint(path: path)
    var configuration = found.configuration
    switch model.prediction {
    case .automatic: break
    case .epsilon: configuration.schedule.prediction = .epsilon
    case .velocity: configuration.schedule.prediction = .velocity
    }
    if let zero = model.zeroTerminalSNR { configuration.schedule.zeroTerminalSNR = zero }
    guard configuration != found.configuration else { return found }
    return try ModelCheckpoint(path: path, configuration: configuration)
  }

  /// Reads the base model as it is trained on.
  ///
  /// - Parameters:
  ///   - checkpoint: what ``openCheckpoint()`` gave.
  ///   - device: where it computes; nil for the best there is.
  ///   - type: the format instead of the configuration's.
  ///   - environment: the value of an environment variable.
  public func loadModel(
    _ checkpoint: ModelCheckpoint, on device: Device? = nil, as type: ScalarType? = nil,
    environment: (String) -> String?
  ) throws -> DiffusionModel {
    try DiffusionModel(
      checkpoint, Precision(device: device, type: type ?? training.precision.scalarType),
      vae: model.vae.map { .file(path(of: $0)) } ?? .own, environment: environment)
  }
}
