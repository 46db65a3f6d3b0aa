import Images

/// How well the two figures of a picture are told apart: MuDI's Detect-and-Compare (arXiv 2404.04243), which compares
/// the similarities of figures and references with those that references have among themselves.
///
/// MuDI takes similarities of DINOv2's features. Here a figure's features are its colours at a quarter of the size,
/// without its background and less the mean over all references: what is learnt of nothing cannot favour anybody.
struct DetectAndCompare {
  private let references: [CastMember: [[Float]]]
  private let mean: [Float]

  init(_ sprites: CastSprites) {
    var plain: [CastMember: [[Float]]] = [:]
    for member in CastMember.allCases {
      for pose in CastPose.allCases {
        for isFlipped in [false, true] {
          var placement = CastSprites.Placement(member: member, pose: pose)
          placement.isFlipped = isFlipped
          plain[member, default: []].append(Self.colours(sprites.picture(placement)))
        }
      }
    }
    let all = plain.values.joined()
    var sum = [Float](repeating: 0, count: all.first?.count ?? 0)
    // In the order of cases: sums of floats depend on their order.
    for member in CastMember.allCases {
      for colours in plain[member] ?? [] { for index in sum.indices { sum[index] += colours[index] } }
    }
    mean = sum.map { $0 / Float(all.count) }
    references = plain.mapValues { [mean] in $0.map { Self.unit(zip($0, mean).map(-)) } }
  }

  /// 1 where each figure is as like its own character and as unlike the other as drawings of them are; 0 where there are
  /// not two figures, or where they differ from that by 1 and more.
  /// - Parameter asked: the two characters, in any order.
  func score(_ figures: [Picture], _ asked: [CastMember]) -> Double {
    guard figures.count == 2, asked.count == 2 else { return 0 }
    let features = figures.map { Self.unit(zip(Self.colours($0), mean).map(-)) }
    let rows = features.map { feature in
      asked.map { member in
        Self.average((references[member] ?? []).map { Self.dot(feature, $0) })
      }
    }
    // As MuDI matches: the first character takes the figure that is most like it.
    let found = rows[0][0] >= rows[1][0] ? rows : [rows[1], rows[0]]
    let truth = asked.map { row in asked.map { column in similarity(row, column) } }
    let difference = (0..<2).map { row in (0..<2).map { found[row][$0] - truth[row][$0] } }
    return max(0, 1 - Self.norm(difference))
  }

  /// The mean similarity of different drawings of two characters.
  func similarity(_ first: CastMember, _ second: CastMember) -> Double {
    let (left, right) = (references[first] ?? [], references[second] ?? [])
    return Self.average(
      left.indices.flatMap { row in
        right.indices.compactMap { column in
          first == second && row == column ? nil : Self.dot(left[row], right[column])
        }
      })
  }

  /// The largest singular value of a matrix of two rows and columns, from the trace and determinant of its square.
  static func norm(_ matrix: [[Double]]) -> Double {
    let (a, b, c, d) = (matrix[0][0], matrix[0][1], matrix[1][0], matrix[1][1])
    let trace = a * a + b * b + c * c + d * d
    let determinant = a * d - b * c
    return ((trace + max(0, trace * trace - 4 * determinant * determinant).squareRoot()) / 2).squareRoot()
  }

  private static func colours(_ picture: Picture) -> [Float] {
    let raster = Raster(picture.rgba())
    let background = raster.border
    let small = raster.halved().halved()
    return (0..<small.side * small.side).flatMap { index -> [Float] in
      let difference = small[index % small.side, index / small.side] - background
      return [difference.x, difference.y, difference.z]
    }
  }

  private static func unit(_ values: [Float]) -> [Float] {
    let length = values.reduce(0) { $0 + $1 * $1 }.squareRoot()
    return length > 0 ? values.map { $0 / length } : values
  }

  private static func dot(_ left: [Float], _ right: [Float]) -> Double {
    Double(zip(left, right).reduce(0) { $0 + $1.0 * $1.1 })
  }

  private static func average(_ values: [Double]) -> Double {
    values.isEmpty ? 0 : values.reduce(0, +) / Double(values.count)
  }
}
