import Foundation
import Testing
import Trainer

/// `docs/cast.md` has every key that the reader takes, section by section, and no other.
@Suite struct CastDocumentTests {
  private static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()
  private static let folder = root.appending(path: "Sources/Trainer/Configuration")

  private func text(_ file: String) throws -> String {
    try String(contentsOf: Self.folder.appending(path: file), encoding: .utf8)
  }

  /// The keys that a part of a source file asks for.
  private func keys(_ source: some StringProtocol) -> Set<String> {
    let pattern =
      /(?:fields\.(?:text|anyText|texts|bool|integer|integers|number|choice|list|tables)|patterns)\(\s*"([a-z0-9_]+)"/
    return Set(String(source).matches(of: pattern).map { String($0.1) })
  }

  /// The keys of a structure, up to the next one of the file.
  private func keys(of name: String, in file: String) throws -> Set<String> {
    let text = try text(file)
    let start = try #require(text.range(of: "public struct \(name): "))
    let rest = text[start.upperBound...]
    return keys(rest[..<(rest.range(of: "\n  public struct ")?.lowerBound ?? rest.endIndex)])
  }

  /// The keys of the document by heading, and which of them are listed twice.
  private func documented() throws -> [String: [String]] {
    let text = try String(contentsOf: Self.root.appending(path: "docs/cast.md"), encoding: .utf8)
    var found: [String: [String]] = [:]
    var heading = ""
    for line in text.split(separator: "\n") {
      if line.hasPrefix("## ") {
        heading = String(line.dropFirst(3))
      } else if let match = line.firstMatch(of: #/^\| `([a-z0-9_]+)` \|[^|]*\|[^|]*\| /#) {
        found[heading, default: []].append(String(match.1))
      }
    }
    return found
  }

  @Test func everyKeyHasItsLine() throws {
    let subsets: Set = ["images", "subset"]
    var wanted: [String: Set<String>] = [:]
    for (section, name, file) in [
      ("[model]", "Model", "Model"), ("[network]", "Network", "Model"), ("[training]", "Training", "Training"),
      ("[losses]", "Losses", "Losses"), ("[preview]", "Preview", "Output"), ("[output]", "Output", "Output"),
      ("subsets", "Subset", "Cast"), ("[[character]]", "Character", "Cast"), ("[[group]]", "Group", "Cast"),
      ("[[regularization]]", "Regularization", "Cast"),
    ] {
      wanted[section] = try keys(of: name, in: "CastConfiguration+\(file).swift")
      if section.hasPrefix("[[") { wanted[section]?.formUnion(subsets) }
    }
    wanted["subsets"]?.remove("subset")
    wanted["[captions]"] = keys(try text("CaptionRule+Reading.swift"))
    wanted["[images]"] = keys(try text("ImageRule.swift"))
    // The sections themselves.
    let reader = try text("CastConfiguration.swift")
    let sections =
      reader.matches(of: /section\("([a-z]+)"\)/).map { "[\($0.1)]" }
      + reader.matches(of: /tables\("([a-z]+)"\)/).map { "[[\($0.1)]]" }
    #expect(Set(wanted.keys) == Set(sections + ["subsets"]))
    let documented = try documented()
    #expect(Set(documented.keys) == Set(wanted.keys))
    for (section, keys) in wanted {
      #expect(keys.count > 1, "\(section)")
      let lines = documented[section] ?? []
      #expect(Set(lines) == keys, "\(section)")
      #expect(Set(lines).count == lines.count, "\(section) lists a key twice")
    }
  }

  @Test func examplesAreCasts() throws {
    let text = try String(contentsOf: Self.root.appending(path: "docs/cast.md"), encoding: .utf8)
    let examples = text.components(separatedBy: "```toml\n").dropFirst().compactMap {
      $0.components(separatedBy: "```").first
    }
    #expect(examples.count == 3)
    for example in examples { _ = try CastConfiguration(toml: example, path: "cast.toml") }
    let cast = try CastConfiguration(toml: examples[1], path: "cast.toml")
    #expect(cast.characters.map(\.subsets.count) == [2, 1] && cast.network.mode == .separate)
    let both = try CastConfiguration(toml: examples[2], path: "cast.toml")
    #expect(both.training.composites == 0.3 && both.losses.attention == 0.3 && both.characters.count == 2)
  }

  /// The right column of the table of sd-scripts' options names keys alone that there are.
  @Test func theTableOfSdScriptsNamesRealKeys() throws {
    let text = try String(contentsOf: Self.root.appending(path: "docs/cast.md"), encoding: .utf8)
    let table = try #require(text.components(separatedBy: "## From sd-scripts").last)
    let known = Set(try documented().values.joined())
    for line in table.split(separator: "\n") where line.hasPrefix("| `") {
      let cells = line.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
      for match in cells[1].matches(of: /`(?:\[[a-z]+\] )?([a-z][a-z0-9_]*)(?: = [^`]+)?`/) {
        #expect(known.contains(String(match.1)), "\(match.1) in \(line)")
      }
    }
  }
}
