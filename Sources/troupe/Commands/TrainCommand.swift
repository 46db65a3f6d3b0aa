import ArgumentParser
import Diffusion
import Synchronization
import Torch
import Trainer

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// `troupe train`: a cast in one batch.
struct TrainCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "train",
    abstract: "Train the LoRAs of a cast together, so that the characters do not blend.",
    discussion: """
      A cast is a text: base model, characters with their triggers and pictures, and whatever shall not be as usual;
      docs/cast.md has every key. `troupe dataset check` tells beforehand what is wrong with pictures and captions.

      Ctrl-C ends a run after its step, twice at once. Interrupted or killed, it goes on with --resume as if nothing had been.

      Examples:
        troupe train cast.toml --dry-run
        troupe train cast.toml
        troupe train cast.toml --resume
        troupe train cast.toml --processes 2
        troupe train --dataset-config data.toml --model sdxl.safetensors
      """)

  @ArgumentParser.Argument(help: ArgumentHelp("The cast.", valueName: "cast.toml"))
  var cast: String?

  @OptionGroup(title: "sd-scripts' datasets") var kohya: KohyaDatasetOptions

  @OptionGroup(title: "Instead of the cast's own") var overrides: TrainOverrides

  @Flag(name: .long, help: "Go on from the last state.")
  var resume = false

  @Flag(name: .long, help: "Begin anew, and replace the files of an earlier run of this name.")
  var force = false

  @Flag(name: .long, help: "Say what would be trained and how often, and do nothing.")
  var dryRun = false

  @Option(
    name: .long,
    help: ArgumentHelp("Start so many processes here that share each batch, one for each GPU.", valueName: "count"))
  var processes: Int?

  @Option(name: .long, help: ArgumentHelp("auto, cpu, mps, cuda or cuda:1.", valueName: "device"))
  var device = "auto"

  @Option(
    name: .long,
    help: ArgumentHelp(
      "Where latents and embeddings are kept. Default: the system's cache folder.", valueName: "folder"))
  var cache: String?

  @Flag(name: .long, help: "Keep no latents and embeddings.")
  var noCache = false

  @Flag(name: .long, help: "Print what was done, or with --dry-run what would be, as JSON.")
  var json = false

  func validate() throws {
    guard cast != nil || kohya.datasetConfig != nil else {
      throw ValidationError("Name a cast, or sd-scripts' dataset with --dataset-config.")
    }
    guard cast != nil || overrides.model != nil else {
      throw ValidationError("--model is missing: --dataset-config does not name the base model.")
    }
    if resume, force { throw ValidationError("--resume goes on, --force begins anew; give one of them.") }
    if noCache, cache != nil { throw ValidationError("--no-cache keeps nothing; leave --cache out.") }
    if let processes, !(1...64).contains(processes) { throw ValidationError("--processes must be from 1 to 64.") }
    guard device == "auto" || Device(device) != nil else {
      throw ValidationError("--device \(device): there are auto, cpu, mps, cuda and cuda:1.")
    }
  }

  func run() async throws {
    let rank = try ProcessRank(environment: Terminal.variable)
    if let processes, processes > 1, rank == nil {
      let status = ProcessLauncher.run(count: processes, arguments: Array(CommandLine.arguments.dropFirst()))
      guard status == 0 else { throw ExitCode(status) }
      return
    }
    let setup = try TrainSetup(
      cast: cast, dataset: kohya.configuration(batch: overrides.batch), overrides,
      cache: noCache ? nil : cache ?? Self.cacheFolder)
    if dryRun {
      let plan = try setup.plan()
      let report = TrainPlanReport(plan)
      if json { try JSONOutput.print(report) } else { TrainPlanView(report).lines().forEach { print($0) } }
      return
    }
    StopRequests.listen()
    let group = try rank.map { try ProcessGroup($0) }
    let session = TrainSession(
      setup, device: try deviceOf(rank), processes: group ?? SingleProcess(), json: json)
    let report = try session.run(resumes: resume, replaces: force)
    guard group == nil || rank?.rank == 0 else { return }
    if json { try JSONOutput.print(report) } else { ([""] + TrainView(report).lines()).forEach { print($0) } }
    if !report.finished { throw ExitCode(Failure.Code.running.rawValue) }
  }

  /// Each process of a machine has a GPU of its own.
  private func deviceOf(_ rank: ProcessRank?) throws -> Device? {
    let wanted = Device(device)
    guard let rank, wanted == nil || wanted?.kind == .cuda else { return wanted }
    let devices = try Engine.shared.get().devices.filter { $0.kind == .cuda }
    return devices.isEmpty ? wanted : devices[rank.localRank % devices.count]
  }

  /// The folder for caches, as the XDG rules have it; nil where there is no home.
  static var cacheFolder: String? {
    if let folder = Terminal.variable("XDG_CACHE_HOME"), !folder.isEmpty { return "\(folder)/troupe/training" }
    return Terminal.variable("HOME").map { "\($0)/.cache/troupe/training" }
  }
}

/// What Ctrl-C means while a run goes on: the end after this step; twice, the end now.
enum StopRequests {
  private static let count = Atomic<Int>(0)

  /// Whether somebody asked for the end.
  static var isRequested: Bool { count.load(ordering: .relaxed) > 0 }

  /// From now on SIGINT and SIGTERM ask.
  static func listen() {
    for number in [SIGINT, SIGTERM] {
      _ = signal(number) { number in
        if StopRequests.count.add(1, ordering: .relaxed).oldValue > 0 { _exit(128 + number) }
      }
    }
  }
}
