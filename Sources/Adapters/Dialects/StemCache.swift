import Synchronization

/// Stems that were resolved before: the files of a library name the same few hundred layers again and again.
enum StemCache {
  /// Beyond this many stems, which only odd files have, the cache begins anew.
  private static let largest = 20_000
  private static let known = Mutex<[String: ResolvedStem?]>([:])

  /// As ``StemResolution/resolve(_:)``.
  static func resolve(_ stem: String) -> ResolvedStem? {
    if let found = known.withLock({ $0[stem] }) { return found }
    let resolved = StemResolution.resolve(stem)
    known.withLock { table in
      if table.count >= largest { table.removeAll() }
      table[stem] = .some(resolved)
    }
    return resolved
  }
}
