public import Adapters

/// A whole diagnosis as a value: what the terminal, the JSON and the HTML views show.
public struct BlendReport: Sendable, Codable {
  /// The version of this schema.
  public var schema = 1
  /// The LoRAs compared.
  public var loras: [LoRASummary]
  /// Every pair of them.
  public var pairs: [PairReport]
  /// What they add up to when used together.
  public var sum: SumReport
  /// Their training, side by side.
  public var recipes: RecipeComparison
  /// What follows, most serious first.
  public var findings: [Finding]
  /// What these numbers can and cannot tell.
  public var caveat = BlendReport.weightsCaveat

  /// What weights alone can and cannot tell; stands wherever the numbers do.
  public static let weightsCaveat = """
    Measured from weights and metadata alone. In controlled studies such overlap predicted actual blending only weakly \
    (Spearman 0.1 to 0.5): it shows where two LoRAs could disturb each other, not that they do. High overlap is a reason to \
    test a picture with both triggers; low overlap is no guarantee.
    """
}

/// One LoRA of a diagnosis.
public struct LoRASummary: Sendable, Codable {
  /// The name used in the report.
  public var name: String
  /// The file.
  public var path: String
  /// The base model it is for.
  public var architecture: Architecture
  /// The strength its norm is given at.
  public var strength: Double
  /// `‖ΔW‖` over all layers, at that strength.
  public var norm: Double
  /// How many layers were measured.
  public var modules: Int
  /// How many layers were left out because they need the base model's weights.
  public var needingBase: Int
  /// The part of the energy that cutting changes over a base model to a rank left out, from 0 to 1; nil where there was
  /// no base model.
  public var discardedOverBase: Double? = nil
  /// How many keys belong to no known layer.
  public var unmatched: Int
  /// The strength by network.
  public var parts: [PartSummary]
  /// The strength by block and role.
  public var blocks: [BlockSummary]

  /// One network of a LoRA.
  public struct PartSummary: Sendable, Codable {
    /// The network.
    public var part: ModelPart
    /// How many layers.
    public var modules: Int
    /// `‖ΔW‖` over them.
    public var norm: Double
    /// The mean effective rank of the layers, weighted by energy; nil unless asked for in detail.
    public var effectiveRank: Double?
    /// The share of the energy in each layer's first direction, over all layers; nil unless asked for in detail.
    public var leadingShare: Double?
    /// How the energy falls off: the share of the n-th direction of every layer, summed over layers; empty unless asked
    /// for in detail.
    public var spectrum: [Double]
  }

  /// One block of a LoRA.
  public struct BlockSummary: Sendable, Codable {
    /// The block, such as `down1`.
    public var block: String
    /// The network.
    public var part: ModelPart
    /// What the layers do.
    public var role: ModulePath.Role
    /// `‖ΔW‖` over them.
    public var norm: Double
  }
}

/// Two LoRAs of a diagnosis.
public struct PairReport: Sendable, Codable {
  /// The first one's name.
  public var a: String
  /// The second one's name.
  public var b: String
  /// Whether both began from the same random weights.
  public var sharedInit: SharedInitialisation
  /// Everything together.
  public var total: Measures
  /// Principal angles of the input and the output side; nil unless asked for in detail.
  public var anglesIn: AngleSummary?
  /// Of the output side.
  public var anglesOut: AngleSummary?
  /// By network.
  public var parts: [PartMeasures]
  /// By block and role.
  public var blocks: [BlockMeasures]
  /// The layers with the most overlap beyond chance, weighted by how strongly both use them.
  public var hotspots: [Hotspot]

  /// What two LoRAs share in one network.
  public struct PartMeasures: Sendable, Codable {
    /// The network.
    public var part: ModelPart
    /// What they share.
    public var measures: Measures

    private enum CodingKeys: String, CodingKey { case part }

    /// Writes the measures beside the name, not inside another object.
    public func encode(to encoder: any Encoder) throws {
      var container = encoder.container(keyedBy: CodingKeys.self)
      try container.encode(part, forKey: .part)
      try measures.encode(to: encoder)
    }

    init(part: ModelPart, measures: Measures) {
      self.part = part
      self.measures = measures
    }

    /// Reads what ``encode(to:)`` wrote.
    public init(from decoder: any Decoder) throws {
      part = try decoder.container(keyedBy: CodingKeys.self).decode(ModelPart.self, forKey: .part)
      measures = try Measures(from: decoder)
    }
  }

  /// What two LoRAs share in one block.
  public struct BlockMeasures: Sendable, Codable {
    /// The block, such as `down1`.
    public var block: String
    /// The network.
    public var part: ModelPart
    /// What the layers do.
    public var role: ModulePath.Role
    /// What they share.
    public var measures: Measures

    private enum CodingKeys: String, CodingKey { case block, part, role }

    /// Writes the measures beside the names, not inside another object.
    public func encode(to encoder: any Encoder) throws {
      var container = encoder.container(keyedBy: CodingKeys.self)
      try container.encode(block, forKey: .block)
      try container.encode(part, forKey: .part)
      try container.encode(role, forKey: .role)
      try measures.encode(to: encoder)
    }

    init(block: String, part: ModelPart, role: ModulePath.Role, measures: Measures) {
      self.block = block
      self.part = part
      self.role = role
      self.measures = measures
    }

    /// Reads what ``encode(to:)`` wrote.
    public init(from decoder: any Decoder) throws {
      let container = try decoder.container(keyedBy: CodingKeys.self)
      block = try container.decode(String.self, forKey: .block)
      part = try container.decode(ModelPart.self, forKey: .part)
      role = try container.decode(ModulePath.Role.self, forKey: .role)
      measures = try Measures(from: decoder)
    }
  }

  /// A layer where two LoRAs meet.
  public struct Hotspot: Sendable, Codable {
    /// The layer.
    public var module: String
    /// The overlap of what they read, beyond chance.
    public var omegaInExcess: Double
    /// The overlap of what they write, beyond chance.
    public var omegaOutExcess: Double
    /// The signed cosine.
    public var cosine: Double
    /// The layer's share of the energy of both, from 0 to 1 (geometric mean).
    public var energyShare: Double
  }
}

/// What LoRAs add up to.
public struct SumReport: Sendable, Codable {
  /// `‖Σ ΔW‖` at the given strengths.
  public var norm: Double
  /// What the norm would be if all were orthogonal.
  public var orthogonalNorm: Double
  /// The energy of the sum over that of orthogonal LoRAs: above 1 they reinforce each other, below 1 they cancel.
  public var energyRatio: Double?
}

/// Something worth knowing, with what it rests on and what to do.
public struct Finding: Sendable, Codable, Equatable {
  /// How much it matters.
  public enum Severity: String, Sendable, Codable, CaseIterable, Comparable {
    /// Nothing to do; it explains a number.
    case info
    /// Worth a look.
    case low
    /// Likely to be seen in pictures.
    case medium
    /// Will be seen, or makes the comparison meaningless.
    case high

    /// From info to high.
    public static func < (a: Severity, b: Severity) -> Bool {
      (allCases.firstIndex(of: a) ?? 0) < (allCases.firstIndex(of: b) ?? 0)
    }
  }

  /// A stable name for scripts and `--fail-on`.
  public var id: String
  /// How much it matters.
  public var severity: Severity
  /// The two LoRAs concerned; one name when it concerns one, empty when all.
  public var pair: [String]
  /// The numbers or names it rests on.
  public var evidence: String
  /// What that means, in plain words.
  public var meaning: String
  /// What to do about it.
  public var advice: String
}
