import Foundation
import Testing

/// `docs/merge-methods.md` is made from the comments of the methods, so that there is one place to keep true.
///
/// `TROUPE_RECORD=1 swift test --filter MethodTable` writes it anew.
@Suite struct MethodTableTests {
  static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()
  static let slots = ["Idea", "Formula", "Inputs", "Edge cases", "Source"]

  struct Method {
    var name: String
    var slots: [String: String]
  }

  /// The methods with the five parts of their comments.
  private func methods() throws -> [Method] {
    let folder = Self.root.appending(path: "Sources/Merge/Methods")
    let files = try #require(FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil))
    var found: [Method] = []
    for case let file as URL in files where file.pathExtension == "swift" {
      let text = try String(contentsOf: file, encoding: .utf8)
      let stem = file.deletingPathExtension().lastPathComponent
      let name =
        text.firstMatch(of: /static let name = "([^"]*)"/).map { String($0.1) }
        ?? (stem == "TruncatedSum" ? "svd" : stem.lowercased())
      var slots: [String: String] = [:]
      var current: String?
      for line in text.split(separator: "\n").map({ $0.trimmingCharacters(in: .whitespaces) }) {
        guard line.hasPrefix("///") else {
          if current != nil { break }
          continue
        }
        let words = line.dropFirst(3).trimmingCharacters(in: .whitespaces)
        if let slot = Self.slots.first(where: { words.hasPrefix("\($0):") }) {
          current = slot
          slots[slot] = words.dropFirst(slot.count + 1).trimmingCharacters(in: .whitespaces)
        } else if let current, !words.isEmpty {
          slots[current]? += " " + words
        }
      }
      found.append(Method(name: name, slots: slots))
    }
    return found.sorted { $0.name < $1.name }
  }

  @Test func everyMethodStatesTheSameSlots() throws {
    let methods = try methods()
    #expect(methods.count >= 20)
    for method in methods {
      for slot in Self.slots { #expect(method.slots[slot]?.isEmpty == false, "\(method.name) lacks \(slot)") }
    }
  }

  @Test func theDocumentIsCurrent() throws {
    let methods = try methods()
    var text = """
      # Merge methods

      Made from the comments in `Sources/Merge/Methods`; do not edit. In all formulas `wᵢ` is a strength, `sᵢ = alphaᵢ / rᵢ` a scale,
      `ΔWᵢ = sᵢ Uᵢ Dᵢ` what a LoRA adds to a layer, and `Mᵢ` the same in the coordinates that the LoRAs of a layer share
      (`ΔWᵢ = Q_B Mᵢ Q_A`, exactly). Every result can be cut to `--rank`, multiplied by `--lambda` and brought to a single LoRA's energy
      with `--normalise`. None of them can repair LoRAs that fire on every prompt; see what `troupe diagnose` says of the weights.

      | method | idea |
      |---|---|

      """
    for method in methods { text += "| [`\(method.name)`](#\(method.name)) | \(method.slots["Idea"] ?? "") |\n" }
    for method in methods {
      text += "\n## \(method.name)\n"
      for slot in Self.slots { text += "\n- **\(slot):** \(method.slots[slot] ?? "")" }
      text += "\n"
    }
    let file = Self.root.appending(path: "docs/merge-methods.md")
    if ProcessInfo.processInfo.environment["TROUPE_RECORD"] != nil {
      try Data(text.utf8).write(to: file)
    }
    #expect(
      try String(contentsOf: file, encoding: .utf8) == text, "run it with TROUPE_RECORD=1 and read the difference")
  }
}
