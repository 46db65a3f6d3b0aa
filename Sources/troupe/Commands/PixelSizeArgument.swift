import ArgumentParser
import Trainer

/// A size on the command line: one side of a square, or width and height.
struct PixelSizeArgument: ExpressibleByArgument {
  let size: PixelSize

  init?(argument: String) {
    let sides = argument.split(omittingEmptySubsequences: false, whereSeparator: { "x×,".contains($0) })
      .map { Int($0) ?? 0 }
    guard (1...2).contains(sides.count), sides.allSatisfy({ (64...8192).contains($0) }) else { return nil }
    size = PixelSize(sides[0], sides.count > 1 ? sides[1] : sides[0])
  }
}
