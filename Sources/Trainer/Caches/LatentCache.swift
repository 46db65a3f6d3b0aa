internal import Diffusion
internal import Images
internal import SafeTensors
internal import Torch

/// The latents of pictures as the autoencoder gives them: a normal distribution at each place.
///
/// Each view of a picture is encoded once and kept on disk; some of them stay in memory too. Runs that crop at random
/// make a new view nearly every time: those are not kept.
final class LatentCache {
  /// What is known of a view.
  struct Entry {
    /// The means, `[1, channels, height, width]`, before scaling.
    var mean: Tensor
    /// The logarithms of the variances.
    var logVariance: Tensor
  }

  private struct Key: Hashable {
    var path: String
    var background: [Int]
    var view: PictureView
  }

  private let vae: AutoencoderKL
  private let fingerprint: String
  private let folder: CacheFolder
  private var hashes: [String: String] = [:]
  private var memory: [Key: Entry] = [:]
  private var bytes = 0
  /// How many views were computed anew.
  private(set) var computed = 0

  /// What stays in memory at most, in bytes.
  static let limit = 1 << 30

  init(_ vae: AutoencoderKL, fingerprint: String, folder: CacheFolder) {
    (self.vae, self.fingerprint, self.folder) = (vae, fingerprint, folder)
  }

  /// The latents of a view.
  /// - Throws: `ImageError` for the picture; `SafeTensorsError` for the folder; ``OptimisationError`` when the
  ///   autoencoder gives numbers that are not finite.
  func entry(_ path: String, rule: ImageRule, view: PictureView) throws -> Entry {
    let key = Key(path: path, background: rule.background, view: view)
    if let known = memory[key] { return known }
    let isKept = rule.crop != .random
    let name = isKept ? try self.name(key) : ""
    if isKept, let stored = folder.tensors(name, ["mean", "log_variance"]) {
      return keep(Entry(mean: stored[0], logVariance: stored[1]), key)
    }
    let entry = try encoded(PreparedPicture(path: path, rule: Self.unmasked(rule), view: view).picture, path)
    computed += 1
    guard isKept else { return entry }
    try folder.store([("mean", entry.mean), ("log_variance", entry.logVariance)], name)
    return keep(entry, key)
  }

  /// The latents of a picture that is in no file, such as a composite; they are not kept.
  func entry(_ picture: Picture, called name: String) throws -> Entry { try encoded(picture, name) }

  private static func unmasked(_ rule: ImageRule) -> ImageRule {
    var rule = rule
    rule.masks = false
    return rule
  }

  private func encoded(_ picture: Picture, _ path: String) throws -> Entry {
    let pixels = try Tensor.pixels(of: picture)
    let tiling = picture.width * picture.height > 1280 * 1280 ? VAETiling(size: 1024, overlap: 256) : nil
    let found = try withoutGradients { try vae.encode(pixels, tiling: tiling) }
    let (mean, logVariance) = try (found.mean.to(.cpu), found.logVariance.to(.cpu))
    guard try mean.allFinite(), try logVariance.allFinite() else {
      throw OptimisationError(
        "\(path): its latents are not finite; the autoencoder overflows in this format or the picture is damaged: take "
          + "another vae, or save the picture anew", kind: .computation)
    }
    return Entry(mean: mean, logVariance: logVariance)
  }

  private func keep(_ entry: Entry, _ key: Key) -> Entry {
    let size = 8 * entry.mean.count
    if bytes + size <= Self.limit {
      memory[key] = entry
      bytes += size
    }
    return entry
  }

  private func name(_ key: Key) throws -> String {
    var content = ContentKey("latents 1")
    content.add(fingerprint)
    content.add(try hash(of: key.path))
    let (placement, window) = (key.view.placement, key.view.window)
    content.add(
      "\(placement.resized) \(window.left) \(window.top) \(window.size) \(key.view.isFlipped) \(key.background)")
    return content.hex
  }

  private func hash(of path: String) throws -> String {
    if let known = hashes[path] { return known }
    guard let bytes = try TextFile.contents(path) else {
      throw DatasetPictures.Refusal(description: "\(path) is gone; put it back, or begin the run anew")
    }
    var content = ContentKey("picture")
    content.add(bytes)
    let found = content.hex
    hashes[path] = found
    return found
  }
}

extension Tensor {
  /// A picture as an autoencoder takes it: `[1, 3, height, width]` from −1 to 1.
  static func pixels(of picture: Picture) throws(TorchError) -> Tensor {
    let colours = picture.rgb()
    let bytes = try Tensor(colours.bytes, shape: [1, colours.height, colours.width, 3])
    return try (bytes.to(.f32) * (1 / 127.5) - 1).permuted(0, 3, 1, 2).contiguous()
  }

  /// A mask as losses take it: `[1, 1, height, width]` from 0 to 1.
  static func mask(of picture: Picture) throws(TorchError) -> Tensor {
    try Tensor(picture.bytes, shape: [1, 1, picture.height, picture.width]).to(.f32) * (1 / 255)
  }
}
