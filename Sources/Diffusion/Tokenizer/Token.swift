/// A token of a text.
public struct Token: Sendable, Hashable {
  /// Its row in the encoder's table.
  public var id: Int
  /// The bytes of the text's UTF-8 that it stands for.
  ///
  /// Tokens that share a scalar's bytes all name the whole scalar.
  public var source: Range<Int>
  /// How much the prompt asks for it; 1 unless the prompt says otherwise.
  public var weight: Double

  /// Makes a token.
  public init(id: Int, source: Range<Int>, weight: Double = 1) {
    self.id = id
    self.source = source
    self.weight = weight
  }
}
