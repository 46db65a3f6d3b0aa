import SafeTensors

/// Everything that is known of a file while its inspection is put together.
struct InspectionSubject {
  var file: SafeTensorsFile
  var adapter: Adapter?
  var record: TrainingRecord
  /// Why PEFT's configuration beside the file could not be used for alphas; nil where it could, or there is none.
  var sidecarProblem: String?
  /// The pairs of factors among keys of no known layer.
  var loose: LooseLayers?
  /// The measured layers, in the order of the adapter's modules; nil when weights were not read.
  var measures: [LayerMeasure]?
  var looseContents: LooseLayers.Contents?
  var hashes: FileHashes?

  /// The known layers.
  let modules: [AdapterModule]
  /// The layers whose alpha was read or assumed.
  let scaled: [AdapterModule]
  /// The ranks of the known layers, or those that shapes show where no layer is known.
  let ranks: [Int]
  /// The alphas and scales of the layers that have any.
  let alphas: [(alpha: Alpha, scale: Double)]

  init(
    file: SafeTensorsFile, adapter: Adapter?, record: TrainingRecord, sidecarProblem: String? = nil,
    loose: LooseLayers?,
    measures: [LayerMeasure]?, looseContents: LooseLayers.Contents?, hashes: FileHashes?
  ) {
    (self.file, self.adapter, self.record, self.sidecarProblem) = (file, adapter, record, sidecarProblem)
    (self.loose, self.measures, self.looseContents, self.hashes) = (loose, measures, looseContents, hashes)
    modules = adapter?.modules ?? []
    scaled = modules.filter { $0.alpha.source != .none }
    ranks = modules.isEmpty ? loose?.layers.map(\.rank) ?? [] : modules.lazy.filter(\.hasRank).map(\.rank)
    alphas =
      modules.isEmpty
      ? loose?.layers.map { ($0.alpha, $0.alpha.value / Double($0.rank)) } ?? []
      : scaled.map { ($0.alpha, $0.scale) }
  }

  /// All warnings, the serious ones first.
  func warnings(kind: Inspection.Kind) -> [InspectionWarning] {
    var found = container
    if kind == .lora {
      found +=
        contents + sidecarWarnings + weightWarnings + alphaWarnings + rankWarnings + contradictions + hashWarnings
      // The record's own finding about hashes is among them.
      found += record.findings().map { InspectionWarning($0) }
    }
    return found.filter { $0.level == .warning } + found.filter { $0.level == .info }
  }

  private var container: [InspectionWarning] {
    let names = file.header.duplicateNames
    guard let first = names.first else { return [] }
    return [
      .init(
        .duplicateNames,
        "\(names.count.of("tensor name")) \(names.count == 1 ? "stands" : "stand") more than once in the "
          + "header "
          + "(“\(first.shortened(to: 60))”); programs disagree on which entry counts, so write the file "
          + "anew."
      )
    ]
  }
}

extension Int {
  /// A count with its noun: `1 layer`, `3 layers`.
  func of(_ noun: String) -> String { "\(self) \(noun)\(self == 1 ? "" : "s")" }
}
