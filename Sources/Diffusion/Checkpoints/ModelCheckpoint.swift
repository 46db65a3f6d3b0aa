import Adapters
import SafeTensors
public import Torch

/// A base model on disk, opened: what it looks like, and where its parameters stand.
///
/// A folder as diffusers keeps it, or a single file in the original naming of SD 1.x, SD 2.x or SDXL, whole or a UNet
/// alone. Only headers and configurations are read until ``CheckpointParameters`` asks for numbers.
public final class ModelCheckpoint: Sendable {
  /// The ways in which a model is kept.
  public enum Layout: String, Sendable, CaseIterable {
    /// diffusers' folder with `model_index.json`.
    case folder
    /// One file in the original naming.
    case singleFile = "single-file"
  }

  /// The file or folder.
  public let path: String
  /// How it is kept.
  public let layout: Layout
  /// What it looks like; parts that it lacks are described as the family has them.
  public let configuration: ModelConfiguration
  /// The networks it has.
  public let parts: Set<NetworkPart>
  /// What a person should know: assumptions made, parts that are not there.
  public let notes: [String]

  private let names: OriginalNames
  let file: SafeTensorsFile?
  let folder: [NetworkPart: [String: FolderTensor]]

  /// A tensor of a folder.
  struct FolderTensor: Sendable {
    var file: SafeTensorsFile
    var tensor: TensorInfo
  }

  /// Opens a base model.
  ///
  /// - Parameters:
  ///   - path: a folder, or a safetensors file.
  ///   - configuration: what the model looks like, for small models whose file does not tell.
  ///   - variant: which of a folder's weights to take, such as `fp16`; `nil` takes the plain ones where there are any.
  /// - Throws: ``CheckpointError`` or `SafeTensorsError`.
  public convenience init(
    path: String, configuration: ModelConfiguration? = nil, variant: String? = nil
  ) throws {
    let opened =
      FolderContents.isFolder(path)
      ? try OpenedCheckpoint.folder(path, configuration: configuration, variant: variant)
      : try OpenedCheckpoint.singleFile(path, configuration: configuration)
    self.init(path: path, opened)
  }

  init(path: String, _ opened: OpenedCheckpoint) {
    self.path = path
    layout = opened.file == nil ? .folder : .singleFile
    configuration = opened.configuration
    notes = opened.notes
    file = opened.file
    folder = opened.folder
    names = OriginalNames(opened.configuration)
    parts = opened.parts
  }

  /// Where a parameter stands; `nil` where the model lacks it.
  func place(_ part: NetworkPart, _ name: String) -> ParameterPlace? {
    guard let file else {
      guard let found = folder[part]?[CanonicalName.of(part, name)] else { return nil }
      return ParameterPlace(file: found.file, tensor: found.tensor, form: .plain)
    }
    return ParameterPlace(names.places(part, name), in: file)
  }

  /// The shape of a parameter; `nil` where the model lacks it.
  public func shape(_ part: NetworkPart, _ name: String) -> [Int]? { place(part, name)?.shape }

  /// The number format a parameter is read in unless another is asked for: its own, and BF16 for 8-bit ones, which it
  /// holds exactly.
  public func scalarType(_ part: NetworkPart, _ name: String) -> ScalarType? {
    place(part, name).flatMap { ScalarType(reading: $0.tensor.dtype) }
  }

  /// The folder or file beside the weights that holds a tokenizer, where the model has one.
  func tokenizerFolder(_ name: String) -> String? {
    let place = "\(path)/\(name)"
    return layout == .folder && FolderContents.isFolder(place) ? place : nil
  }
}

/// A parameter's place in an open file.
struct ParameterPlace {
  let file: SafeTensorsFile
  let tensor: TensorInfo
  let form: StoredName.Form

  init(file: SafeTensorsFile, tensor: TensorInfo, form: StoredName.Form) {
    self.file = file
    self.tensor = tensor
    self.form = form
  }

  /// The first of several places that the file has.
  init?(_ places: [StoredName], in file: SafeTensorsFile) {
    for place in places {
      guard let tensor = file[place.key] else { continue }
      self.init(file: file, tensor: tensor, form: place.form)
      return
    }
    return nil
  }

  /// The parameter's shape, but for trailing ones; the stored one where the form does not fit it.
  var shape: [Int] { StoredName(key: "", form: form).parameterShape(tensor.shape) ?? tensor.shape }
}

extension ScalarType {
  /// The format in which weights stored as `dtype` are read; `nil` for formats that hold no weights.
  init?(reading dtype: DType) {
    switch dtype {
    case .f64: self = .f64
    case .f32: self = .f32
    case .f16: self = .f16
    case .bf16, .f8E4M3, .f8E5M2, .f8E4M3FNUZ, .f8E5M2FNUZ: self = .bf16
    default: return nil
    }
  }
}
