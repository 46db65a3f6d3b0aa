/// What is done to a caption each time its picture is used.
///
/// The steps and their order are sd-scripts', and each draws a random number only where sd-scripts does, so that with
/// ``PythonRandom`` the same captions come out: prefix and suffix; dropout of the whole caption; one line of several and
/// wildcards; the fixed part is set aside; tags warm up, are shuffled, and drop out; all is joined; the secondary
/// separator is replaced. Then, which sd-scripts does not do, the trigger is put in front where it is not there.
public struct CaptionRule: Sendable, Hashable {
  /// Written before every caption, with a space between.
  public var prefix: String?
  /// Written after every caption, with a space between.
  public var suffix: String?
  /// What stands between tags.
  public var separator = ","
  /// What becomes ``separator`` at the very end, so that tags joined by it stay together.
  public var secondarySeparator: String?
  /// How many tags at the beginning stay where they are.
  public var keptTags = 0
  /// Text that ends the fixed part; a second one begins a fixed part at the end.
  ///
  /// It overrides ``keptTags``.
  public var keptTagsSeparator: String?
  /// Whether tags change places.
  public var shuffles = false
  /// The share of uses without any caption, 0 to 1.
  public var dropout = 0.0
  /// Every so many epochs, counted from 1, captions are left out; 0 for never.
  public var dropoutEpochs = 0
  /// The share of tags that are left out, 0 to 1; fixed ones stay.
  public var tagDropout = 0.0
  /// Whether `{a|b}` stands for one of the two, and several lines for one of them; `{{` is a brace.
  public var expandsWildcards = false
  /// How many tags the warm-up begins with.
  public var warmUpFirst = 1
  /// How many steps until all tags are used; below 1 it is a share of the run's steps, and 0 is no warm-up.
  public var warmUpSteps = 0.0
  /// A word that every caption that is not left out must hold; tags equal to it stand first and are never dropped.
  public var trigger: String?
  /// Whether the fixed part's separator goes also where nothing is shuffled or dropped; sd-scripts leaves it standing.
  public var alwaysRemovesSeparator = true

  /// A rule that changes nothing.
  public init() {}

  /// Where in the run a caption is used.
  public struct Moment: Sendable, Hashable {
    /// The epoch, counted from 1.
    public var epoch: Int
    /// The step, counted from 0.
    public var step: Int
    /// The steps of the whole run.
    public var steps: Int

    /// A moment of these numbers.
    public init(epoch: Int, step: Int, steps: Int) { (self.epoch, self.step, self.steps) = (epoch, step, steps) }
  }

  /// Whether every use gives the same text, so that its embedding can be kept.
  public var isConstant: Bool {
    !shuffles && dropout <= 0 && dropoutEpochs <= 0 && tagDropout <= 0 && !expandsWildcards && warmUpSteps <= 0
  }

  /// The caption of one use.
  public func caption(_ text: String, at moment: Moment, using random: inout some DrawSource) -> String {
    var text = text
    if let prefix, !prefix.isEmpty { text = prefix + " " + text }
    if let suffix, !suffix.isEmpty { text = text + " " + suffix }
    let isDropped = dropout > 0 && random.unit() < dropout
    if isDropped || dropoutEpochs > 0 && moment.epoch.isMultiple(of: dropoutEpochs) { return "" }
    if expandsWildcards {
      if text.unicodeScalars.contains("\n") {
        let lines = text.pieces(by: "\n")
        text = lines[random.below(lines.count)]
      }
      text = Wildcards.expanded(text, using: &random)
    } else {
      text = text.pieces(by: "\n")[0]
    }
    let hasFixedPart = keptTagsSeparator.map { !$0.isEmpty && text.unicodeScalars.contains($0.unicodeScalars) } ?? false
    let holdsTrigger = trigger.map { text.holds(word: $0) } ?? false
    if shuffles || warmUpSteps > 0 || tagDropout > 0 || hasFixedPart && alwaysRemovesSeparator {
      text = mixed(text, hasFixedPart: hasFixedPart, at: moment, using: &random)
    }
    if let secondarySeparator, !secondarySeparator.isEmpty {
      text = text.replacing(each: secondarySeparator, by: separator)
    }
    if let trigger, !trigger.isEmpty, !holdsTrigger || !text.holds(word: trigger) {
      text = text.isEmpty ? trigger : trigger + ", " + text
    }
    return text
  }

  private func mixed(
    _ text: String, hasFixedPart: Bool, at moment: Moment, using random: inout some DrawSource
  ) -> String {
    var (fixed, free, last): ([String], [String], [String]) = ([], [], [])
    if hasFixedPart, let keptTagsSeparator {
      let parts = text.pieces(by: keptTagsSeparator, limit: 3).map { part in
        part.pieces(by: separator).map(\.trimmed).filter { !$0.isEmpty }
      }
      fixed = parts[0]
      if parts.count > 1 { free = parts[1] }
      if parts.count > 2 { last = parts[2] }
    } else {
      let tags = text.trimmed.pieces(by: separator).map(\.trimmed)
      fixed = Array(tags.prefix(max(0, keptTags)))
      free = Array(tags.dropFirst(max(0, keptTags)))
    }
    if let trigger, free.contains(trigger) {
      free.removeAll { $0 == trigger }
      fixed.insert(trigger, at: 0)
    }
    let steps = warmUpSteps < 1 ? (warmUpSteps * Double(moment.steps)).rounded(.down) : warmUpSteps
    if steps > 0, Double(moment.step) < steps {
      let growth = Double(moment.step) * (Double(free.count - warmUpFirst) / steps)
      free = Array(free.prefix(max(0, Int(growth.rounded(.down)) + warmUpFirst)))
    }
    if shuffles { random.shuffle(&free) }
    if tagDropout > 0 { free = free.filter { _ in random.unit() >= tagDropout } }
    return (fixed + free + last).joined(separator: ", ")
  }
}
