import Adapters
import SafeTensors

/// What a single file, and a text file beside it, say of the noise schedule.
struct PredictionSigns {
  /// The schedule, as far as the signs tell.
  var schedule = ScheduleConfiguration()
  /// Whether any sign told what the model predicts.
  var isKnown = false
  /// What a person should know.
  var notes: [String] = []

  init(file: SafeTensorsFile, summary: CheckpointSummary) throws {
    if summary.markers.contains(where: { $0.hasPrefix("edm_") }) {
      throw CheckpointError(
        path: file.path, rule: .unsupported,
        detail:
          "is a model of EDM's noise schedule (\(summary.markers.joined(separator: ", "))), which this version does not have"
      )
    }
    func flag(_ key: String) -> Bool? {
      switch file.header.metadata[key]?.lowercased() {
      case "true", "1": true
      case "false", "0": false
      default: nil
      }
    }
    let declared: ScheduleConfiguration.Prediction? =
      switch summary.prediction {
      case .epsilon: .epsilon
      case .velocity: .velocity
      default: nil
      }
    let trained: ScheduleConfiguration.Prediction? = flag("ss_v_parameterization").map { $0 ? .velocity : .epsilon }
    let yaml = try Self.beside(file.path)
    if let said = declared ?? trained ?? yaml?.prediction {
      schedule.prediction = said
      isKnown = true
      if let trained, trained != said {
        notes.append(
          "The key or metadata says \(said.rawValue), ss_v_parameterization \(trained.rawValue); the former is taken.")
      }
    }
    schedule.zeroTerminalSNR = summary.hasZeroTerminalSNR || flag("ss_zero_terminal_snr") == true
    if let start = yaml?.start { schedule.betaStart = start }
    if let end = yaml?.end { schedule.betaEnd = end }
    if let times = yaml?.times { schedule.times = times }
  }

  private struct Text {
    var prediction: ScheduleConfiguration.Prediction?
    var start: Double?
    var end: Double?
    var times: Int?
  }

  /// The settings of a `.yaml` of the original code beside the file: lines of `key: value`, whatever they are nested in.
  private static func beside(_ path: String) throws -> Text? {
    guard let dot = path.lastIndex(of: "."), !path[dot...].contains("/"),
      let bytes = try TextFile.contents("\(path[..<dot]).yaml")
    else { return nil }
    var text = Text()
    for line in String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isNewline) {
      let pair = line.split(separator: "#", maxSplits: 1, omittingEmptySubsequences: false)[0].split(
        separator: ":", maxSplits: 1)
      guard pair.count == 2 else { continue }
      let value = pair[1].filter { !$0.isWhitespace && $0 != "\"" && $0 != "'" }
      switch pair[0].filter({ !$0.isWhitespace }) {
      case "parameterization":
        text.prediction = value == "v" ? .velocity : value == "eps" ? .epsilon : nil
      case "linear_start": text.start = Double(value)
      case "linear_end": text.end = Double(value)
      case "timesteps": text.times = Int(value).flatMap { (1...1 << 20).contains($0) ? $0 : nil }
      default: break
      }
    }
    return text
  }
}
