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
  /// The trigger must stand alone: no letter, digit or underscore beside it. Where the caption names the class already,
  /// and at every tag but the first, the trigger's tag simply goes.
  public func classCaption(of caption: String) -> String {
    guard caption.holds(word: trigger) else { return caption }
    if className.isEmpty { return withoutTrigger(caption) }
    var isNamed = caption.replacing(word: trigger, by: "").holds(word: className)
    var tags: [String] = []
    for tag in caption.pieces(by: ",").map(\.trimmed) where !tag.isEmpty {
      if tag == trigger {
        if !isNamed { tags.append(className) }
        isNamed = true
      } else {
        tags.append(tag.replacing(word: trigger, by: className))
      }
    }
    return tags.joined(separator: ", ")
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
