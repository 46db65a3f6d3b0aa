internal import CImages

/// A picture.
public struct Picture: Sendable {}
