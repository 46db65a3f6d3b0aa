import Adapters
import ArgumentParser
import Diffusion
import SafeTensors
import Torch

/// What a run made, for `--json` and the terminal.
struct GenerateReport: Encodable {
  struct LoRA: Encodable {
    var name: String
    var path: String
    var strength: Double
    var modules: Int
    var autov3: String
    /// Whether it acts only where a prompt names it.
    var isTagged: Bool
  }

  struct Drawn: Encodable {
    var path: String?
    var label: String
    var prompt: String
    var seed: UInt64
    var strengths: [Double]
  }

  struct Sheet: Encodable {
    var path: String
    var rows: Int
    var columns: Int
    var width: Int
    var height: Int
  }

  var schema = 1
  var model: String
  var architecture: String
  var notes: [String]
  var device: String
  var dtype: String
  var negative: String
  var sampler: String
  var schedule: String
  var steps: Int
  var cfg: Double
  var cfgRescale: Double
  var clipSkip: Int?
  var width: Int
  var height: Int
  var loras: [LoRA]
  var pictures: [Drawn] = []
  var sheet: Sheet?
  var seconds = 0.0
}

/// Collects what a run makes, and says it in the ways that pictures, sheets and people need.
struct GenerateRecord {
  var report: GenerateReport
  private let plan: GeneratePlan
  private let modelName: String
  private let modelHash: String?

  init(
    _ command: GenerateCommand, _ plan: GeneratePlan, _ loras: GenerateLoRAs, _ model: DiffusionModel,
    modelHash: String?
  ) throws {
    let request = command.drawing.request("", negative: command.negative, seeds: [], side: model.standardSide)
    let schedule = request.schedule ?? .standard(for: model.configuration.schedule)
    report = GenerateReport(
      model: command.model, architecture: model.configuration.family.rawValue, notes: model.checkpoint.notes,
      device: "\(model.precision.device)", dtype: model.precision.type.rawValue, negative: command.negative,
      sampler: request.sampler.rawValue, schedule: schedule.rawValue, steps: request.steps,
      cfg: request.guidance.scale, cfgRescale: request.guidance.rescale, clipSkip: request.layer,
      width: request.width, height: request.height,
      loras: zip(loras.entries, try loras.hashes()).map { entry, hash in
        GenerateReport.LoRA(
          name: entry.name, path: entry.adapter.file.path, strength: entry.strength,
          modules: entry.adapter.modules.count, autov3: hash, isTagged: entry.isTagged)
      })
    self.plan = plan
    self.modelHash = modelHash
    let last = command.model.split(separator: "/").last.map(String.init) ?? command.model
    modelName = last.hasSuffix(".safetensors") ? String(last.dropLast(".safetensors".count)) : last
  }

  mutating func add(
    _ item: GeneratePlan.Item, _ request: PictureRequest, _ strengths: [Double], path: String?
  ) {
    report.pictures.append(
      GenerateReport.Drawn(
        path: path, label: plan.rows[item.row].label, prompt: request.prompt, seed: plan.seeds[item.seed],
        strengths: strengths))
  }

  mutating func add(sheet: GenerateReport.Sheet?) { report.sheet = sheet }

  /// A picture's settings as web UIs read them.
  func parameters(_ item: GeneratePlan.Item, _ request: PictureRequest, _ strengths: [Double]) -> String {
    let acting = zip(report.loras, strengths).filter { $0.1 != 0 }
    var text = Infotext(
      prompt: request.prompt, negativePrompt: request.negative,
      loras: acting.map { LoRATag(name: $0.0.name, strength: $0.1) })
    let schedule = SamplingSchedule(rawValue: report.schedule) ?? .normal
    text.steps = request.steps
    text.sampler = request.sampler.infotextName
    text.scheduleType = schedule.infotextName
    text.guidanceScale = request.guidance.scale
    text.seed = plan.seeds[item.seed]
    text.size = Infotext.Size(width: request.width, height: request.height)
    text.model = modelName
    text.modelHash = modelHash
    if let layer = request.layer { text.others.append(.init("Clip skip", "\(layer)")) }
    if request.guidance.rescale > 0 {
      text.others.append(.init("CFG Rescale", Numbers.plain(request.guidance.rescale)))
    }
    if request.eta > 0 { text.others.append(.init("Eta", Numbers.plain(request.eta))) }
    text.others.append(.init("RNG", "CPU"))
    text.loraHashes = acting.map { Infotext.LoRAHash(name: $0.0.name, hash: $0.0.autov3) }
    text.version = "troupe \(Troupe.configuration.version)"
    return text.text
  }

  /// What stands above the sheet.
  func sheet() -> (title: String, subtitle: String) {
    var lines = [settings]
    if !report.loras.isEmpty {
      lines.append("LoRA: " + report.loras.map { "\($0.name) × \(Numbers.plain($0.strength))" }.joined(separator: ", "))
    }
    if plan.rows.count == 1 { lines.append("Prompt: \(plan.rows[0].prompt)") }
    if !report.negative.isEmpty { lines.append("Negative: \(report.negative)") }
    return (modelName, lines.joined(separator: "\n"))
  }

  private var settings: String { GenerateView.settings(report) }
}
