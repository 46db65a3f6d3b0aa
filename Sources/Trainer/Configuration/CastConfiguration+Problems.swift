internal import SafeTensors
public import TOML

extension CastConfiguration {
  /// Something that keeps a run from beginning, in one clause.
  public struct Problem: Sendable, Hashable, CustomStringConvertible {
    /// The line, counted from 1; nil where the whole file is meant.
    public var line: Int?
    /// The broken rule.
    public var rule: TOMLError.Rule
    /// What is wrong and what to do; a clause without a final stop.
    public var detail: String

    /// The clause with its line.
    public var description: String { (line.map { "line \($0): " } ?? "") + detail }
  }

  static let noCharacters = Problem(
    line: nil, rule: .missing,
    detail: "a cast has at least one character, there is none; add [[character]] with name, trigger and images")

  /// What is wrong with the text itself; ``init(toml:path:)`` throws the first.
  public var problems: [Problem] {
    var found: [Problem] = []
    func add(_ line: Int?, _ rule: TOMLError.Rule, _ detail: String) {
      found.append(Problem(line: line, rule: rule, detail: detail))
    }
    if model.checkpoint.isEmpty {
      add(nil, .missing, "no base model is named; add [model] and below it checkpoint = \"model.safetensors\"")
    }
    if characters.isEmpty { found.append(Self.noCharacters) }
    characterProblems(add)
    for group in groups {
      let names = Set(group.characters)
      if names.count < 2 {
        add(group.line, .value, "a group names at least two characters; write characters = [\"one\", \"other\"]")
      }
      unknownNames(group.characters, in: "characters", line: group.line, add)
      if group.subsets.isEmpty { add(group.line, .missing, "a group has no pictures; add images = \"folder\"") }
    }
    for set in regularization {
      unknownNames(set.pairsWith, in: "pairs_with", line: set.line, add)
      if set.className.isEmpty {
        add(set.line, .missing, "a regularization set names its class, this one does not; add class = \"1girl\"")
      }
      if set.generated != nil, !set.subsets.isEmpty {
        add(set.line, .value, "a regularization set has either images or generated pictures; leave one of the two out")
      }
      if set.generated == nil, set.subsets.isEmpty, set.target != .base {
        add(
          set.line, .missing, "a regularization set has no pictures; add images, generated = 200, or target = \"base\"")
      }
    }
    do { _ = try training.buckets() } catch { add(nil, .value, "[training]: \(error)") }
    return found
  }

  private func characterProblems(_ add: (Int?, TOMLError.Rule, String) -> Void) {
    for (index, character) in characters.enumerated() {
      if character.name.isEmpty {
        add(character.line, .missing, "a character has a name, this one has none; add name = \"…\"")
      }
      if character.trigger.trimmed.isEmpty {
        add(
          character.line, .missing, "the character \"\(character.name)\" has no trigger; add trigger = \"a_rare_word\"")
      } else if character.trigger.contains(",") {
        add(
          character.line, .value,
          "the trigger \"\(character.trigger)\" holds a comma, which would end its tag; use one tag")
      }
      if character.subsets.isEmpty {
        add(
          character.line, .missing,
          "the character \"\(character.name)\" has no pictures; add images = \"folder\" or [[character.subset]]")
      }
      for earlier in characters[..<index] {
        if earlier.name == character.name {
          add(
            character.line, .duplicate,
            "the name \"\(character.name)\" is given twice, first on line \(earlier.line); rename one")
        }
        let (a, b) = (earlier.trigger.lowercased(), character.trigger.lowercased())
        guard !a.isEmpty, !b.isEmpty else { continue }
        if a == b {
          add(
            character.line, .duplicate,
            "\"\(earlier.name)\" and \"\(character.name)\" have the same trigger \"\(character.trigger)\"; give each its own"
          )
        } else if a.holds(word: b) || b.holds(word: a) {
          add(
            character.line, .value,
            "the triggers \"\(earlier.trigger)\" and \"\(character.trigger)\" contain one another, so that one calls both; choose others"
          )
        }
      }
      if !character.trigger.isEmpty, character.trigger == character.className {
        add(
          character.line, .value,
          "the trigger of \"\(character.name)\" is its class; choose a word that means nothing yet")
      }
    }
  }

  private func unknownNames(_ names: [String], in key: String, line: Int, _ add: (Int?, TOMLError.Rule, String) -> Void)
  {
    let known = characters.map(\.name)
    for name in names where !known.contains(name) {
      let nearest = known.min { TOMLFields.distance($0, name) < TOMLFields.distance($1, name) }
      add(
        line, .value,
        "\(key) names \"\(name)\", who is not of the cast"
          + (nearest.map { "; did you mean \"\($0)\"?" } ?? "; add the character"))
    }
  }

  /// Folders that are missing or hold no picture.
  public func folderProblems() -> [Problem] {
    let subsets = characters.flatMap(\.subsets) + groups.flatMap(\.subsets) + regularization.flatMap(\.subsets)
    return subsets.compactMap { subset in
      let path = path(of: subset.images)
      do {
        let pictures = try PictureFolder.pictures(in: path)
        guard pictures.isEmpty else { return nil }
        return Problem(
          line: subset.line, rule: .missing,
          detail: "the folder \(path) holds no picture (\(PictureFolder.endings.joined(separator: ", "))); check images"
        )
      } catch {
        return Problem(line: subset.line, rule: .missing, detail: "there is no folder \(path); check images")
      }
    }
  }
}
