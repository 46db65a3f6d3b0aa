internal import SafeTensors

/// A run's log: lines of JSON, each handed to the system whole.
///
/// Of a resumed run the log reads as if the run had never been stopped: lines that the stopped run wrote beyond the state
/// that is resumed are gone.
public final class RunLog: Sendable {
  private let file: AppendingFile

  /// The file.
  public var path: String { file.path }

  /// Opens a log at its end, or makes it.
  ///
  /// A line that a killed process left unfinished is ended, so that the next one stands on its own.
  /// - Parameters:
  ///   - path: the file; its folder must exist.
  ///   - step: for a resumed run the steps that its state has done: lines with a later step, the line of an end and an
  ///     unreadable last line are cut off; −1 cuts those of a run that is replaced. nil leaves all lines.
  /// - Throws: `SafeTensorsError` when the file cannot be read or written.
  public init(path: String, resumingAfter step: Int? = nil) throws {
    let bytes = try TextFile.contents(path) ?? []
    if let step {
      let kept = Self.kept(bytes, after: step)
      if kept != bytes { try WholeFile.write(kept, to: path, syncs: true) }
      file = try AppendingFile(path: path)
    } else {
      file = try AppendingFile(path: path)
      if let last = bytes.last, last != Self.newline { try file.append([Self.newline]) }
    }
  }

  private static let newline = UInt8(ascii: "\n")

  /// The lines of a log that a run has written after so many steps.
  private static func kept(_ bytes: [UInt8], after step: Int) -> [UInt8] {
    var lines = bytes.split(separator: newline, omittingEmptySubsequences: false)
    // What follows the last end of a line: nothing, a line that lacks its end alone, or a part of one.
    if let last = lines.popLast(), !last.isEmpty, parsed(last) != nil { lines.append(last) }
    return lines.filter { line in
      // Lines that are not the log's own are not the log's to remove.
      guard let value = parsed(line), let written = value["step"]?.int else { return true }
      return written <= step && value["event"]?.string != RunLogEntry.Event.end.rawValue
    }.flatMap { $0 + [newline] }
  }

  private static func parsed(_ line: ArraySlice<UInt8>) -> JSONValue? {
    let value = try? JSONParser.parse(String(decoding: line, as: UTF8.self))
    return value?.members == nil ? nil : value
  }

  /// Writes a line.
  /// - Throws: `SafeTensorsError` when the file cannot be written.
  public func write(_ entry: RunLogEntry) throws { try file.append(Array((entry.line + "\n").utf8)) }

  /// Waits until everything is on the disk; call it before a state is written that the run may resume from.
  public func sync() throws { try file.sync() }
}
