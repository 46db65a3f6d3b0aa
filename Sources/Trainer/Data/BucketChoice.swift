/// Several resolutions at once: every picture has a placement at each, and a draw picks one.
public struct BucketChoice: Sendable, Hashable {
  /// One rule per resolution; at least one.
  public let rules: [BucketRule]

  /// A choice among these rules.
  public init(_ rules: [BucketRule]) { self.rules = rules }

  /// The rule for a use of a picture: the uses of a picture go round the rules, beginning at its own place.
  ///
  /// So every picture is seen at every resolution equally often, to within one.
  public func rule(picture: Int, use: Int) -> Int { rules.isEmpty ? 0 : (picture + use) % rules.count }

  /// Where a picture goes at one use of it; nil when it is too small for that resolution.
  public func placement(of size: PixelSize, picture: Int, use: Int) -> BucketPlacement? {
    rules.isEmpty ? nil : rules[rule(picture: picture, use: use)].placement(of: size)
  }
}
