import ArgumentParser
import Diffusion

/// Which pictures a run makes, in which row and column of the sheet they stand, and what their files are called.
struct GeneratePlan {
  /// One prompt.
  struct Row {
    var label: String
    /// Without tags.
    var prompt: String
    var tags: [LoRATag]
  }

  /// One picture.
  struct Item {
    var row: Int
    var strength: Int
    var seed: Int
  }

  let rows: [Row]
  let strengths: [Double]
  let seeds: [UInt64]

  /// Reads prompts and labels.
  init(prompts: [String], labels: [String], strengths: [Double], seeds: [UInt64]) {
    rows = prompts.enumerated().map { index, text in
      let (prompt, tags) = LoRATag.extract(from: text)
      let label = labels.isEmpty ? TextTable.cut(prompt.isEmpty ? "no prompt" : prompt, to: 48) : labels[index]
      return Row(label: label, prompt: prompt, tags: tags)
    }
    self.strengths = strengths
    self.seeds = seeds
  }

  /// The number of pictures.
  var count: Int { rows.count * strengths.count * seeds.count }

  /// Those that are drawn at once: of one row and strength, seeds in groups.
  func batches(of size: Int) -> [[Item]] {
    rows.indices.flatMap { row in
      strengths.indices.flatMap { strength in
        stride(from: 0, to: seeds.count, by: size).map { first in
          (first..<min(first + size, seeds.count)).map { Item(row: row, strength: strength, seed: $0) }
        }
      }
    }
  }

  /// A picture's file name: its row's label, its seed, and its strength where there are several.
  func fileName(_ item: Item) -> String {
    var stem = Self.slug(rows[item.row].label)
    if rows.count(where: { Self.slug($0.label) == stem }) > 1 || stem.isEmpty { stem += "\(item.row + 1)" }
    let strength = strengths.count > 1 ? "-x\(Numbers.plain(strengths[item.strength]))" : ""
    return "\(stem)-\(seeds[item.seed])\(strength).png"
  }

  /// Letters and digits of a text, with dashes between.
  private static func slug(_ text: String) -> String {
    let words = text.lowercased().split { !$0.isLetter && !$0.isNumber && $0 != "_" }
    return String(words.joined(separator: "-").prefix(40))
  }

  // MARK: - The sheet

  /// Strengths go across where they are the only ones there, and down, within the prompts, beside several seeds.
  private var strengthsGoAcross: Bool { strengths.count > 1 && seeds.count == 1 }

  /// The headings of the sheet's columns.
  var columns: [String] {
    strengthsGoAcross ? strengths.map(Self.strengthLabel) : seeds.map { "seed \($0)" }
  }

  /// The headings of the sheet's rows.
  var rowHeadings: [String] {
    guard strengths.count > 1, !strengthsGoAcross else { return rows.map(\.label) }
    return rows.flatMap { row in
      strengths.map { rows.count == 1 ? Self.strengthLabel($0) : "\(row.label)\n\(Self.strengthLabel($0))" }
    }
  }

  /// Where a picture stands.
  func place(_ item: Item) -> (row: Int, column: Int) {
    if strengthsGoAcross { return (item.row, item.strength) }
    return (item.row * strengths.count + item.strength, item.seed)
  }

  private static func strengthLabel(_ strength: Double) -> String { "LoRA × \(Numbers.plain(strength))" }
}
