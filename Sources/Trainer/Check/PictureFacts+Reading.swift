public import Images
internal import SafeTensors

extension PictureFacts {
  /// Reads a picture's facts.
  /// - Throws: `ImageError`, and `SafeTensorsError` when the file cannot be opened.
  public init(path: String) throws {
    guard let bytes = try TextFile.contents(path) else {
      throw ImageError(.cannotOpen, of: path, "there is no such file; check the path")
    }
    self.init(try Picture(decoding: bytes, of: path), hash: SHA256Hash.hex(of: bytes))
  }

  /// The facts of a picture; `hash` is its file's.
  public init(_ picture: Picture, hash: String) {
    self.hash = hash
    // Transparent parts show a light grey, as they do in training unless a cast says otherwise.
    let flat = picture.rgb(over: Colour(grey: 200))
    likeness = PictureLikeness(flat)
    let colours = ColourSums(flat, alpha: picture.hasAlpha ? picture.alpha() : nil)
    colourfulness = colours.colourfulness
    isGreyscale = colours.isGreyscale
    background = Background(flat, alpha: picture.hasAlpha ? picture.alpha() : nil)
  }

  /// What became of one file.
  public typealias Outcome = Result<PictureFacts, Failure>

  /// Why a file has no facts.
  public struct Failure: Error, Sendable, Hashable {
    /// What is wrong, in one sentence.
    public var reason: String
  }

  /// Reads the facts of many files, each once, on a few tasks; a file that cannot be read stops nothing.
  ///
  /// - Parameters:
  ///   - paths: the files.
  ///   - workers: how many are read at once.
  ///   - progress: told after each file how many of how many are read.
  /// - Throws: `ImageError` of kind `unavailable` when no picture can be read here at all; `CancellationError`.
  public static func all(
    _ paths: some Sequence<String>, workers: Int, progress: @escaping @Sendable (Int, Int) -> Void = { _, _ in }
  ) async throws -> [String: Outcome] {
    let paths = Set(paths).sorted()
    var result: [String: Outcome] = [:]
    try await withThrowingTaskGroup(of: (String, Outcome).self) { group in
      var next = paths.makeIterator()
      func start() {
        guard let path = next.next() else { return }
        group.addTask {
          try Task.checkCancellation()
          do { return (path, .success(try PictureFacts(path: path))) } catch let error as ImageError {
            guard error.kind != .unavailable else { throw error }
            return (path, .failure(Failure(reason: error.description)))
          } catch { return (path, .failure(Failure(reason: "\(error)"))) }
        }
      }
      for _ in 0..<max(1, workers) { start() }
      while let (path, outcome) = try await group.next() {
        result[path] = outcome
        progress(result.count, paths.count)
        start()
      }
    }
    return result
  }
}

extension PictureLikeness {
  /// The likeness of a picture of three channels.
  init(_ picture: Picture) {
    let grid = picture.means(columns: 9, rows: 8).map { $0.x * 299 + $0.y * 587 + $0.z * 114 }
    (hash, mirrored) = (0, 0)
    for row in 0..<8 {
      for column in 0..<8 {
        let (left, right) = (grid[row * 9 + column], grid[row * 9 + column + 1])
        if right > left { hash |= 1 << UInt64(row * 8 + column) }
        if left > right { mirrored |= 1 << UInt64(row * 8 + 7 - column) }
      }
    }
    colours = picture.means(columns: Self.side, rows: Self.side).flatMap { [UInt8($0.x), UInt8($0.y), UInt8($0.z)] }
  }
}

extension Picture {
  /// The mean colours of a grid over a picture of three channels, rounded down; a cell smaller than a pixel has its colour.
  func means(columns: Int, rows: Int) -> [SIMD3<Int>] {
    let source = bytes.span
    func range(_ index: Int, _ count: Int, _ size: Int) -> Range<Int> {
      let first = index * size / count
      return first..<max(first + 1, (index + 1) * size / count)
    }
    var result: [SIMD3<Int>] = []
    for row in 0..<rows {
      let lines = range(row, rows, height)
      for column in 0..<columns {
        let places = range(column, columns, width)
        // A few hundred samples tell a cell's mean; huge pictures would take seconds.
        let (down, across) = (max(1, lines.count / 32), max(1, places.count / 32))
        var sum = SIMD3<Int>.zero
        var count = 0
        for y in stride(from: lines.lowerBound, to: lines.upperBound, by: down) {
          for x in stride(from: places.lowerBound, to: places.upperBound, by: across) {
            let at = (y * width + x) * 3
            sum &+= SIMD3(Int(source[at]), Int(source[at + 1]), Int(source[at + 2]))
            count += 1
          }
        }
        result.append(SIMD3(sum.x / count, sum.y / count, sum.z / count))
      }
    }
    return result
  }
}
