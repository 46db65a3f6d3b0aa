import ArgumentParser
struct InspectCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(commandName: "inspect"); @Argument var files: [String]
}
