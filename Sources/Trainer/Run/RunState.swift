internal import SafeTensors
internal import Torch

/// Everything that the next step of a run depends on, in one file: LoRAs, optimiser, averages, sampler.
///
/// The file appears under its name when it is complete, and only then are older ones removed: a run that is killed at any
/// moment finds its last state.
struct RunState {
  /// The steps that are done.
  var step = 0
  /// The sampler's own text.
  var sampler = ""
  /// The loss scale of half precision with its count of good steps.
  var scaler: (factor: Double, goodSteps: Int)?
  /// What is known of early stopping.
  var members: [EarlyStopping.Member] = []
  /// Steps taken into the moving average.
  var averaged = 0
  /// The run's own name, which all its files share.
  var session = ""
  /// When it began, in seconds since 1970.
  var started = 0.0
  /// The optimiser's name.
  var optimiser = ""
  /// Every tensor, by a name that begins with what it belongs to: `lora/`, `optimiser/`, `average/`, `best/`.
  var tensors: [(name: String, tensor: Tensor)] = []

  /// How such files end.
  static let ending = ".state.safetensors"
  private static let key = "troupe.state"

  /// The tensors under a prefix, without it.
  func tensors(under prefix: String) -> [String: Tensor] {
    Dictionary(
      tensors.filter { $0.name.hasPrefix(prefix) }.map { (String($0.name.dropFirst(prefix.count)), $0.tensor) },
      uniquingKeysWith: { _, last in last })
  }

  /// Writes the state; a state of that name is replaced.
  /// - Throws: `SafeTensorsError`; a state that was there before is then still there.
  func write(to path: String) throws {
    let numbers = members.map { member in
      JSONValue.object([
        "best": .double(member.best), "step": .unsigned(UInt64(member.bestStep)), "stopped": .bool(member.isStopped),
      ])
    }
    var fields: [JSONValue.Member] = [
      .init(name: "version", value: .unsigned(1)), .init(name: "step", value: .unsigned(UInt64(step))),
      .init(name: "optimiser", value: .string(optimiser)), .init(name: "sampler", value: .string(sampler)),
      .init(name: "averaged", value: .unsigned(UInt64(averaged))), .init(name: "members", value: .array(numbers)),
      .init(name: "session", value: .string(session)), .init(name: "started", value: .double(started)),
    ]
    if let scaler {
      fields.append(.init(name: "scale", value: .double(scaler.factor)))
      fields.append(.init(name: "good_steps", value: .unsigned(UInt64(scaler.goodSteps))))
    }
    let declarations = try tensors.map { name, tensor in
      TensorDeclaration(name: name, dtype: try tensor.scalarType == .f64 ? .f64 : .f32, shape: tensor.shape)
    }
    var writer = try SafeTensorsWriter(
      path: path, declarations: declarations, metadata: [Self.key: JSONValue.object(fields).text], existing: .replace,
      hashes: false)
    let byName = Dictionary(tensors.map { ($0.name, $0.tensor) }, uniquingKeysWith: { _, last in last })
    while let info = writer.expected {
      guard let tensor = byName[info.name] else { break }
      try writer.append(tensor.detached().to(.cpu, info.dtype == .f64 ? .f64 : .f32).contiguous().bytes())
    }
    try writer.finish()
  }

  /// Reads a state.
  /// - Throws: `SafeTensorsError`; ``OptimisationError`` when the file is no state.
  init(path: String) throws {
    let file = try SafeTensorsFile(path: path)
    func broken() -> OptimisationError {
      OptimisationError("\(path): is no state of a run that this version reads; resume from another, or begin anew")
    }
    guard let text = file.header.metadata[Self.key], let value = try? JSONParser.parse(text),
      value["version"]?.int == 1, let step = value["step"]?.int, step >= 0, let sampler = value["sampler"]?.string,
      let optimiser = value["optimiser"]?.string, let averaged = value["averaged"]?.int,
      let members = value["members"]?.elements, let session = value["session"]?.string,
      let started = value["started"]?.number
    else { throw broken() }
    (self.session, self.started) = (session, started)
    (self.step, self.sampler, self.optimiser, self.averaged) = (step, sampler, optimiser, averaged)
    self.members = try members.map { member in
      guard let bestStep = member["step"]?.int, let isStopped = member["stopped"]?.bool else { throw broken() }
      // An infinite number has no JSON; null stands for it.
      return EarlyStopping.Member(best: member["best"]?.number ?? .infinity, bestStep: bestStep, isStopped: isStopped)
    }
    if let factor = value["scale"]?.number, let good = value["good_steps"]?.int { scaler = (factor, good) }
    tensors = try file.header.tensors.map { info in
      guard info.dtype == .f32 || info.dtype == .f64 else { throw broken() }
      return (
        info.name, try Tensor(bytes: file.read(info), scalarType: info.dtype == .f64 ? .f64 : .f32, shape: info.shape)
      )
    }
  }

  init() {}
}
