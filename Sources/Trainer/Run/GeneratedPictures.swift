public import Diffusion
internal import Images
internal import SafeTensors

/// Regularisation pictures that the base model draws of a class before the run.
///
/// They lie in a folder beside the run's output, named by the class, the model and how they are drawn: pictures that
/// are there already are used again.
public struct GeneratedPictures {
  private let cast: CastConfiguration
  private let model: DiffusionModel
  private let folder: String

  /// Pictures of a cast's sets.
  public init(_ cast: CastConfiguration, _ model: DiffusionModel) {
    (self.cast, self.model) = (cast, model)
    folder = "\(cast.path(of: cast.output.folder))/generated"
  }

  /// Draws what is missing, and adds all of it to the pictures of a cast.
  ///
  /// - Parameters:
  ///   - pictures: the cast's own; the new ones come after them, each set in a subset after all others.
  ///   - processes: the first of them draws.
  ///   - progress: called after each picture, with the number of all; what it throws ends the drawing.
  /// - Returns: the numbers of each set's pictures.
  public func add(
    to pictures: inout DatasetPictures, processes: any RunProcesses = SingleProcess(),
    progress: (_ done: Int, _ count: Int) throws -> Void
  ) throws -> [Int: [Int]] {
    let result = cast.addGenerated(to: &pictures)
    let all = result.values.reduce(0) { $0 + $1.count }
    var done = 0
    for (set, numbers) in result.sorted(by: { $0.key < $1.key }) {
      let name = cast.regularization[set].className
      for index in numbers.indices {
        let path = path(name, index)
        if processes.isFirst, !FolderContents.exists(path) { try draw(name, index, to: path) }
        done += 1
        try progress(done, all)
      }
      _ = try processes.gather([0])
      for (index, number) in numbers.enumerated() {
        pictures.pictures[number].path = path(name, index)
        pictures.pictures[number].size = try DatasetPictures.header(path(name, index))
      }
    }
    return result
  }

  private var size: PixelSize { cast.training.resolutions.first ?? PixelSize(model.standardSide) }

  private func path(_ name: String, _ index: Int) -> String {
    // Everything that the pictures depend on, but for the model's own bytes: hashing them would take longer than a picture.
    var key = ContentKey("generated 1")
    key.add(name)
    key.add("\(cast.model)")
    key.add(
      "\(size) \(cast.preview.steps) \(cast.preview.guidance) \(cast.preview.sampler ?? "") \(cast.preview.negative) "
        + "\(cast.training.seed)")
    let slug = String(
      name.unicodeScalars.map { $0.properties.isAlphabetic || $0.properties.numericType != nil ? Character($0) : "-" })
    return "\(folder)/\(slug)-\(key.hex.prefix(8))/\(index + 1).png"
  }

  private func draw(_ prompt: String, _ index: Int, to path: String) throws {
    var request = PictureRequest(
      prompt: prompt, seeds: [UInt64(cast.training.seed) &+ UInt64(index)], width: size.width, height: size.height)
    request.negative = cast.preview.negative
    request.steps = cast.preview.steps
    request.guidance = Guidance(scale: cast.preview.guidance)
    if let name = cast.preview.sampler.flatMap({ SamplerName(infotext: $0) }) { request.sampler = name }
    request.layer = cast.model.clipSkip
    let drawn = try TextToImage(model)(request)
    try WholeFile.makeFolder(String(path.prefix(upTo: path.lastIndex(of: "/") ?? path.endIndex)))
    try drawn.first?.write(to: path, as: .png, replacing: true)
  }
}

extension CastConfiguration {
  /// Adds places for the pictures that the base model draws before the run: squares of the first resolution without a
  /// file, each set's in a subset after all others.
  /// - Returns: the numbers of each set's pictures.
  public func addGenerated(to pictures: inout DatasetPictures) -> [Int: [Int]] {
    var result: [Int: [Int]] = [:]
    var subset = subsets.count
    for (number, set) in regularization.enumerated() {
      guard let count = set.generated else { continue }
      result[number] = Array(pictures.pictures.count..<pictures.pictures.count + count)
      pictures.pictures += (0..<count).map { _ in
        .init(
          path: "", size: training.resolutions.first ?? PixelSize(1024), caption: set.className,
          subset: subset)
      }
      subset += 1
    }
    return result
  }
}
