import ArgumentParser

/// `troupe dataset`: what is to be known of pictures and captions before a training run.
struct DatasetCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "dataset",
    abstract: "Look at a training set before an hour is spent on it: exposure, mistakes, what the network will see.",
    subcommands: [DatasetCheckCommand.self, DatasetSheetCommand.self])
}
