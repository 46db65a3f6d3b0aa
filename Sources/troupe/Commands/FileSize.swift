import ArgumentParser

/// A file size named on the command line: `50MB`, `1.5GB`, `64MiB`, `1200000`.
struct FileSize: ExpressibleByArgument, Sendable {
  /// The size in bytes.
  var bytes: Int

  /// Decimal units as file managers and download sites count, binary ones where they are spelled out.
  private static let units: [(name: String, bytes: Double)] = [
    ("kib", 1024), ("mib", 1_048_576), ("gib", 1_073_741_824), ("kb", 1e3), ("mb", 1e6), ("gb", 1e9), ("b", 1),
  ]

  init?(argument: String) {
    let text = argument.lowercased()
    let unit = Self.units.first { text.hasSuffix($0.name) }
    let digits = unit.map { text.dropLast($0.name.count) } ?? text[...]
    guard let number = Double(digits), number > 0, number * (unit?.bytes ?? 1) < 1e15 else { return nil }
    bytes = Int((number * (unit?.bytes ?? 1)).rounded(.down))
    guard bytes > 0 else { return nil }
  }
}
