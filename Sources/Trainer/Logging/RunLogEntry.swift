internal import SafeTensors

/// One line of a run's log.
///
/// The keys that each event has are those of the functions that make it; more may come, these stay. `step` counts the
/// optimiser steps that are done, so the first step's line has 1.
public struct RunLogEntry: Sendable, Hashable {
  /// What happened.
  public enum Event: String, Sendable, CaseIterable {
    /// The run began.
    case start
    /// A step was done.
    case step
    /// Held-out pictures were measured.
    case validation
    /// It was measured what characters do to each other's prompts.
    case leak
    /// Pictures were drawn.
    case preview
    /// A LoRA was written.
    case checkpoint
    /// A character's training ended before the run's.
    case earlyStop = "early-stop"
    /// The run ended.
    case end
  }

  /// What happened.
  public var event: Event
  /// Steps done.
  public var step: Int
  /// What there is to say of it, in this order.
  public var fields: [LogField]

  /// An entry of these parts.
  public init(_ event: Event, step: Int, _ fields: [LogField] = []) {
    (self.event, self.step, self.fields) = (event, step, fields)
  }

  /// An entry of these parts.
  public init(_ event: Event, step: Int, _ fields: KeyValuePairs<String, LogValue>) {
    self.init(event, step: step, fields.map { LogField($0.key, $0.value) })
  }

  /// The entry as one line of JSON, without the line's end.
  public var line: String {
    let head: [JSONValue.Member] = [
      .init(name: "event", value: .string(event.rawValue)), .init(name: "step", value: LogValue.whole(step).json),
    ]
    return JSONValue.object(head + fields.map { .init(name: $0.name, value: $0.value.json) }).text
  }
}

extension RunLogEntry {
  /// The line of a step: `loss`, `losses` by term, `characters` (losses by name), `rate`, `gradient_norm` (null where
  /// gradients are not measured).
  public static func step(
    _ step: Int, loss: Double, losses: [String: Double] = [:], characters: [String: Double] = [:], rate: Double,
    gradientNorm: Double? = nil
  ) -> RunLogEntry {
    RunLogEntry(
      .step, step: step,
      [
        "loss": .number(loss), "losses": .numbers(losses), "characters": .numbers(characters), "rate": .number(rate),
        "gradient_norm": gradientNorm.map { .number($0) } ?? .null,
      ])
  }

  /// The line of a measurement on held-out pictures: `loss`, `characters` (losses by name).
  public static func validation(_ step: Int, loss: Double, characters: [String: Double] = [:]) -> RunLogEntry {
    RunLogEntry(.validation, step: step, ["loss": .number(loss), "characters": .numbers(characters)])
  }

  /// The line of a leak matrix: `characters`, and `matrix` with a row for each prompt and a column for each character.
  public static func leak(_ step: Int, characters: [String], matrix: [[Double]]) -> RunLogEntry {
    RunLogEntry(
      .leak, step: step,
      [
        "characters": .texts(characters),
        "matrix": .list(matrix.map { row in .list(row.map { .number($0) }) }),
      ])
  }

  /// The line of pictures: `files`, names without folders.
  public static func preview(_ step: Int, files: [String]) -> RunLogEntry {
    RunLogEntry(.preview, step: step, ["files": .texts(files)])
  }

  /// The line of a checkpoint: `files`, names without folders.
  public static func checkpoint(_ step: Int, files: [String]) -> RunLogEntry {
    RunLogEntry(.checkpoint, step: step, ["files": .texts(files)])
  }

  /// The line of a character whose training ended: `character`, `best_step` and `best_loss`.
  public static func earlyStop(_ step: Int, character: String, bestStep: Int, bestLoss: Double) -> RunLogEntry {
    RunLogEntry(
      .earlyStop, step: step,
      ["character": .text(character), "best_step": .whole(bestStep), "best_loss": .number(bestLoss)])
  }
}
