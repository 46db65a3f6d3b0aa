/// Commands that a reader can copy.
enum MergeAdvice {
  /// The command that merges LoRAs of a report, by name, at these strengths.
  static func command(_ report: BlendReport, _ strengths: [(name: String, strength: Double)]) -> String {
    let files = strengths.map { "\(path(report, $0.name)):\($0.strength.fixed(2))" }
    return "troupe merge \(files.joined(separator: " ")) --output merged.safetensors"
  }

  /// The command that shows how some of the LoRAs were trained.
  static func inspection(_ report: BlendReport, _ names: [String]) -> String {
    "troupe inspect --no-weights \(names.map { path(report, $0) }.joined(separator: " "))"
  }

  private static func path(_ report: BlendReport, _ name: String) -> String {
    quoted(report.loras.first { $0.name == name }?.path ?? name)
  }

  /// A path as a shell takes it: quoted when it has anything but the plainest characters.
  private static func quoted(_ path: String) -> String {
    let plain = path.utf8.allSatisfy { byte in
      (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
        || [UInt8(ascii: "/"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"), UInt8(ascii: "+")].contains(
          byte)
    }
    return plain
      ? path : "'" + path.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''") + "'"
  }
}
