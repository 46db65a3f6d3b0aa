typealias Point = SIMD2<Float>

/// A filled shape, as the distance of places from its edge.
struct Shape {
  /// Two corners of a box around it.
  let box: (low: Point, high: Point)
  /// How far a place lies from the edge, negative within.
  let distance: (Point) -> Float

  static func circle(_ centre: Point, _ radius: Float) -> Shape {
    Shape(box: (centre - radius, centre + radius)) { length($0 - centre) - radius }
  }

  /// An ellipse, its distances exact on the edge alone.
  static func ellipse(_ centre: Point, _ radii: Point) -> Shape {
    Shape(box: (centre - radii, centre + radii)) { (length(($0 - centre) / radii) - 1) * radii.min() }
  }

  /// A line with round ends.
  static func line(_ a: Point, _ b: Point, _ radius: Float) -> Shape {
    let way = b - a
    let square = max(dot(way, way), 1e-6)
    return Shape(box: (pointwiseMin(a, b) - radius, pointwiseMax(a, b) + radius)) { place in
      let along = min(max(dot(place - a, way) / square, 0), 1)
      return length(place - a - way * along) - radius
    }
  }

  /// A polygon with corners rounded by `radius`, which is added around.
  static func polygon(_ corners: [Point], rounded radius: Float = 0) -> Shape {
    let low = corners.reduce(corners[0], pointwiseMin) - radius
    let high = corners.reduce(corners[0], pointwiseMax) + radius
    return Shape(box: (low, high)) { place in
      var nearest = Float.infinity
      var isInside = false
      var previous = corners[corners.count - 1]
      for corner in corners {
        let way = previous - corner
        let to = place - corner
        let along = min(max(dot(to, way) / max(dot(way, way), 1e-6), 0), 1)
        nearest = min(nearest, length(to - way * along))
        if (corner.y > place.y) != (previous.y > place.y),
          place.x < way.x * (place.y - corner.y) / way.y + corner.x
        {
          isInside.toggle()
        }
        previous = corner
      }
      return (isInside ? -nearest : nearest) - radius
    }
  }

  /// A band around a circle.
  static func ring(_ centre: Point, _ radius: Float, width: Float) -> Shape {
    let outer = radius + width / 2
    return Shape(box: (centre - outer, centre + outer)) { abs(length($0 - centre) - radius) - width / 2 }
  }

  /// What of it lies above a height.
  func above(_ height: Float) -> Shape {
    Shape(box: (box.low, Point(box.high.x, min(box.high.y, height)))) { max(distance($0), $0.y - height) }
  }
}

func dot(_ a: Point, _ b: Point) -> Float { (a * b).sum() }
func length(_ a: Point) -> Float { dot(a, a).squareRoot() }
