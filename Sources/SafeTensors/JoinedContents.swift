/// The bytes of several open files, one after another.
final class JoinedContents: FileContents {
  let path: String
  private let files: [any FileContents]
  private let starts: [Int]
  let count: Int

  init(_ files: [any FileContents], path: String) {
    self.files = files
    self.path = path
    starts = files.reduce(into: [0]) { $0.append($0[$0.count - 1] + $1.count) }
    count = starts[files.count]
  }

  /// Where a file's bytes begin.
  func start(of file: Int) -> Int { starts[file] }

  /// The file that holds a byte.
  private func file(at place: Int) -> Int {
    var (low, high) = (0, files.count - 1)
    while low < high {
      let middle = (low + high + 1) / 2
      if starts[middle] <= place { low = middle } else { high = middle - 1 }
    }
    return low
  }

  func withBytes<R>(in range: Range<Int>, _ body: (RawSpan) -> R) throws(SafeTensorsError) -> R {
    guard !range.isEmpty else { return body(unsafe [UInt8]().span.bytes) }
    let file = file(at: range.lowerBound)
    precondition(range.upperBound <= starts[file + 1], "a range across two files")
    return try files[file].withBytes(in: range.lowerBound - starts[file]..<range.upperBound - starts[file], body)
  }

  func read(_ range: Range<Int>, into target: UnsafeMutableRawBufferPointer) throws(SafeTensorsError) {
    var done = 0
    while done < range.count {
      let place = range.lowerBound + done
      let file = file(at: place)
      let part = place..<min(range.upperBound, starts[file + 1])
      unsafe try files[file].read(
        part.lowerBound - starts[file]..<part.upperBound - starts[file],
        into: UnsafeMutableRawBufferPointer(rebasing: target[done..<done + part.count]))
      done += part.count
    }
  }
}
