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
    /// Its value in each file, in the files' order; nil where it is absent.
    public var values: [String?]
    /// Whether all files have it with the same value.
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
  public init(_ records: [(name: String, record: TrainingRecord)]) {
    names = records.map(\.name)
    rows = Self.rows(records.map(\.record.fields))
    sameBase = Self.combine(records) { Self.compareBases($0.base, $1.base) }
    sameRun = Self.combine(records, Self.compareRuns)
    sameAuthor = Self.combine(records, Self.compareAuthors)
    (sameParameters, differingParameters) = Self.compareParameters(records.map(\.record))
  }

  /// Merges the files' tables, which all keep one order.
  private static func rows(_ tables: [[RecipeField]]) -> [Row] {
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
    return order.map { field in
      let values = fields.map { $0[field.id]?.value }
      let same = values.allSatisfy { $0 != nil && $0 == values.first ?? nil }
      return Row(id: field.id, group: field.group, label: field.label, values: values, same: same)
    }
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
