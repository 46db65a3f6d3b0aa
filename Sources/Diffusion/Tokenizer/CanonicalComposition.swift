/// Unicode's normalisation form C, as the reference has it: with the scalars of Unicode 9.
enum CanonicalComposition {
  /// The scalars, decomposed, put in canonical order and composed; a composed scalar stands for the sources of both.
  static func composed(_ scalars: [SourcedScalar]) -> [SourcedScalar] {
    // Below U+0300 nothing decomposes that does not compose again, and nothing composes with what precedes it.
    guard scalars.contains(where: { $0.scalar.value >= 0x300 }) else { return scalars }
    return recomposed(ordered(decomposed(scalars)))
  }

  private struct Marked {
    var item: SourcedScalar
    /// The canonical combining class: 0 for a scalar that starts a cluster.
    var order: UInt8

    init(_ item: SourcedScalar) {
      self.item = item
      order = item.scalar.composingOrder
    }
  }

  private static func decomposed(_ scalars: [SourcedScalar]) -> [Marked] {
    var result: [Marked] = []
    result.reserveCapacity(scalars.count)
    for item in scalars {
      // The last part is on top of the stack's first, so parts come out in their order.
      var stack = [item]
      while let top = stack.popLast() {
        guard let parts = tables.parts(of: top.scalar) else {
          result.append(Marked(top))
          continue
        }
        if let second = parts.1 { stack.append(SourcedScalar(second, top.lower, top.upper)) }
        stack.append(SourcedScalar(parts.0, top.lower, top.upper))
      }
    }
    return result
  }

  /// Sorts each run of marks by class, keeping the order of equals.
  private static func ordered(_ scalars: [Marked]) -> [Marked] {
    var result = scalars
    var start = 0
    while start < result.count {
      guard result[start].order != 0 else {
        start += 1
        continue
      }
      var end = start
      while end < result.count, result[end].order != 0 { end += 1 }
      if end - start > 1 {
        let run = result[start..<end].enumerated().sorted {
          ($0.element.order, $0.offset) < ($1.element.order, $1.offset)
        }
        result.replaceSubrange(start..<end, with: run.map(\.element))
      }
      start = end
    }
    return result
  }

  private static func recomposed(_ scalars: [Marked]) -> [SourcedScalar] {
    var result: [SourcedScalar] = []
    result.reserveCapacity(scalars.count)
    var starter: Int?
    var lastOrder: UInt8 = 0
    for marked in scalars {
      // A mark is kept from its starter by anything between them of its own class or above.
      if let starter, starter == result.count - 1 || lastOrder < marked.order,
        let composite = tables.composite(result[starter].scalar, marked.item.scalar)
      {
        result[starter].scalar = composite
        result[starter].lower = min(result[starter].lower, marked.item.lower)
        result[starter].upper = max(result[starter].upper, marked.item.upper)
        continue
      }
      if marked.order == 0 { starter = result.count }
      lastOrder = marked.order
      result.append(marked.item)
    }
    return result
  }

  private static let tables = CompositionTables(CanonicalMappings.text)
}
