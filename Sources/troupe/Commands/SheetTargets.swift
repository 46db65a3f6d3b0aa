import Images

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// The files that several sheets go to; checked before anything is drawn.
struct SheetTargets {
  private let folder: String
  private let replacing: Bool

  /// Makes the folder.
  /// - Throws: ``ImageError`` for names that are taken, and when the folder cannot be made.
  init(folder: String, names: [String], replacing: Bool) throws(ImageError) {
    self.folder = folder
    self.replacing = replacing
    if !replacing,
      let taken = names.map({ "\(folder)/\($0)" }).first(where: { FileManager.default.fileExists(atPath: $0) })
    {
      throw ImageError(.exists, of: taken, "exists already and is not replaced; choose another folder or give --force")
    }
    do {
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    } catch {
      throw ImageError(.cannotWrite, of: folder, "the folder cannot be made; name another place")
    }
  }

  /// Writes a sheet, and tells its path.
  func write(_ sheet: Picture, _ name: String) throws(ImageError) -> String {
    let path = "\(folder)/\(name)"
    try sheet.write(to: path, as: .png(texts: []), replacing: replacing)
    return path
  }
}
