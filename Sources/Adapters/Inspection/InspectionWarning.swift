/// Something odd about a file, and what it means.
public struct InspectionWarning: Sendable, Codable, Equatable {
  /// How much it matters.
  public enum Level: String, Sendable, Codable {
    /// It changes how the file works, or shows that something went wrong.
    case warning
    /// It is worth knowing.
    case info
  }

  /// A stable name in kebab case.
  public var id: String
  /// How much it matters.
  public var level: Level
  /// What is odd, and what it means or what to do.
  public var text: String

  init(_ kind: Kind, _ text: String) {
    id = kind.rawValue
    level = kind.level
    self.text = text
  }

  /// A finding about the training record.
  init(_ finding: RecordWarning) {
    id = finding.id
    level = ["text-encoder-not-trained", "unreadable-metadata"].contains(finding.id) ? .info : .warning
    text = finding.text
  }

  /// The names of all warnings that a file can have.
  public static let allIDs: [String] = Kind.allCases.map(\.rawValue) + recordIDs

  private static let recordIDs = [
    "truncated-training", "prediction-type-mismatch", "base-version-doubtful", "implausible-learning-rate",
    "adaptive-learning-rate-low", "text-encoder-not-trained", "prior-loss-without-regularisation",
    "unbalanced-exposure", "hash-of-nothing", "unreadable-metadata",
  ]

  /// The warnings that come from tensors; those of the record have names of their own.
  enum Kind: String, CaseIterable {
    case duplicateNames = "duplicate-names"
    case zeroModules = "zero-modules"
    case nonFinite = "non-finite-values"
    case alphaAboveRank = "alpha-above-rank"
    case alphaAssumed = "alpha-assumed"
    case alphaMixed = "alpha-mixed"
    case alphaOne = "alpha-one-large-rank"
    case metadataRank = "metadata-rank-mismatch"
    case metadataAlpha = "metadata-alpha-mismatch"
    case mixedRanks = "mixed-ranks"
    case needsBase = "needs-base"
    case unmatchedKeys = "unmatched-keys"
    case unknownArchitecture = "unknown-architecture"
    case baseVersion = "base-version-mismatch"
    case networkModule = "network-module-mismatch"
    case storedHashWrong = "stored-hash-wrong"
    case noStoredHash = "no-stored-hash"
    case blockDiagonal = "fused-qkv-block-diagonal"
    case dominantModule = "dominant-module"
    case rankUnderused = "rank-underused"
    case configuration = "adapter-configuration"
    case doubledPrefix = "doubled-prefix"
    case sidecarUnreadable = "sidecar-unreadable"
    case sidecarBase = "sidecar-base-mismatch"
    case sidecarOfAnother = "sidecar-of-another-file"

    var level: Level {
      switch self {
      case .noStoredHash, .blockDiagonal, .rankUnderused, .needsBase: .info
      default: .warning
      }
    }
  }
}
