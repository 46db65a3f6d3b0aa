public import Torch

/// Without its trigger a character does not appear: under the caption with the class in the trigger's place, the
/// adapter leaves the base prediction unchanged.
///
/// `mean ‖f_θ(x_t, t, ĉ) − f₀(x_t, t, ĉ)‖²` on the character's own latents and noise, with ĉ the caption whose trigger
/// was replaced by this character's own class (differential output preservation; ai-toolkit has one class for all).
public struct OutputPreservation: Sendable, Hashable {
  /// The distance.
  public let distance: BasePrediction

  /// Makes a loss.
  public init(_ element: ElementLoss = .meanSquare) { distance = BasePrediction(element) }

  /// The loss of each sample, `[batch]`, from predictions under ``classCaption(_:trigger:class:)``.
  public func losses(_ prediction: Tensor, base: Tensor, thresholds: [Double] = []) throws(TorchError) -> Tensor {
    try distance.losses(prediction, base: base, thresholds: thresholds)
  }

  /// The caption with the class in the trigger's place.
  ///
  /// The trigger must stand alone: no letter, digit or underscore beside it. A tag that became the class is left out
  /// where the caption has the class as a tag already.
  /// - Returns: `nil` when the caption does not have the trigger.
  public static func classCaption(_ caption: String, trigger: String, class name: String) -> String? {
    guard !trigger.isEmpty else { return nil }
    var found = false
    let tags = caption.split(separator: ",", omittingEmptySubsequences: false).map(trimmed)
    var kept: [Substring] = []
    for tag in tags {
      guard let replaced = replacing(tag, trigger, name) else {
        kept.append(tag)
        continue
      }
      found = true
      if replaced == name, tags.contains(where: { $0 == name }) || kept.contains(where: { $0 == name }) { continue }
      kept.append(Substring(replaced))
    }
    return found ? kept.joined(separator: ", ") : nil
  }

  private static func trimmed(_ text: Substring) -> Substring {
    var text = text.drop(while: \.isWhitespace)
    while text.last?.isWhitespace == true { text.removeLast() }
    return text
  }

  private static func replacing(_ tag: Substring, _ trigger: String, _ name: String) -> String? {
    func joins(_ character: Character?) -> Bool {
      character.map { $0.isLetter || $0.isNumber || $0 == "_" } ?? false
    }
    var (result, before, rest, found) = ("", Character?.none, tag, false)
    while let first = rest.first {
      if rest.hasPrefix(trigger), !joins(before), !joins(rest.dropFirst(trigger.count).first) {
        result += name
        rest = rest.dropFirst(trigger.count)
        before = trigger.last
        found = true
      } else {
        result.append(first)
        before = first
        rest = rest.dropFirst()
      }
    }
    return found ? result : nil
  }
}
