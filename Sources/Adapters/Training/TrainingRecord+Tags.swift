import SafeTensors

extension TrainingRecord {
  /// A tag and how many captions contain it.
  public struct TagCount: Sendable, Codable, Equatable {
    /// The tag, as the trainer split it from the captions.
    public var tag: String
    /// In how many captions it stands, without repeats.
    public var count: Int

    /// Creates a count.
    public init(tag: String, count: Int) {
      self.tag = tag
      self.count = count
    }

    /// Reads `{tag: count}`, most frequent first, then by name; nil when the value has another form.
    ///
    /// Tags that differ only in the white space around them are one tag.
    static func list(_ value: JSONValue) -> [TagCount]? {
      guard let members = value.members else { return nil }
      var counts: [String: Int] = [:]
      for member in members {
        guard let count = member.value.count else { return nil }
        let tag = member.name.trimmed
        if !tag.isEmpty { counts[tag] = (counts[tag] ?? 0).addingCapped(count) }
      }
      return counts.map { TagCount(tag: $0.key, count: $0.value) }.sorted {
        $0.count != $1.count ? $0.count > $1.count : $0.tag < $1.tag
      }
    }
  }
}

extension Int {
  /// The sum, or the largest number there is: counts come from files and may be absurd.
  func addingCapped(_ other: Int) -> Int {
    let (sum, overflow) = addingReportingOverflow(other)
    return overflow ? .max : sum
  }

  /// The product, or the largest number there is.
  func multiplyingCapped(_ other: Int) -> Int {
    let (product, overflow) = multipliedReportingOverflow(by: other)
    return overflow ? .max : product
  }
}
