public import Adapters
public import SafeTensors

/// A change of rank as data: which file, to what, and how it is stored.
public struct ResizeRecipe: Sendable {
  /// What decides the ranks.
  public enum Goal: Sendable, Hashable {
    /// A rule for each layer by itself.
    case rule(RankRule)
    /// The size of the whole file, header included, in bytes: never more.
    case size(Int)
  }

  /// The LoRA.
  public var adapter: Adapter
  /// What decides the ranks.
  public var goal: Goal
  /// The greatest ranks allowed, whatever the goal says; nil for no limit.
  public var cap: RankCap?
  /// The number format of the result; nil for that of the file (F32 when it has several).
  public var dtype: DType?
  /// Whether layers and keys without an exact ΔW are left out instead of being an error.
  public var skipsUnsupported: Bool
  /// What happens to values that the number format cannot hold.
  public var overflow: OverflowPolicy
  /// Whether the residual is measured from the written bytes.
  public var verifies: Bool

  /// Creates a recipe.
  public init(
    adapter: Adapter, goal: Goal, cap: RankCap? = nil, dtype: DType? = nil, skipsUnsupported: Bool = false,
    overflow: OverflowPolicy = .refuse, verifies: Bool = false
  ) {
    self.adapter = adapter
    self.goal = goal
    self.cap = cap
    self.dtype = dtype
    self.skipsUnsupported = skipsUnsupported
    self.overflow = overflow
    self.verifies = verifies
  }

  /// What was asked for, in a few words.
  var summary: String {
    let asked =
      switch goal {
      case .size(let bytes): "size \(bytes)"
      case .rule(.all): ""
      case .rule(let rule): "\(rule.name) \(rule.parameter ?? 0)"
      }
    guard let cap else { return asked }
    let limit = cap.linear == cap.convolution ? "rank \(cap.linear)" : "rank \(cap.linear), conv \(cap.convolution)"
    return asked.isEmpty ? limit : "\(asked), at most \(limit)"
  }
}
