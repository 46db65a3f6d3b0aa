import Foundation
import SafeTensors
import Testing

/// A folder with two characters of small pictures, a regularisation set, and a cast for the tiny Stable Diffusion 1.x.
struct TrainFixture {
  let folder: String

  static let fixtures = CommandLineHarness.root.appending(path: "Tests/Fixtures")
  static let models = fixtures.appending(path: "diffusion/pipeline").path

  /// Two steps of a few layers: a second.
  static let cast = """
    [model]
    checkpoint = "\(models)/sd1"
    [network]
    rank = 2
    targets = ["unet.**.attn2.*"]
    [training]
    steps = 2
    batch = 2
    resolution = 64
    bucket_step = 16
    precision = "f32"
    learning_rate = 1e-3
    checkpointing = false
    [output]
    every = 0
    [[character]]
    name = "Konrad"
    trigger = "konrad_httt"
    class = "1boy"
    images = "konrad"
    [[character]]
    name = "Li'sar"
    trigger = "lisar_httt"
    class = "1girl"
    images = "lisar"
    [[regularization]]
    class = "1boy"
    images = "reg"
    pairs_with = ["Konrad"]
    ratio = 0.5

    """

  /// Runs `body` in such a folder, which is gone afterwards.
  static func make<R>(_ body: (TrainFixture) throws -> R) throws -> R {
    try CommandLineHarness.scratch { folder in
      let fixture = TrainFixture(folder: folder)
      for (image, name, caption) in [
        ("rgb.png", "konrad/a.png", "1boy, portrait"), ("rgb.bmp", "konrad/b.bmp", "1boy, full body"),
        ("palette.png", "konrad/c.png", "1boy, sitting"), ("grey.png", "lisar/a.png", "1girl, portrait"),
        ("rgba.png", "lisar/b.png", "1girl, sitting"), ("rgb.jpg", "reg/a.jpg", "1boy, standing"),
      ] {
        try fixture.put(image, name, caption)
      }
      try fixture.write()
      return try body(fixture)
    }
  }

  func path(_ name: String) -> String { "\(folder)/\(name)" }

  /// Puts a picture under another name, with a caption beside it.
  func put(_ image: String, _ name: String, _ caption: String) throws {
    let target = URL(filePath: path(name))
    try FileManager.default.createDirectory(at: target.deletingLastPathComponent(), withIntermediateDirectories: true)
    try FileManager.default.copyItem(at: Self.fixtures.appending(path: "images/\(image)"), to: target)
    try Data(caption.utf8).write(to: target.deletingPathExtension().appendingPathExtension("txt"))
  }

  /// Writes a file.
  func put(_ bytes: some Sequence<UInt8>, _ name: String) throws {
    try Data(bytes).write(to: URL(filePath: path(name)))
  }

  /// Writes the cast with parts of its text replaced.
  func write(_ changes: (String, String)...) throws {
    var text = Self.cast
    for (old, new) in changes {
      #expect(text.contains(old), "the cast has no \(old)")
      text = text.replacing(old, with: new)
    }
    try put(text.utf8, "cast.toml")
  }

  /// Trains the cast.
  func train(_ arguments: String...) throws -> CommandLineHarness.Result { try train(arguments) }

  func train(_ arguments: [String]) throws -> CommandLineHarness.Result {
    try CommandLineHarness.run(["train", path("cast.toml")] + arguments, environment: environment)
  }

  var environment: [String: String] {
    ["TROUPE_THREADS": "1", "COLUMNS": "80", "XDG_CACHE_HOME": path("cache"), "NO_COLOR": "1"]
  }

  /// The names in the output folder, sorted; none where there is no folder.
  func output() -> [String] { ((try? FileManager.default.contentsOfDirectory(atPath: path("output"))) ?? []).sorted() }

  /// The lines of the log.
  func log() throws -> [String] {
    try String(contentsOfFile: path("output/cast.log.jsonl"), encoding: .utf8).split(separator: "\n").map(String.init)
  }

  /// The bytes of every tensor of a file.
  func tensors(_ name: String) throws -> [String: [UInt8]] {
    let file = try SafeTensorsFile(path: path(name))
    return Dictionary(
      uniqueKeysWithValues: try file.header.tensors.map { info in
        (info.name, try file.withBytes(of: info) { span in span.withUnsafeBytes { Array($0) } })
      })
  }

  /// A copy of the tiny model, as `model` beside the cast, in which the bytes of one network's tensors are others.
  func copyModel(
    _ network: String = "unet/diffusion_pytorch_model",
    _ change: (_ name: String, _ shape: inout [Int], _ bytes: inout [UInt8]) -> Void
  ) throws {
    try FileManager.default.copyItem(atPath: "\(Self.models)/sd1", toPath: path("model"))
    let place = path("model/\(network).safetensors")
    let file = try SafeTensorsFile(path: place)
    var changed: [(TensorDeclaration, [UInt8])] = []
    for info in file.header.tensors {
      var shape = info.shape
      var bytes = try file.withBytes(of: info) { span in span.withUnsafeBytes { Array($0) } }
      change(info.name, &shape, &bytes)
      changed.append((TensorDeclaration(name: info.name, dtype: info.dtype, shape: shape), bytes))
    }
    var writer = try SafeTensorsWriter(
      path: place, declarations: changed.map(\.0), metadata: file.header.metadata, existing: .replace)
    while let info = writer.expected {
      try writer.append(try #require(changed.first { $0.0.name == info.name }).1)
    }
    try writer.finish()
  }
}
