import Diffusion
import Trainer

/// What is to be trained, before a model is read.
struct TrainSetup {
  let cast: CastConfiguration
  let dataset: DatasetConfiguration?
  let pictures: DatasetPictures
  /// Where latents and embeddings are kept; nil for nowhere.
  let cache: String?

  /// Reads configuration and pictures.
  init(cast path: String?, dataset: DatasetConfiguration?, _ overrides: TrainOverrides, cache: String?) throws {
    var cast =
      try path.map { try CastConfiguration(path: $0, needsCharacters: dataset == nil) }
      ?? CastConfiguration(
        toml: "[model]\ncheckpoint = \"\(overrides.model == nil ? "" : "model")\"", path: "lora", needsCharacters: false
      )
    // sd-scripts' own length, where nobody says another.
    if path == nil { cast.training.steps = 1600 }
    overrides.apply(to: &cast)
    if dataset == nil, let problem = cast.folderProblems().first {
      let line = problem.line.map { ":\($0)" } ?? ""
      throw DatasetPictures.Refusal(description: "\(cast.file)\(line): \(problem.detail)")
    }
    self.cast = cast
    self.dataset = dataset
    self.cache = cast.training.cache.map { cast.path(of: $0) } ?? cache
    pictures = try dataset?.pictures() ?? cast.pictures()
  }

  /// The plan, with places for the pictures that a model would draw first.
  func plan(processes: Int = 1) throws -> RunPlan {
    if let dataset { return try RunPlan(cast, dataset: dataset, pictures: pictures, processes: processes) }
    var all = pictures
    let generated = cast.addGenerated(to: &all)
    let plan = try RunPlan(cast, pictures: all, generated: generated, processes: processes)
    try plan.checkSizes()
    return plan
  }

  /// The plan, with pictures drawn where sets ask for them.
  func plan(
    _ model: DiffusionModel, processes: any RunProcesses, progress: (_ done: Int, _ count: Int) throws -> Void
  ) throws -> RunPlan {
    guard dataset == nil, cast.regularization.contains(where: { $0.generated != nil }) else {
      return try plan(processes: processes.count)
    }
    var all = pictures
    let generated = try GeneratedPictures(cast, model).add(to: &all, processes: processes, progress: progress)
    return try RunPlan(cast, pictures: all, generated: generated, processes: processes.count)
  }
}
