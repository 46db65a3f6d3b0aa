import Diffusion
import Images
import SafeTensors
import Synchronization
import Testing
import Torch

@testable import Trainer

/// A tiny cast: two characters with drawn pictures in a temporary folder, models of a few thousand numbers.
struct CastFixture {
  let folder: TemporaryFolder
  /// The configuration, which a test may change before it makes a plan.
  var cast: CastConfiguration

  /// Models are read once; nothing changes them.
  private static let sd1 = Result { try read("sd1") }
  private static let sd2 = Result { try read("sd2") }
  private static let sdxl = Result { try read("sdxl") }

  private static func read(_ name: String) throws -> DiffusionModel {
    try DiffusionModel(
      ModelCheckpoint(path: Fixtures.path("diffusion/pipeline/\(name)")), Precision(device: .cpu, type: .f32),
      environment: { _ in nil })
  }

  static func model(_ name: String = "sd1") throws -> DiffusionModel {
    try (name == "sd1" ? sd1 : name == "sd2" ? sd2 : sdxl).get()
  }

  static let text = """
    [model]
    checkpoint = "model"
    [network]
    rank = 2
    alpha = 2
    [training]
    steps = 4
    batch = 2
    resolution = 64
    learning_rate = 1e-3
    precision = "f32"
    checkpointing = false
    [output]
    format = "f32"
    every = 0
    """

  static let characters = """
    [[character]]
    name = "Konrad"
    trigger = "konrad"
    class = "1boy"
    images = "konrad"
    [[character]]
    name = "Lisar"
    trigger = "lisar"
    class = "1girl"
    images = "lisar"
    """

  /// - Parameters:
  ///   - more: what is written after the two characters, and their number of pictures.
  init(_ name: String = "sd1", pictures: Int = 3, more: String = "") throws {
    folder = try TemporaryFolder()
    cast = try CastConfiguration(
      toml: Self.text + "\n" + Self.characters + "\n" + more, path: folder.path("cast.toml"))
    // A few layers of each network: files with all of them would be most of the time.
    cast.network.targets = ["unet.**.attn2.**", "te*.**.q_proj"]
    cast.model.checkpoint = Fixtures.path("diffusion/pipeline/\(name)")
    for (seed, who) in ["konrad", "lisar"].enumerated() {
      for index in 0..<pictures {
        try draw("\(who)/\(index)", seed: UInt64(10 * seed + index), caption: "\(who), standing, a hat, red sky")
      }
    }
  }

  /// Writes a picture of coloured blocks, and its caption.
  /// - Parameter hole: the columns that are transparent; nil for a picture without alpha.
  func draw(
    _ name: String, seed: UInt64, width: Int = 64, height: Int = 64, hole: Range<Int>? = nil, colour: Colour? = nil,
    caption: String? = nil
  ) throws {
    let channels = hole == nil ? 3 : 4
    var random = CounterRandom(seed: seed, 77)
    let blocks = (0..<64).map { _ in colour?.red ?? UInt8(truncatingIfNeeded: random.next()) }
    let second = (0..<64).map { _ in colour?.green ?? UInt8(truncatingIfNeeded: random.next()) }
    var bytes: [UInt8] = []
    for y in 0..<height {
      for x in 0..<width {
        let block = (y * 8 / height) * 8 + x * 8 / width
        bytes += [blocks[block], second[block], colour?.blue ?? UInt8(4 * (x % 64))]
        if let hole { bytes.append(hole.contains(x) ? 0 : 255) }
      }
    }
    try folder.write("", to: "\(name).png")
    try Picture(width: width, height: height, channels: channels, bytes: bytes).write(
      to: folder.path("\(name).png"), as: .png, replacing: true)
    if let caption { try folder.write(caption, to: "\(name).txt") }
  }

  func plan(processes: Int = 1) throws -> RunPlan {
    try RunPlan(cast, pictures: cast.pictures(), processes: processes)
  }

  /// What a run told.
  final class Events {
    var steps: [StepRecord] = []
    var validations: [(step: Int, losses: [Int: Double])] = []
    var stopped: [(step: Int, character: Int, best: Double, bestStep: Int)] = []
    var leaks: [LeakMatrix] = []
    var paths: [String] = []
    var isFinished: Bool?
    var losses: [Double] { steps.map(\.loss) }

    func note(_ event: RunEvent) {
      switch event {
      case .step(let record): steps.append(record)
      case .validation(let step, let losses): validations.append((step, losses))
      case .stopped(let step, let character, let best, let bestStep):
        stopped.append((step, character, best, bestStep))
      case .leak(_, let matrix): leaks.append(matrix)
      case .ended(_, let finished, let files): (isFinished, paths) = (finished, files)
      default: break
      }
    }
  }

  /// A run that is ready for its first step.
  /// - Parameters:
  ///   - output: the folder of its files.
  ///   - stop: the step after which it is interrupted.
  func run(
    _ name: String = "sd1", output: String = "out", stop: Int? = nil,
    _ change: (inout TrainingRun.Options) -> Void = { _ in }
  ) throws -> (run: TrainingRun, events: Events) {
    var fixture = self
    fixture.cast.output.folder = output
    let events = Events()
    var options = TrainingRun.Options()
    let flag = Flag()
    if stop != nil { options.shouldStop = { flag.isSet } }
    change(&options)
    let run = try TrainingRun(fixture.plan(processes: options.processes.count), Self.model(name), options) { event in
      events.note(event)
      if case .step(let record) = event, record.step == stop { flag.set() }
    }
    return (run, events)
  }

  /// The numbers of every tensor of a file, by name.
  static func numbers(_ path: String) throws -> [String: [Float]] {
    let file = try SafeTensorsFile(path: path)
    return try Dictionary(
      uniqueKeysWithValues: file.header.tensors.map { ($0.name, try file.readFloats($0)) })
  }
}

/// Something that is true from some moment on.
final class Flag: Sendable {
  private let value = Mutex(false)
  var isSet: Bool { value.withLock { $0 } }
  func set() { value.withLock { $0 = true } }
}

extension StepSource {
  /// The next step, which there must be.
  mutating func following() throws -> StepPlan {
    let plan = next()
    return try #require(plan)
  }
}
