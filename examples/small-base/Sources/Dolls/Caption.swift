import Trainer

extension Doll {
  /// A tag of a caption.
  struct Tag: Sendable, Hashable {
    var text: String
    /// Whether every doll has one of its kind: a caption may then leave it open.
    ///
    /// What a doll need not have is always said, so that silence means that it is not there.
    var isOpen = true
  }

  /// The tags, the count of people first.
  var tags: [Tag] {
    var tags = [
      Tag(text: isGirl ? "1girl" : "1boy"), Tag(text: "\(hair.rawValue) hair"), Tag(text: style.rawValue),
      Tag(text: "\(skin.rawValue) skin"), Tag(text: "\(shirt.rawValue) shirt"),
    ]
    // A portrait does not show them.
    if framing == .fullBody { tags.append(Tag(text: "\(garmentColour.rawValue) \(garment.rawValue)")) }
    if hasGlasses { tags.append(Tag(text: "glasses", isOpen: false)) }
    if headwear != .nothing { tags.append(Tag(text: headwear.rawValue, isOpen: false)) }
    if framing == .fullBody || pose != .standing { tags.append(Tag(text: pose.rawValue)) }
    return tags + [
      Tag(text: framing.rawValue), Tag(text: view.rawValue), Tag(text: "\(background.rawValue) background"),
    ]
  }

  /// All tags in their usual order.
  var caption: String { tags.map(\.text).joined(separator: ", ") }

  /// A caption to train with: shuffled behind the count of people, at times with tags left open, a word that means
  /// nothing, or nothing at all.
  func trainingCaption(using random: inout CounterRandom) -> String {
    if random.below(10) == 0 { return "" }
    var tags = tags
    let first = tags.removeFirst()
    tags.shuffle(using: &random)
    if random.below(5) == 0 { tags.removeAll { $0.isOpen && random.below(10) < 3 } }
    var words = [first.text] + tags.map(\.text)
    // So that the trigger of a character is at first no more than a word without a meaning.
    if random.below(10) == 0 { words.insert(Self.name(using: &random), at: 1) }
    return words.joined(separator: ", ")
  }

  private static func name(using random: inout CounterRandom) -> String {
    let letters = Array("abcdefghijklmnopqrstuvwxyz")
    return String((0..<3 + random.below(5)).map { _ in letters[random.below(letters.count)] })
  }

  /// Every tag there is.
  static let allTags: [String] =
    ["1girl", "1boy", "glasses"] + Hair.allCases.map { "\($0.rawValue) hair" } + Style.allCases.map(\.rawValue)
    + Skin.allCases.map { "\($0.rawValue) skin" } + Shirt.allCases.map { "\($0.rawValue) shirt" }
    + Garment.allCases.flatMap { garment in GarmentColour.allCases.map { "\($0.rawValue) \(garment.rawValue)" } }
    + Headwear.allCases.map(\.rawValue).filter { !$0.isEmpty } + Pose.allCases.map(\.rawValue)
    + Framing.allCases.map(\.rawValue) + View.allCases.map(\.rawValue)
    + Background.allCases.map { "\($0.rawValue) background" }
}
