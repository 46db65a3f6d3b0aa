import ArgumentParser
@main struct Troupe: AsyncParsableCommand { mutating func run() async throws {} }
