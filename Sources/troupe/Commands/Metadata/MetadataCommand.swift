import ArgumentParser

/// `troupe metadata`: what a file says of itself, changed without touching a tensor.
struct MetadataCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "metadata",
    abstract: "Show and change the metadata of a file; its tensors keep every byte.",
    discussion: """
      The original is kept: --output names another file. With --in-place the file itself is changed; if the new \
      header fits into the old one's place, only the bytes of the header that differ are written, however large the \
      file is. Headers written anew keep 4 kB free, so that later edits fit.

      Entries that are not changed keep their exact text. Archives (.safetensors.zst) are edited too.

      Examples:
        troupe metadata show konrad.safetensors ss_tag_frequency
        troupe metadata set konrad.safetensors modelspec.author=Haldric --in-place
        troupe metadata copy --from old.safetensors 'ss_*' new.safetensors -o full.safetensors
        troupe metadata strip konrad.safetensors --keep credits -o konrad-public.safetensors
      """,
    subcommands: [
      MetadataShowCommand.self, MetadataSetCommand.self, MetadataRemoveCommand.self, MetadataCopyCommand.self,
      MetadataStripCommand.self, MetadataRecoverCommand.self,
    ])
}
