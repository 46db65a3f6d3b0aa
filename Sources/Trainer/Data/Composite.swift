internal import Images

/// Two characters cut out of their own pictures and put side by side, with a caption that names both (Seg-Mix, MuDI,
/// arXiv 2404.04243).
enum Composite {
  /// Who stands where.
  struct Choice: Sendable, Hashable {
    /// The pictures, by number, from left to right.
    var pictures: [Int]
    /// Who is in them, by number.
    var members: [Int]
  }

  /// A composite drawn.
  struct Drawn {
    /// Red, green and blue, of the bucket's size.
    var picture: Picture
    /// Where each of them stands, from left to right: one channel of the bucket's size, 0 (somewhere else) to 255.
    var places: [Picture]
  }

  /// The picture, of the size of a view's bucket.
  /// - Parameter sample: the picture in whose place it stands, whose rule says what is behind.
  /// - Throws: `ImageError`.
  static func drawn(
    _ choice: Choice, inPlaceOf sample: Int, _ view: PictureView, _ plan: RunPlan
  ) throws(ImageError) -> Drawn {
    let size = view.window.size
    let behind = plan.subsets[plan.pictures.pictures[sample].subset].images.backgroundColour
    var canvas = Picture(width: size.width, height: size.height, filledWith: behind)
    var places: [Picture] = []
    let half = size.width / 2
    // So that neither touches the other or the picture's edge.
    let (side, below) = (size.width / 64, size.height / 32)
    for (place, number) in choice.pictures.enumerated() {
      let stored = try Picture(contentsOf: plan.pictures.pictures[number].path, as: .rgba)
      // A file that was exchanged since its choice is shown whole.
      let cut = stored.cutOut ?? stored
      let fit = fitting(cut, max(1, half - 2 * side), max(1, size.height - 2 * below))
      let shown = cut.resized(width: fit.width, height: fit.height)
      // Feet on the ground, each in the middle of its half.
      let (x, y) = (place * half + (half - fit.width) / 2, size.height - below - fit.height)
      canvas.paste(shown, x: x, y: y, background: behind)
      var mask = Picture(width: size.width, height: size.height, channels: 1, filledWith: .black)
      mask.paste(shown.alpha(), x: x, y: y)
      places.append(mask)
    }
    return Drawn(picture: canvas, places: places)
  }

  /// The largest size of the picture's shape within a box, enlarged where needed.
  private static func fitting(_ picture: Picture, _ width: Int, _ height: Int) -> (width: Int, height: Int) {
    let scale = min(Double(width) / Double(picture.width), Double(height) / Double(picture.height))
    return (
      max(1, Int(Double(picture.width) * scale)), max(1, Int(Double(picture.height) * scale))
    )
  }

  /// Triggers, then how many of which class, then what the picture looks like.
  static func caption(_ words: [TriggerWord]) -> String {
    var classes: [(name: String, count: Int)] = []
    for word in words where !word.className.isEmpty {
      if let index = classes.firstIndex(where: { $0.name == word.className }) {
        classes[index].count += 1
      } else {
        classes.append((word.className, 1))
      }
    }
    let counted = classes.map { name, count in
      // Boorus count people: two of 1girl are 2girls.
      count > 1 && name.hasPrefix("1") ? "\(count)\(name.dropFirst())s" : name
    }
    return (words.map(\.trigger).filter { !$0.isEmpty } + counted + ["side by side", "simple background"]).joined(
      separator: ", ")
  }
}

extension Picture {
  /// The part of a picture of four channels that can be seen; nil where alpha hides nothing, or everything.
  var cutOut: Picture? {
    var (left, right, top, bottom) = (width, -1, height, -1)
    var hidden = 0
    let pixels = bytes.span
    for y in 0..<height {
      for x in 0..<width {
        // Below a sixteenth it is the dust that removers of backgrounds leave behind.
        guard pixels[4 * (y * width + x) + 3] >= 16 else {
          hidden += 1
          continue
        }
        (left, right, top, bottom) = (min(left, x), max(right, x), min(top, y), max(bottom, y))
      }
    }
    guard hidden > 0, right >= left else { return nil }
    return cropped(x: left, y: top, width: right - left + 1, height: bottom - top + 1)
  }
}
