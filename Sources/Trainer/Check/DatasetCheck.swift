/// What is to be known of a dataset before an hour is spent on it: how often everything is used, and what is wrong.
///
/// A value that JSON and terminal are views of.
public struct DatasetCheck: Sendable, Codable {
  /// Something found.
  public struct Finding: Sendable, Codable, Equatable {
    /// How much it matters.
    public enum Severity: String, Sendable, Codable, CaseIterable, Comparable {
      /// Good to know.
      case note
      /// Likely to be seen in what comes out.
      case warning
      /// The run fails, or learns something that is not meant.
      case problem

      /// From note to problem.
      public static func < (a: Severity, b: Severity) -> Bool {
        (allCases.firstIndex(of: a) ?? 0) < (allCases.firstIndex(of: b) ?? 0)
      }
    }

    /// A stable name for scripts and `--fail-on`.
    public var id: String
    /// How much it matters.
    public var severity: Severity
    /// Whom it is about, by name; empty for the whole run.
    public var about: [String]
    /// Pictures that it is about, by path.
    public var pictures: [String] = []
    /// The numbers or names it rests on.
    public var evidence: String
    /// What that means, in plain words.
    public var meaning: String
    /// What to do about it.
    public var advice: String
  }

  /// How a character, a group or a regularisation set is used.
  public struct Member: Sendable, Codable, Equatable {
    /// Its name.
    public var name: String
    /// What its pictures stand for.
    public var kind: DatasetOutline.Member.Kind
    /// What calls it; nil where nothing is known to.
    public var trigger: String?
    /// Its class; nil where none is given.
    public var className: String?
    /// Pictures that are trained on.
    public var pictures: Int
    /// Pictures that are held out to measure with.
    public var heldOut: Int
    /// Samples in the run.
    public var samples: Int
    /// The part of all samples, 0 to 1.
    public var share: Double
    /// Steps with at least one sample.
    public var steps: Int
    /// The longest stretch of steps without one.
    public var longestGap: Int
    /// Uses of the picture that is used least.
    public var leastUses: Int
    /// Uses of the picture that is used most.
    public var mostUses: Int
    /// The folders.
    public var folders: [String]
  }

  /// How one picture is used.
  public struct Picture: Sendable, Codable, Equatable {
    /// The file.
    public var path: String
    /// Its member's name.
    public var member: String
    /// Uses in the run, by all members together.
    public var uses: Int
    /// Whether it is measured with and not trained on.
    public var isHeldOut: Bool
    /// Pixels in a row.
    public var width: Int
    /// Rows.
    public var height: Int
    /// The SHA-256 of the file; nil, as what follows, where it cannot be read.
    public var hash: String?
    /// What lies behind the subject.
    public var background: PictureFacts.Background?
    /// How colourful it is, from 0 for grey.
    public var colourfulness: Double?
    /// Whether it has no colours.
    public var isGreyscale: Bool?
  }

  /// Uses of one size.
  public struct Size: Sendable, Codable, Hashable {
    /// Pixels in a row.
    public var width: Int
    /// Rows.
    public var height: Int
    /// Samples.
    public var uses: Int
  }

  /// The version of this value's JSON.
  public var schema = 1
  /// The configuration.
  public var file: String
  /// What wrote it down.
  public var kind: DatasetOutline.Kind
  /// Steps of the run.
  public var steps: Int
  /// Batches that go through the model in all.
  public var batches: Int
  /// Samples in all.
  public var samples: Int
  /// Everyone.
  public var members: [Member]
  /// Every picture, in the order of the configuration.
  public var pictures: [Picture]
  /// Sizes in order of their uses.
  public var sizes: [Size]
  /// What was found, the most serious first.
  public var findings: [Finding]
}

extension DatasetCheck {
  /// Checks a dataset.
  ///
  /// - Parameters:
  ///   - outline: the configuration with its pictures.
  ///   - exposure: the run's dry run.
  ///   - facts: what ``PictureFacts/all(_:workers:progress:)`` gave.
  ///   - vocabulary: how words become tokens, or why that is not known.
  public init(
    _ outline: DatasetOutline, exposure: RunExposure, facts: [String: PictureFacts.Outcome],
    vocabulary: CheckVocabulary
  ) {
    let report = exposure.report
    (file, kind, steps, batches) = (outline.file, outline.kind, report.steps, report.batches)
    let total = report.sources.reduce(0) { $0 + $1.samples }
    samples = total
    pictures = outline.pictures.pictures.enumerated().compactMap { number, picture in
      guard !picture.path.isEmpty else { return nil }
      let facts = try? facts[picture.path]?.get()
      return Picture(
        path: picture.path, member: outline.members[outline.member(ofPicture: number)].name,
        uses: report.pictures[number], isHeldOut: outline.heldOut.contains(number), width: picture.size.width,
        height: picture.size.height, hash: facts?.hash, background: facts?.background,
        colourfulness: facts?.colourfulness, isGreyscale: facts?.isGreyscale)
    }
    sizes = report.sizes.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map {
      Size(width: $0.key.width, height: $0.key.height, uses: $0.value)
    }
    members = outline.members.indices.map { number in
      let member = outline.members[number]
      let own = outline.pictures(of: number)
      let sources = outline.sources.indices.filter { outline.sources[$0] == number }.map { report.sources[$0] }
      // A set without pictures of its own uses those of others.
      let used =
        own.isEmpty
        ? Array(exposure.uses[number].values)
        : own.filter { !outline.heldOut.contains($0) }.map {
          exposure.uses[number][$0] ?? 0
        }
      let samples = exposure.samples(of: number)
      return Member(
        name: member.name, kind: member.kind, trigger: member.trigger.isEmpty ? nil : member.trigger,
        className: member.className.isEmpty ? nil : member.className, pictures: used.count,
        heldOut: own.count { outline.heldOut.contains($0) }, samples: samples,
        share: total > 0 ? Double(samples) / Double(total) : 0, steps: sources.map(\.steps).max() ?? 0,
        longestGap: sources.map(\.longestGap).min() ?? report.steps, leastUses: used.min() ?? 0,
        mostUses: used.max() ?? 0, folders: member.subsets.map { outline.subsets[$0].folder }.filter { !$0.isEmpty })
    }
    findings = DatasetFindings.all(
      CheckContext(outline: outline, exposure: exposure, facts: facts, vocabulary: vocabulary, members: members))
  }
}
