internal import TOML

extension CastConfiguration {
  /// One folder of pictures.
  public struct Subset: Sendable, Hashable {
    /// The folder, or one picture.
    public var images: String
    /// How much of its character's samples come from here, against the other subsets; 1 by default.
    public var share: Double
    /// What is done to its captions.
    public var captions: CaptionRule
    /// What is done to its pictures.
    public var pictures: ImageRule
    /// The line it begins on.
    public var line: Int

    init(_ fields: inout TOMLFields, captions: CaptionRule, images: ImageRule) throws(TOMLError) {
      line = fields.line
      guard let folder = try fields.text("images") else {
        throw TOMLError(
          path: fields.path, line: fields.line, subject: "cast", rule: .missing,
          detail: "a subset names its folder, this one does not; add images = \"folder\"")
      }
      self.images = folder
      share = try fields.number("share", in: 1e-3...1e3) ?? 1
      self.captions = try CaptionRule(&fields, base: captions)
      pictures = try ImageRule(&fields, base: images)
      try fields.finish()
    }

    /// The subsets of a member of the cast: those below it, or its own `images` alone.
    static func all(
      _ fields: inout TOMLFields, captions: CaptionRule, images: ImageRule
    ) throws(TOMLError) -> [Subset] {
      var result: [Subset] = []
      for table in try fields.tables("subset") {
        var inner = TOMLFields(table, name: "a subset", path: fields.path, subject: "cast")
        result.append(try Subset(&inner, captions: captions, images: images))
      }
      if let folder = try fields.text("images") {
        result.insert(Subset(images: folder, captions: captions, pictures: images, line: fields.line), at: 0)
      }
      return result
    }

    private init(images: String, captions: CaptionRule, pictures: ImageRule, line: Int) {
      (self.images, share, self.captions, self.pictures, self.line) = (images, 1, captions, pictures, line)
    }
  }

  /// One of the cast.
  public struct Character: Sendable, Hashable {
    /// Its name, for people.
    public var name: String
    /// The word that calls it; every caption gets it.
    public var trigger: String
    /// What it is one of, such as `1girl`; empty where nothing is said.
    public var className: String
    /// What its loss is multiplied with; 1 by default.
    public var weight: Double
    /// Its pictures.
    public var subsets: [Subset]
    /// The line it begins on.
    public var line: Int

    /// The trigger with its class.
    public var triggerWord: TriggerWord { TriggerWord(trigger: trigger, className: className) }

    init(_ fields: inout TOMLFields, captions: CaptionRule, images: ImageRule) throws(TOMLError) {
      line = fields.line
      name = try fields.text("name") ?? ""
      trigger = try fields.text("trigger") ?? ""
      className = try fields.text("class") ?? ""
      weight = try fields.number("weight", in: 0...1e4) ?? 1
      var captions = try CaptionRule(&fields, base: captions)
      captions.trigger = trigger.isEmpty ? nil : trigger
      let images = try ImageRule(&fields, base: images)
      subsets = try Subset.all(&fields, captions: captions, images: images)
      try fields.finish()
    }
  }

  /// Pictures that show several of the cast.
  public struct Group: Sendable, Hashable {
    /// Who is in them, by name; at least two.
    public var characters: [String]
    /// What their loss is multiplied with; 1 by default.
    public var weight: Double
    /// The pictures.
    public var subsets: [Subset]
    /// The line it begins on.
    public var line: Int

    init(_ fields: inout TOMLFields, captions: CaptionRule, images: ImageRule) throws(TOMLError) {
      line = fields.line
      characters = try fields.texts("characters") ?? []
      weight = try fields.number("weight", in: 0...1e4) ?? 1
      let captions = try CaptionRule(&fields, base: captions)
      let images = try ImageRule(&fields, base: images)
      subsets = try Subset.all(&fields, captions: captions, images: images)
      try fields.finish()
    }
  }

  /// A regularisation set.
  public struct Regularization: Sendable, Hashable {
    /// What the prediction is held to.
    public enum Target: String, Sendable, CaseIterable {
      /// The noise of the picture: an ordinary sample of the class.
      case image
      /// What the base model predicts.
      case base
    }

    /// How many pictures the base model draws before the run; nil where there are real ones or none.
    public var generated: Int?
    /// What the prediction is held to.
    public var target: Target
    /// The class; it is the caption of pictures that have none.
    public var className: String
    /// Characters that it is paired with, by name; empty for all.
    public var pairsWith: [String]
    /// What its loss is multiplied with; nil is ``Losses/priorWeight``.
    public var weight: Double?
    /// Samples for each sample of a paired character; 1 by default.
    public var ratio: Double
    /// The pictures; empty where they are generated, or the paired characters' own serve with class captions.
    public var subsets: [Subset]
    /// The line it begins on.
    public var line: Int

    init(_ fields: inout TOMLFields, captions: CaptionRule, images: ImageRule) throws(TOMLError) {
      line = fields.line
      generated = try fields.integer("generated", in: 1...100_000)
      target = try fields.choice("target", Target.self) ?? .image
      className = try fields.text("class") ?? ""
      pairsWith = try fields.texts("pairs_with") ?? []
      weight = try fields.number("weight", in: 0...1e4)
      ratio = try fields.number("ratio", in: 0...64) ?? 1
      let captions = try CaptionRule(&fields, base: captions)
      let images = try ImageRule(&fields, base: images)
      subsets = try Subset.all(&fields, captions: captions, images: images)
      try fields.finish()
    }
  }
}
