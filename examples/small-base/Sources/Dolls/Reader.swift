import Images

/// Reads a picture: which doll, of all that there are, would look most like it.
///
/// Candidates are compared by what each of their parts covers. The parts that a caption names may have any colour of
/// their palette, the others have their own; edges do not count.
final class Reader {
  /// What was read.
  struct Reading: Sendable {
    var doll: Doll
    /// The root of the mean squared distance between colours of picture and drawing, edges left out; 0 to 442.
    var distance: Double
  }

  /// Neighbouring pixels of a row that show the same.
  private struct Run {
    var row: Int
    var columns: Range<Int>
    var part: Int
  }

  private var maps: [Doll: [Run]] = [:]

  /// Every combination of what decides the outline, without headwear and glasses.
  private static let outlines: [Doll] = {
    var all: [Doll] = []
    for framing in Doll.Framing.allCases {
      for view in Doll.View.allCases {
        for style in Doll.Style.allCases {
          for pose in Doll.Pose.allCases {
            for garment in Doll.Garment.allCases {
              var doll = Doll()
              (doll.framing, doll.view, doll.style, doll.pose, doll.garment) = (framing, view, style, pose, garment)
              guard doll.framing == .fullBody || garment == .trousers && pose != .sitting && pose != .walking else {
                continue
              }
              all.append(doll)
            }
          }
        }
      }
    }
    return all
  }()

  /// Reads a picture of 64 × 64 pixels in three channels.
  func read(_ picture: Picture) -> Reading {
    let sums = RowSums(picture)
    var first: [(doll: Doll, cost: Double)] = []
    for outline in Self.outlines {
      var best = (doll: outline, cost: Double.infinity)
      for y in Doll.offsets.y {
        for x in Doll.offsets.x {
          var doll = outline
          doll.offset = SIMD2(x, y)
          let cost = fit(&doll, sums)
          if cost < best.cost { best = (doll, cost) }
        }
      }
      first.append(best)
    }
    first.sort { $0.cost < $1.cost }
    var best = first[0]
    for candidate in first.prefix(6) {
      for headwear in Doll.Headwear.allCases {
        for detail in 0..<4 {
          var doll = candidate.doll
          doll.headwear = headwear
          doll.isGirl = detail & 1 == 0
          doll.hasGlasses = detail & 2 != 0
          if doll.hasGlasses, doll.view == .behind { continue }
          for shift in 0..<9 {
            var moved = doll
            moved.offset = SIMD2(doll.offset.x + shift % 3 - 1, doll.offset.y + shift / 3 - 1)
            let cost = fit(&moved, sums)
            if cost < best.cost { best = (moved, cost) }
          }
        }
      }
    }
    return Reading(doll: best.doll, distance: best.cost.squareRoot())
  }

  /// Gives a doll the colours that suit the picture best.
  /// - Returns: the mean squared distance of what it then shows.
  private func fit(_ doll: inout Doll, _ sums: RowSums) -> Double {
    var key = doll
    key.offset = SIMD2(0, 0)
    (key.hair, key.skin, key.shirt, key.garmentColour, key.background) = (.black, .pale, .red, .black, .white)
    let runs = maps[key] ?? Self.runs(key)
    maps[key] = runs
    var totals = [SIMD4<Int>](repeating: .zero, count: Part.allCases.count)
    var counts = [Int](repeating: 0, count: Part.allCases.count)
    for run in runs {
      let row = run.row + doll.offset.y
      guard row >= 0, row < Canvas.side else { continue }
      let start = max(0, run.columns.lowerBound + doll.offset.x)
      let end = min(Canvas.side, run.columns.upperBound + doll.offset.x)
      guard start < end else { continue }
      totals[run.part] &+= sums.sum(row, start, end)
      counts[run.part] += end - start
    }
    func cost(_ part: Part, _ colour: Colour) -> Double {
      let total = totals[part.rawValue]
      let (red, green, blue) = (Int(colour.red), Int(colour.green), Int(colour.blue))
      let product = red * total.x + green * total.y + blue * total.z
      return Double(total.w - 2 * product + counts[part.rawValue] * (red * red + green * green + blue * blue))
    }
    var sum = 0.0
    func choose<T: CaseIterable>(_ part: Part, _ value: inout T, _ colour: (T) -> Colour) {
      let found = T.allCases.map { ($0, cost(part, colour($0))) }.min { $0.1 < $1.1 }
      guard let found else { return }
      value = found.0
      sum += found.1
    }
    choose(.background, &doll.background) { $0.colour }
    choose(.hair, &doll.hair) { $0.colour }
    choose(.skin, &doll.skin) { $0.colour }
    choose(.shirt, &doll.shirt) { $0.colour }
    choose(.garment, &doll.garmentColour) { $0.colour }
    for part in Part.allCases where !part.isNamed { sum += cost(part, part.fixedColour) }
    return sum / Double(max(1, counts.reduce(0, +)))
  }

  private static func runs(_ doll: Doll) -> [Run] {
    let labels = Canvas.labels(doll)
    var runs: [Run] = []
    for row in 0..<Canvas.side {
      var start = 0
      while start < Canvas.side {
        let part = labels[row * Canvas.side + start]
        var end = start + 1
        while end < Canvas.side, labels[row * Canvas.side + end] == part { end += 1 }
        if let part { runs.append(Run(row: row, columns: start..<end, part: part.rawValue)) }
        start = end
      }
    }
    return runs
  }
}

/// Sums over the beginnings of a picture's rows: red, green, blue, and the squares of all three.
private struct RowSums {
  private var sums: [SIMD4<Int>]

  init(_ picture: Picture) {
    precondition(
      picture.width == Canvas.side && picture.height == Canvas.side && picture.channels == 3, "dolls have one size")
    sums = [SIMD4<Int>](repeating: .zero, count: Canvas.side * (Canvas.side + 1))
    for row in 0..<Canvas.side {
      for column in 0..<Canvas.side {
        let at = 3 * (row * Canvas.side + column)
        let (red, green, blue) = (Int(picture.bytes[at]), Int(picture.bytes[at + 1]), Int(picture.bytes[at + 2]))
        let place = row * (Canvas.side + 1) + column
        sums[place + 1] = sums[place] &+ SIMD4(red, green, blue, red * red + green * green + blue * blue)
      }
    }
  }

  func sum(_ row: Int, _ start: Int, _ end: Int) -> SIMD4<Int> {
    let first = row * (Canvas.side + 1)
    return sums[first + end] &- sums[first + start]
  }
}
