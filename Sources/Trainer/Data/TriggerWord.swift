/// The word that calls a character, and the class that it is one of.
public struct TriggerWord: Sendable, Hashable {
  /// The word, such as `konrad_httt`.
  public var trigger: String
  /// The class, such as `1boy`.
  public var className: String

  /// A trigger of a class.
  public init(trigger: String, className: String) { (self.trigger, self.className) = (trigger, className) }

  /// The caption of the same picture for someone who does not know the character: the class instead of the trigger.
  ///
  /// Where the caption names the class already, the trigger's tag simply goes.
  public func classCaption(of caption: String) -> String {
    guard caption.holds(word: trigger) else { return caption }
    if className.isEmpty { return withoutTrigger(caption) }
    let tags = caption.pieces(by: ",").map(\.trimmed)
    if tags.contains(trigger),
      tags.contains(className) || caption.replacing(word: trigger, by: "").holds(word: className)
    {
      return tags.filter { $0 != trigger && !$0.isEmpty }.joined(separator: ", ").replacing(
        word: trigger, by: className)
    }
    return caption.replacing(word: trigger, by: className)
  }

  /// The caption without the trigger, and with nothing in its place.
  public func withoutTrigger(_ caption: String) -> String {
    guard caption.holds(word: trigger) else { return caption }
    return caption.pieces(by: ",").map { $0.replacing(word: trigger, by: "").trimmed }.filter { !$0.isEmpty }.joined(
      separator: ", ")
  }

  /// The caption with another character's trigger instead of this one's, and the other's class instead of this one's.
  public func swapped(_ caption: String, to other: TriggerWord) -> String {
    var result = caption.replacing(word: trigger, by: other.trigger)
    if className != other.className { result = result.replacing(word: className, by: other.className) }
    return result
  }
}
