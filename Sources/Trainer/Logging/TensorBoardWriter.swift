internal import SafeTensors

/// An event file that TensorBoard reads while it grows.
///
/// Every event is handed to the system whole, so that a killed run leaves no torn record. A resumed run begins a file of
/// its own, which tells TensorBoard to forget the steps that the killed run wrote beyond the state.
public final class TensorBoardWriter: Sendable {
  /// Where a run is from the writer's point of view; all of it is told by the caller, so that files can be compared.
  public struct Origin: Sendable, Hashable {
    /// When the run began or went on, in seconds since 1970.
    public var time: Double
    /// The machine's name.
    public var host: String
    /// The process' number.
    public var process: Int

    /// An origin of these parts.
    public init(time: Double, host: String, process: Int) {
      (self.time, self.host, self.process) = (time, host, process)
    }
  }

  private let file: AppendingFile

  /// The file.
  public var path: String { file.path }

  /// Begins an event file in a folder.
  ///
  /// - Parameters:
  ///   - folder: an existing folder; TensorBoard shows one run for each.
  ///   - origin: what names the file; a number is added where the name is taken.
  ///   - step: for a resumed run the last step that it does not repeat; nil for a new one.
  /// - Throws: `SafeTensorsError` when the file cannot be made or written.
  public init(folder: String, origin: Origin, resumingAfter step: Int? = nil) throws {
    let seconds = Self.padded(Int(exactly: origin.time.rounded(.down)) ?? 0)
    // A slash would lead to another folder, and a host may be called anything.
    let host = origin.host.isEmpty ? "localhost" : String(origin.host.map { $0 == "/" ? "-" : $0 })
    let name = "\(folder)/events.out.tfevents.\(seconds).\(host).\(origin.process)"
    var number = 0
    while true {
      do {
        file = try AppendingFile(path: number == 0 ? name : "\(name).\(number)", existing: .refuse)
        break
      } catch {
        guard error.rule == .exists, number < 1000 else { throw error }
        number += 1
      }
    }
    try write(.version, step: 0, time: origin.time)
    if let step { try write(.restart, step: step + 1, time: origin.time) }
  }

  private static func padded(_ number: Int) -> String {
    let digits = "\(number)"
    return String(repeating: "0", count: max(0, 10 - digits.count)) + digits
  }

  /// Writes numbers by tag; a slash in a tag makes a group in TensorBoard.
  ///
  /// Numbers that are not finite are shown as such.
  /// - Parameters:
  ///   - step: the step.
  ///   - time: seconds since 1970.
  /// - Throws: `SafeTensorsError` when the file cannot be written.
  public func add(scalars: KeyValuePairs<String, Double>, step: Int, time: Double) throws {
    try add(scalars: scalars.map { (tag: $0.key, value: $0.value) }, step: step, time: time)
  }

  /// Writes numbers by tag.
  public func add(scalars: [(tag: String, value: Double)], step: Int, time: Double) throws {
    guard !scalars.isEmpty else { return }
    try write(.scalars(scalars.map { (tag: $0.tag, value: Float($0.value)) }), step: step, time: time)
  }

  /// Writes a picture.
  ///
  /// - Parameters:
  ///   - png: the bytes of a PNG file.
  ///   - width: its columns.
  ///   - height: its rows.
  ///   - tag: what it shows; pictures of one tag are shown as a row over the steps.
  ///   - step: the step.
  ///   - time: seconds since 1970.
  /// - Throws: `SafeTensorsError` when the file cannot be written.
  public func add(picture png: [UInt8], width: Int, height: Int, tag: String, step: Int, time: Double) throws {
    try write(.picture(tag: tag, png: png, width: width, height: height), step: step, time: time)
  }

  /// Waits until everything is on the disk; call it before a state is written that the run may resume from.
  public func sync() throws { try file.sync() }

  private func write(_ content: TensorBoardEvent.Content, step: Int, time: Double) throws(SafeTensorsError) {
    try file.append(TensorBoardEvent(time: time, step: step, content: content).record)
  }
}
