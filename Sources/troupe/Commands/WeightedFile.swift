import Adapters
import ArgumentParser
import SafeTensors

/// A LoRA named on the command line with the strength it is used at: `konrad.safetensors:0.8`.
struct WeightedFile: ExpressibleByArgument, Sendable {
  /// The file.
  var path: String
  /// The strength; 1 where none is given.
  var strength: Double
  /// Whether a strength was given.
  var isExplicit: Bool

  init(path: String, strength: Double) { (self.path, self.strength, isExplicit) = (path, strength, true) }

  init?(argument: String) {
    if let colon = argument.lastIndex(of: ":"), let strength = Double(argument[argument.index(after: colon)...]),
      strength.isFinite, colon != argument.startIndex
    {
      self.path = String(argument[..<colon])
      self.strength = strength
      isExplicit = true
    } else {
      path = argument
      strength = 1
      isExplicit = false
    }
    guard !path.isEmpty else { return nil }
  }

  /// Opens files side by side.
  ///
  /// The first error in the order of the files is thrown.
  static func open(_ files: [WeightedFile]) async throws -> [Adapter] {
    let opened = await withTaskGroup(of: (Int, Result<Adapter, any Error>).self) { group in
      for (index, file) in files.enumerated() {
        group.addTask { (index, Result { try Adapter(path: file.path) }) }
      }
      var results: [Result<Adapter, any Error>?] = Array(repeating: nil, count: files.count)
      for await (index, result) in group { results[index] = result }
      return results.compactMap { $0 }
    }
    return try opened.map { try $0.get() }
  }

  /// Names that tell the files apart: the files' own, with as much of their folder as needed.
  static func names(_ adapters: [Adapter]) -> [String] {
    let short = adapters.map(\.name)
    return adapters.enumerated().map { index, adapter in
      guard short.count(where: { $0 == short[index] }) > 1 else { return short[index] }
      let pieces = adapter.file.path.split(separator: "/").map(String.init)
      let folder = pieces.dropLast().last.map { "\($0)/\(short[index])" } ?? short[index]
      let twins = adapters.indices.filter { other in
        let pieces = adapters[other].file.path.split(separator: "/").map(String.init)
        return (pieces.dropLast().last.map { "\($0)/\(short[other])" } ?? short[other]) == folder
      }
      return twins.count == 1 ? folder : "\(folder) (\((twins.firstIndex(of: index) ?? 0) + 1))"
    }
  }
}
