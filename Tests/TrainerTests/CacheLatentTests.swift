import Diffusion
import Foundation
import Images
import SafeTensors
import Testing
import Torch

@testable import Trainer

/// Latents that were computed once are read again, and never those of something else.
@Suite struct CacheLatentTests {
  private let fixture: CastFixture
  private let vae: AutoencoderKL
  private let rule = ImageRule()
  private var path: String { fixture.folder.path("konrad/0.png") }
  private var cache: String { fixture.folder.path("cache") }

  init() throws {
    fixture = try CastFixture()
    guard case .full(let vae) = try CastFixture.model().decoder else { throw OptimisationError("no autoencoder") }
    self.vae = vae
  }

  private func latents(_ fingerprint: String = "a", folder: String? = nil) -> LatentCache {
    LatentCache(vae, fingerprint: fingerprint, folder: CacheFolder(folder ?? cache))
  }

  private func view(_ size: PixelSize = PixelSize(64), left: Int = 0, isFlipped: Bool = false) throws -> PictureView {
    let placement = try #require(BucketRule(resolution: size, shortest: 32, step: 32).placement(of: PixelSize(64)))
    return PictureView(
      placement: placement, window: CropWindow(left: left, top: 0, size: PixelSize(64 - left, 64)),
      isFlipped: isFlipped,
      offsets: .real)
  }

  /// The stored files.
  private func files() -> [String] {
    let all = FileManager.default.enumerator(atPath: cache)?.compactMap { $0 as? String } ?? []
    return all.filter { $0.hasSuffix(".safetensors.zst") }.map { "\(cache)/\($0)" }
  }

  private static func bytes(_ entry: LatentCache.Entry) throws -> [[UInt8]] {
    [try entry.mean.bytes(), try entry.logVariance.bytes()]
  }

  @Test func theSecondTimeNothingIsComputed() throws {
    let first = latents()
    let made = try Self.bytes(first.entry(path, rule: rule, view: view()))
    #expect(try Self.bytes(first.entry(path, rule: rule, view: view())) == made && first.computed == 1)
    let second = latents()
    #expect(try Self.bytes(second.entry(path, rule: rule, view: view())) == made && second.computed == 0)
    #expect(files().count == 1)
    // Masks are no part of latents, and neither is where the picture lies.
    var masked = rule
    (masked.masks, masked.normalisesMasks, masked.offsets) = (true, false, .kohya)
    let copy = fixture.folder.path("copy.png")
    try FileManager.default.copyItem(atPath: path, toPath: copy)
    #expect(try Self.bytes(second.entry(path, rule: masked, view: view())) == made && second.computed == 0)
    #expect(try Self.bytes(second.entry(copy, rule: rule, view: view())) == made && second.computed == 0)
    // The numbers are the autoencoder's.
    let pixels = try Tensor.pixels(of: Picture(contentsOf: path))
    let found = try withoutGradients { try vae.encode(pixels) }
    #expect(try found.mean.bytes() == made[0] && found.logVariance.bytes() == made[1])
  }

  @Test func everythingThatMattersIsAnotherKey() throws {
    let all = latents()
    _ = try all.entry(path, rule: rule, view: view())
    var (other, expected) = (rule, 1)
    func expectAnother(_ cache: LatentCache, _ rule: ImageRule, _ view: PictureView, _ what: Comment) throws {
      _ = try cache.entry(path, rule: rule, view: view)
      expected += 1
      #expect(files().count == expected, what)
    }
    other.background = [200, 200, 201]
    try expectAnother(all, other, view(), "background")
    try expectAnother(all, rule, view(isFlipped: true), "mirrored")
    try expectAnother(all, rule, view(left: 32), "window")
    try expectAnother(all, rule, view(PixelSize(96)), "size")
    try expectAnother(latents("b"), rule, view(), "autoencoder")
    // One pixel, one step brighter.
    var bytes = try Picture(contentsOf: path)
    bytes = Picture(
      width: 64, height: 64, channels: 3, bytes: [bytes.bytes[0] ^ 1] + bytes.bytes.dropFirst())
    try bytes.write(to: path, as: .png, replacing: true)
    try expectAnother(latents(), rule, view(), "picture")
  }

  @Test func randomCropsAreNotKept() throws {
    var random = rule
    random.crop = .random
    let cache = latents()
    let (one, other) = try (
      cache.entry(path, rule: random, view: view()), cache.entry(path, rule: random, view: view())
    )
    #expect(try Self.bytes(one) == Self.bytes(other) && cache.computed == 2 && files().isEmpty)
  }

  @Test(arguments: [0, 10, 40]) func damagedFilesAreReplaced(_ kept: Int) throws {
    let made = try Self.bytes(latents().entry(path, rule: rule, view: view()))
    let file = try #require(files().first)
    let whole = try Data(contentsOf: URL(filePath: file))
    try whole.prefix(kept).write(to: URL(filePath: file))
    let again = latents()
    #expect(try Self.bytes(again.entry(path, rule: rule, view: view())) == made && again.computed == 1)
    var flipped = whole
    flipped[whole.count / 2] ^= 0x10
    try flipped.write(to: URL(filePath: file))
    let third = latents()
    #expect(try Self.bytes(third.entry(path, rule: rule, view: view())) == made && third.computed == 1)
    let last = latents()
    #expect(try Self.bytes(last.entry(path, rule: rule, view: view())) == made && last.computed == 0)
  }

  /// Sixteen caches in sixteen threads: whoever comes last, the file is whole, and nothing else is left behind.
  @Test func manyMayWriteTheSameKey() throws {
    let made = try Self.bytes(latents(folder: fixture.folder.path("other")).entry(path, rule: rule, view: view()))
    let values = try (Tensor(bytes: made[0], scalarType: .f32, shape: [1, 4, 32, 32]))
    let folder = CacheFolder(cache)
    let failures = Flag()
    DispatchQueue.concurrentPerform(iterations: 16) { _ in
      for turn in 0..<8 {
        do { try folder.store([("mean", values), ("log_variance", values)], "ab\(turn % 2)") } catch { failures.set() }
        if folder.tensors("ab\(turn % 2)", ["mean"]) == nil { failures.set() }
      }
    }
    #expect(!failures.isSet && files().count == 2)
    for key in ["ab0", "ab1"] { #expect(try folder.tensors(key, ["mean"])?[0].bytes() == made[0]) }
    let left = FileManager.default.enumerator(atPath: cache)?.compactMap { $0 as? String } ?? []
    #expect(!left.contains { $0.hasSuffix(".part") })
  }

  @Test func foldersThatCannotBeWrittenAreNamed() throws {
    try fixture.folder.write("no folder", to: "file")
    let blocked = latents(folder: fixture.folder.path("file/cache"))
    expectError(fixture.folder.path("file/cache")) { try blocked.entry(path, rule: rule, view: view()) }
    expectError("gone.png") { try latents().entry(fixture.folder.path("gone.png"), rule: rule, view: view()) }
    // Without a folder everything is computed once.
    let none = LatentCache(vae, fingerprint: "a", folder: CacheFolder(nil))
    for _ in 0..<2 { _ = try none.entry(path, rule: rule, view: view()) }
    #expect(none.computed == 1)
  }
}
