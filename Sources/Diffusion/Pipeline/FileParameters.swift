import SafeTensors
import Torch

/// The parameters of a VAE that has a file of its own, named as in diffusers or in the original way.
final class FileParameters: ParameterSource {
  private let file: SafeTensorsFile
  private let names: OriginalNames
  private let what: String
  private let type: ScalarType
  private let device: Device

  /// Opens a file.
  /// - Parameters:
  ///   - path: the file, or the folder in which diffusers keeps such a network or a whole model.
  ///   - what: what it should be, for errors.
  init(path: String, _ what: String, for model: ModelConfiguration, as type: ScalarType, on device: Device) throws {
    var path = path
    if FolderContents.isFolder(path) {
      if FolderContents.isFolder("\(path)/vae") { path += "/vae" }
      path += "/diffusion_pytorch_model.safetensors"
    }
    file = try SafeTensorsFile(path: path)
    names = OriginalNames(model)
    self.what = what
    self.type = type
    self.device = device
  }

  /// One parameter.
  /// - Throws: ``CheckpointError`` when the file lacks it or has it in another shape.
  func parameter(_ part: NetworkPart, _ name: String, shape: [Int]) throws -> Tensor {
    guard let place = ParameterPlace([StoredName(key: name)] + names.places(part, name), in: file) else {
      throw CheckpointError(
        path: file.path, rule: .parameters, detail: "has no \(name), so it is no \(what); name such a file or folder")
    }
    guard place.shape.holds(shape), place.form != .transposed else {
      throw CheckpointError(
        path: file.path, rule: .parameters,
        detail: "\(place.tensor.name) is \(place.shape), not \(shape): this \(what) belongs to another kind of model")
    }
    let memory = TensorMemory(count: place.tensor.count * 4)
    try memory.withMutableSpan { span in
      try file.readFloats(place.tensor, elements: 0..<place.tensor.count, into: &span)
    }
    return try Tensor(memory: memory, scalarType: .f32, shape: shape).to(device, type)
  }
}
