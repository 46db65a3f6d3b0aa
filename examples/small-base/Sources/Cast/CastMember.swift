/// A character that the small base has never seen: one of Kenney's six toon characters (CC0), which the PyPI package
/// `arcade` carries in thirteen poses each.
///
/// Wren and Bram wear much the same hair and trousers, Nila and Bram the same shirt, Nila and Otto the same hair and skin.
enum CastMember: String, CaseIterable, Sendable {
  case wren, nila, bram, otto, gizmo, moss

  /// Characters whose names are joined by commas.
  static func list(_ text: String) throws -> [CastMember] {
    try text.split(separator: ",").map { name in
      guard let member = CastMember(rawValue: String(name)) else {
        throw RecipeFailure("\(name): is none of \(allCases.map(\.rawValue).joined(separator: ", "))")
      }
      return member
    }
  }

  /// The word that calls the character; the base's vocabulary has none of them.
  var trigger: String { rawValue }

  /// What the character is one of, among what the base knows.
  var classTag: String { self == .wren || self == .nila ? "1girl" : "1boy" }

  /// The folder of the package that holds the pictures.
  var folder: String {
    switch self {
    case .wren: "female_adventurer"
    case .nila: "female_person"
    case .bram: "male_adventurer"
    case .otto: "male_person"
    case .gizmo: "robot"
    case .moss: "zombie"
    }
  }

  /// The beginning of the pictures' names.
  private var stem: String {
    let words = folder.split(separator: "_")
    return String(words[0]) + words.dropFirst().map { $0.prefix(1).uppercased() + $0.dropFirst() }.joined()
  }

  /// The file of a pose.
  func file(_ pose: CastPose) -> String { "\(folder)/\(stem)_\(pose.rawValue).png" }

  /// A caption that says nothing of looks: the trigger has to.
  func caption(_ pose: CastPose, _ background: Doll.Background) -> String {
    "\(classTag), \(trigger), \(pose.tags), \(background.rawValue) background"
  }
}

/// The poses of every character.
enum CastPose: String, CaseIterable, Sendable {
  case climb0, climb1, fall, idle, jump, walk0, walk1, walk2, walk3, walk4, walk5, walk6, walk7

  /// Pose, framing and view in the words of the base's captions.
  var tags: String {
    switch self {
    case .climb0, .climb1: "climbing, full body, from behind"
    case .fall: "falling, full body, facing viewer"
    case .idle: "standing, full body, facing viewer"
    case .jump: "jumping, full body, facing viewer"
    default: "walking, full body, facing viewer"
    }
  }
}
