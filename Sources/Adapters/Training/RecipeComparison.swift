/// The training parameters of several files side by side, and what they tell about the files' kinship.
public struct RecipeComparison: Sendable, Codable, Equatable {
  /// One parameter of all files.
  public struct Row: Sendable, Codable, Equatable {
    /// The parameter's stable name; see ``RecipeField/id``.
    public var id: String
    /// The heading it belongs under.
    public var group: String
    /// What it is called among people who train LoRAs.
    public var label: String
    /// Its value in each file, in the files' order; `off` or `not set` where the record says so, nil where it does not
    /// tell.
    public var values: [String?]
    /// Where each value comes from: a metadata key, a file beside the weights, `derived`, or `layers`; nil in reports of
    /// versions that did not tell.
    public var sources: [String?]?
    /// Whether all files have it with the same value, however their trainers spell it.
    public var same: Bool
  }

  /// The files' names, in the order given.
  public var names: [String]
  /// Every parameter that some file has, in table order.
  public var rows: [Row]
  /// Whether all were trained on the same base model.
  public var sameBase: Verdict
  /// Whether all were trained with the same main parameters.
  public var sameParameters: Verdict
  /// The main parameters that differ, by label.
  public var differingParameters: [String]
  /// Whether all were saved by one training run.
  public var sameRun: Verdict
  /// Whether all were made by one author.
  public var sameAuthor: Verdict

  /// Compares records; the names are only carried along.
  ///
  /// - Parameters:
  ///   - records: the records.
  ///   - layers: what the files' layers tell, in the same order; it comes first.
  public init(_ records: [(name: String, record: TrainingRecord)], layers: [[RecipeField]] = []) {
    names = records.map(\.name)
    let tables = records.enumerated().map { index, entry in
      (index < layers.count ? layers[index] : []) + entry.record.comparedFields
    }
    rows = Self.rows(tables, off: records.map(\.record.switchedOff))
    sameBase = Self.combine(records) { Self.compareBases($0.base, $1.base) }
    sameRun = Self.combine(records, Self.compareRuns)
    sameAuthor = Self.combine(records, Self.compareAuthors)
    (sameParameters, differingParameters) = Self.compareParameters(records.map(\.record))
  }

  /// Merges the files' tables, which all keep one order.
  private static func rows(_ tables: [[RecipeField]], off: [[String: String]]) -> [Row] {
    let fields = tables.map { fields in
      Dictionary(fields.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
    }
    var order: [RecipeField] = []
    var seen: Set<String> = []
    for table in tables {
      // A field that no earlier file has goes after the one it follows in its own table.
      var after = -1
      for field in table {
        if seen.insert(field.id).inserted {
          order.insert(field, at: after + 1)
          after += 1
        } else if let place = order.firstIndex(where: { $0.id == field.id }) {
          after = place
        }
      }
    }
    // Files that tell different things of one group must not take it apart.
    let groups = order.reduce(into: ["Layers"]) { if !$0.contains($1.group) { $0.append($1.group) } }
    let sorted = groups.flatMap { group in order.filter { $0.group == group } }
    return sorted.map { field in
      let values = zip(fields, off).map { $0[field.id]?.value ?? $1[field.id] }
      let plain = values.map { $0.map { RecipeNormalisation.value($0, of: field.id) } }
      let same = plain.allSatisfy { $0 != nil && $0 == plain.first ?? nil }
      let sources = fields.map { $0[field.id]?.source }
      return Row(id: field.id, group: field.group, label: field.label, values: values, sources: sources, same: same)
    }
  }

  /// The comparison with those rows alone in which files differ, or some do not tell.
  public var differences: RecipeComparison {
    var result = self
    result.rows.removeAll(where: \.same)
    return result
  }

  /// The answer for all files, from the answers for their pairs.
  ///
  /// One contradiction outweighs everything, and the group is no surer than its least sure pair.
  private static func combine(
    _ records: [(name: String, record: TrainingRecord)],
    _ compare: (TrainingRecord, TrainingRecord) -> Verdict
  ) -> Verdict {
    let pairs = records.indices.flatMap { i in
      records[(i + 1)...].map { (records[i].name, $0.name, compare(records[i].record, $0.record)) }
    }
    for answer in [Verdict.Answer.no, .unknown, .likely, .yes] {
      guard let (first, second, verdict) = pairs.first(where: { $0.2.answer == answer }) else { continue }
      if pairs.allSatisfy({ $0.2 == verdict }) { return verdict }
      return Verdict(answer: answer, evidence: "\(first) and \(second): \(verdict.evidence)")
    }
    return .alone
  }
}
