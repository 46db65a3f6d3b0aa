internal import Diffusion
internal import SafeTensors
internal import Torch

/// What caches know a model by: the SHA-256 of the networks whose answers they keep.
///
/// Bytes are hashed as they are stored, so that the same weights under another name are the same model, and a text encoder
/// with one changed embedding is another.
struct ModelFingerprint: Sendable, Hashable {
  /// Of the text encoders.
  var text: String
  /// Of the autoencoder.
  var vae: String

  /// Reads the parts of a model that pictures and captions go through.
  /// - Parameter vae: another autoencoder than the model's own.
  init(_ model: DiffusionModel, vae other: String?) throws {
    let checkpoint = model.checkpoint
    text = try checkpoint.hash(of: [.textEncoder1, .textEncoder2]) + ":\(model.precision.type.rawValue)"
    vae = try other.map { try Self.file($0) } ?? checkpoint.hash(of: [.vae])
  }

  private static func file(_ path: String) throws -> String {
    if FolderContents.isFolder(path) { return try ModelCheckpoint(path: path).hash(of: [.vae]) }
    return try SafeTensorsFile(path: path).tensorHash()
  }
}
