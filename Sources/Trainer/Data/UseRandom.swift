/// The random numbers of one use of a picture: what is shown of it, and what its caption is.
///
/// They depend on the seed and on which use of which picture it is, never on batches, processes or resumes, so that a
/// use can be drawn again by whoever wants to look at it.
public enum UseRandom {
  /// What flips and crops draw from.
  ///
  /// - Parameters:
  ///   - seed: the run's.
  ///   - source: the source of the sample, by number.
  ///   - picture: the picture, by number.
  ///   - use: how often the source used the picture before.
  public static func view(seed: UInt64, source: Int, picture: Int, use: Int) -> CounterRandom {
    stream(0x5649_4557, seed, source, picture, use)
  }

  /// What dropout, wildcards and the order of tags draw from; the parameters are those of ``view(seed:source:picture:use:)``.
  public static func caption(seed: UInt64, source: Int, picture: Int, use: Int) -> CounterRandom {
    stream(0x4341_5054, seed, source, picture, use)
  }

  /// What composites draw from; the parameters are those of ``view(seed:source:picture:use:)``.
  public static func composite(seed: UInt64, source: Int, picture: Int, use: Int) -> CounterRandom {
    stream(0x434F_4D50, seed, source, picture, use)
  }

  private static func stream(_ kind: UInt64, _ seed: UInt64, _ source: Int, _ picture: Int, _ use: Int) -> CounterRandom
  {
    CounterRandom(seed: seed, kind, UInt64(source), UInt64(picture), UInt64(use))
  }
}
