import Adapters
import ArgumentParser
import SafeTensors

/// `troupe metadata strip`: what others need not know.
struct MetadataStripCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "strip",
    abstract: "Take out what others need not know, before a file is given away.",
    discussion: """
      --keep recipe   how it was trained (networks, rates, steps, seeds, counts, repeats, base model), without tags, \
      captions and the names of folders and files; and all of the next.
      --keep credits  modelspec.* (author, licence, title, description, trigger, thumbnail …), the base model, the \
      output's name and the hashes that sites know; and all of the next.
      --keep nothing  what loaders need to read the weights at the right strength.

      Keys that none of these names are taken out.

      Examples:
        troupe metadata strip konrad.safetensors --keep recipe -o konrad-public.safetensors
        troupe metadata strip konrad.safetensors --keep nothing --in-place
      """)

  @Argument(help: "The file: .safetensors, or .safetensors.zst.")
  var file: String

  @Option(name: .long, help: "What stays: recipe, credits or nothing.")
  var keep: MetadataKeep

  @OptionGroup var writing: MetadataWriting

  func run() async throws {
    try await writing.run(file) { text in
      for name in text.names {
        guard let value = text[name] else { continue }
        switch keep.fate(of: name, value) {
        case .kept: continue
        case .removed: text[name] = nil
        case .changed(let value): text[name] = value
        }
      }
      return []
    }
  }
}

extension MetadataKeep: ExpressibleByArgument {}
