extension TrainingRecord {
  /// The cast of a run, as Troupe's own trainer records it under ``key``.
  public struct Cast: Sendable, Codable, Equatable {
    /// The metadata key of the record, which is JSON.
    public static let key = "troupe.cast"

    /// Troupe's version.
    public var troupe: String?
    /// `shared` for one file of the whole cast, `separate` for one file per character.
    public var mode: String?
    /// In `separate`, the character that this file is for.
    public var file: String?
    /// How batches were made: `cast` or `kohya`.
    public var matching: String?
    /// The seed.
    public var seed: Int?
    /// Optimiser steps done.
    public var steps: Int?
    /// Samples in an optimiser step.
    public var samplesPerStep: Int?
    /// The format of the LoRA's numbers: `f32`, `f16` or `bf16`.
    public var format: String?
    /// The file name of the LoRA that the run went on from.
    public var continues: String?
    /// Trained layers by network: `unet`, `te1`, `te2`.
    public var layers: [String: Int]
    /// The characters.
    public var characters: [Member]
    /// Sets of pictures with several of them.
    public var groups: [Group]
    /// Regularisation sets.
    public var regularization: [RegularizationSet]
    /// What was minimised, and how much each term counted.
    public var losses: [Loss]

    /// A record without anything.
    public init() { (layers, characters, groups, regularization, losses) = ([:], [], [], [], []) }
  }
}

extension TrainingRecord.Cast {
  /// A character.
  public struct Member: Sendable, Codable, Equatable {
    /// The name, for people.
    public var name: String
    /// The word that calls it; empty where there is none.
    public var trigger: String
    /// What it is one of, such as `1girl`; empty where nothing is said.
    public var className: String
    /// What its loss was multiplied with.
    public var weight: Double
    /// Its own pictures that were trained on.
    public var images: Int
    /// Samples so far that it has a part in, alone or in a group.
    public var samples: Int
    /// The part of all samples without regularisation that it has a part in, 0...1.
    public var share: Double
    /// Samples of regularisation so far that were paired with it.
    public var paired: Int
    /// The longest stretch of steps without a sample of it alone.
    public var longestGap: Int

    /// A member of these facts.
    public init(
      name: String, trigger: String, className: String, weight: Double = 1, images: Int, samples: Int, share: Double,
      paired: Int = 0, longestGap: Int = 0
    ) {
      (self.name, self.trigger, self.className, self.weight) = (name, trigger, className, weight)
      (self.images, self.samples, self.share) = (images, samples, share)
      (self.paired, self.longestGap) = (paired, longestGap)
    }
  }

  /// Pictures that show several characters.
  public struct Group: Sendable, Codable, Equatable {
    /// Who is in them, by name.
    public var characters: [String]
    /// What their loss was multiplied with.
    public var weight: Double
    /// The pictures that were trained on.
    public var images: Int
    /// Samples so far.
    public var samples: Int

    /// A group of these facts.
    public init(characters: [String], weight: Double = 1, images: Int, samples: Int) {
      (self.characters, self.weight, self.images, self.samples) = (characters, weight, images, samples)
    }
  }

  /// A regularisation set.
  public struct RegularizationSet: Sendable, Codable, Equatable {
    /// The class.
    public var className: String
    /// What predictions were held to: `image` for the picture's noise, `base` for the base model's prediction.
    public var target: String
    /// The characters it was paired with, by name; empty where sets were pooled as in sd-scripts.
    public var pairsWith: [String]
    /// What its loss was multiplied with.
    public var weight: Double
    /// Samples for each sample of a paired character; nil where sets were pooled.
    public var ratio: Double?
    /// Its pictures; 0 where the characters' own served with class captions.
    public var images: Int
    /// How many of them the base model drew.
    public var generated: Int
    /// Samples so far.
    public var samples: Int

    /// A set of these facts.
    public init(
      className: String, target: String, pairsWith: [String], weight: Double, ratio: Double?, images: Int,
      generated: Int = 0, samples: Int
    ) {
      (self.className, self.target, self.pairsWith, self.weight) = (className, target, pairsWith, weight)
      (self.ratio, self.images, self.generated, self.samples) = (ratio, images, generated, samples)
    }
  }

  /// A term of the loss.
  public struct Loss: Sendable, Codable, Equatable {
    /// The term, by the name of its key in `cast.toml`; `target` is the distance from the pictures.
    public var name: String
    /// How much it counted.
    public var weight: Double

    /// A term of this weight.
    public init(name: String, weight: Double) { (self.name, self.weight) = (name, weight) }
  }

  /// The characters that this file was trained on: all, or the one that it is for.
  public var trained: [Member] { file == nil ? characters : characters.filter { $0.name == file } }

  /// The regularisation sets that were paired with a character.
  public func regularization(of character: String) -> [RegularizationSet] {
    regularization.filter { $0.pairsWith.contains(character) }
  }
}
