import Adapters
import SafeTensors

/// What `troupe inspect --recursive` tells of one file: a line of the table, or of JSON.
struct FolderRow: Encodable, Sendable {
  /// `file`, to tell it from the summary.
  let type = "file"
  let path: String
  /// What the file holds; nil when it could not be read.
  @Explicit var kind: Inspection.Kind?
  @Explicit var architecture: Architecture?
  @Explicit var baseModel: String?
  @Explicit var variant: Variant?
  let rank: Inspection.RankSpread?
  let alpha: Spread?
  @Explicit var size: Int?
  let triggers: [String]
  @Explicit var trainer: String?
  /// When training ended, or began where no end is told; ISO 8601.
  @Explicit var trained: String?
  @Explicit var steps: Int?
  @Explicit var epoch: Int?
  /// The ids of the warnings; remarks that are only worth knowing are left out.
  let warnings: [String]
  @Explicit var error: Reason?

  /// The least and greatest alpha.
  struct Spread: Encodable, Sendable {
    @Explicit var min: Double?
    @Explicit var max: Double?
  }

  /// Why a file could not be read.
  struct Reason: Codable, Sendable, Equatable {
    let rule: String
    let text: String
  }

  init(_ file: Inspection) {
    path = file.path
    (kind, architecture, variant) = (file.kind, file.architecture, file.variant)
    baseModel = file.recipe.base.modelName
    rank = file.rank
    alpha = Spread(min: file.alpha.min, max: file.alpha.max)
    size = file.size
    triggers = file.recipe.triggerCandidates.filter { $0.confidence >= 0.5 }.prefix(4).map(\.token)
    trainer = file.recipe.identity.trainer == "unknown" ? nil : file.recipe.identity.trainer
    let identity = file.recipe.identity
    trained = (identity.finishedAt ?? identity.startedAt).flatMap(PlainText.timestamp)
    (steps, epoch) = (file.recipe.optimisation.steps, file.recipe.optimisation.epochReached)
    warnings = file.warnings.filter { $0.level == .warning }.map(\.id)
    error = nil
  }

  /// A file, or a folder, that could not be read.
  init(path: String, error: any Error) {
    self.path = path
    (kind, architecture, baseModel, variant, rank, alpha, size) = (nil, nil, nil, nil, nil, nil, nil)
    (triggers, trainer, trained, steps, epoch, warnings) = ([], nil, nil, nil, nil, [])
    let known = InspectionError(error, path: path)
    self.error = Reason(rule: known?.rule ?? "failed", text: known?.text ?? "\(path): \(error)")
  }

  /// Reads a file; never fails.
  static func read(_ path: String, options: InspectionOptions) async -> FolderRow {
    do { return FolderRow(try await Inspection.make(path: path, options: options)) } catch {
      return FolderRow(path: path, error: error)
    }
  }
}

/// What was found in all.
struct FolderSummary: Encodable, Sendable {
  let type = "summary"
  /// The version of this layout.
  let schema = 1
  private(set) var files = 0
  /// Files that could not be read, and folders that could not be entered.
  private(set) var bad = 0
  /// Files by what they hold: `lora`, `checkpoint`, `other`.
  private(set) var kinds: [String: Int] = [:]
  /// Adapters by variant.
  private(set) var variants: [String: Int] = [:]
  /// Files with at least one warning.
  private(set) var withWarnings = 0
  /// Files of other endings, which were passed by.
  var skipped = 0
  var seconds = 0.0

  mutating func add(_ row: FolderRow) {
    files += 1
    guard let kind = row.kind else {
      bad += 1
      return
    }
    kinds[kind.rawValue, default: 0] += 1
    if kind == .lora { variants[row.variant?.rawValue ?? "unknown", default: 0] += 1 }
    if !row.warnings.isEmpty { withWarnings += 1 }
  }

  /// The whole in one sentence.
  var text: String {
    func counted(_ count: Int, _ one: String, _ many: String) -> String? {
      count == 0 ? nil : "\(Numbers.grouped(count)) \(count == 1 ? one : many)"
    }
    let sorted = variants.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
    let inner = sorted.map { "\(Variant(rawValue: $0.key)?.label ?? "of unknown kind") \($0.value)" }
    let parts = [
      counted(kinds["lora"] ?? 0, "LoRA", "LoRAs").map {
        $0 + (inner.count > 1 ? " (\(inner.joined(separator: ", ")))" : "")
      },
      counted(kinds["checkpoint"] ?? 0, "checkpoint", "checkpoints"), counted(kinds["other"] ?? 0, "other", "others"),
      bad == 0 ? nil : "\(bad) bad",
    ].compactMap { $0 }
    let all = counted(files, "file", "files") ?? "no file"
    let rate =
      seconds > 0 && files > 0
      ? " in \(Numbers.fixed(seconds, seconds < 10 ? 1 : 0)) s (\(Int(Double(files) / seconds))/s)" : ""
    let rest =
      counted(skipped, "file of another kind was", "files of other kinds were").map { "; \($0) passed by" } ?? ""
    let warned = counted(withWarnings, "has", "have").map { "; \($0) warnings" } ?? ""
    return "\(all)\(rate)\(parts.isEmpty ? "" : ": " + parts.joined(separator: ", "))\(warned)\(rest)."
  }
}
