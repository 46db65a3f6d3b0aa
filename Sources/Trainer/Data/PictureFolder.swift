internal import SafeTensors

/// Pictures and captions as they lie in a folder.
public enum PictureFolder {
  /// Endings of picture files, lower case.
  public static let endings = [".png", ".jpg", ".jpeg", ".webp", ".bmp", ".avif", ".jxl"]

  /// Why a folder cannot be read.
  public struct Refusal: Error, Sendable, Hashable, CustomStringConvertible {
    /// The sentence.
    public var description: String
  }

  /// The pictures of a folder by path, sorted by name; sub-folders are not searched.
  /// - Throws: ``Refusal`` when there is no such folder.
  public static func pictures(in folder: String) throws(Refusal) -> [String] {
    let names: [String]
    do { names = try FolderContents.names(in: folder) } catch { throw Refusal(description: "\(error)") }
    return names.filter { name in
      let name = name.lowercased()
      return endings.contains { name.hasSuffix($0) }
    }.map { "\(folder)/\($0)" }
  }

  /// The text beside a picture, or nil where there is none.
  ///
  /// White space at both ends of each line goes, and so do empty lines.
  /// - Parameters:
  ///   - picture: the picture's path.
  ///   - endings: endings of caption files in the order in which they are tried.
  /// - Throws: ``Refusal`` when the file cannot be read, is not UTF-8, or is empty.
  public static func caption(of picture: String, endings: [String] = [".txt", ".caption"]) throws(Refusal) -> String? {
    let stem = String(picture.prefix(upTo: picture.lastIndex(of: ".") ?? picture.endIndex))
    for ending in endings {
      let path = stem + ending
      let bytes: [UInt8]?
      do { bytes = try TextFile.contents(path) } catch { throw Refusal(description: "\(error)") }
      guard let bytes else { continue }
      guard let text = String(validating: bytes, as: UTF8.self) else {
        throw Refusal(description: "\(path): a caption is UTF-8 text, this file is not; save it as UTF-8")
      }
      var scalars = Array(text.unicodeScalars)
      if scalars.first == "\u{FEFF}" { scalars.removeFirst() }
      let lines = scalars.split { $0 == "\n" || $0 == "\r" }.map { line in
        var view = String.UnicodeScalarView()
        view.append(contentsOf: line)
        return String(view).trimmed
      }.filter { !$0.isEmpty }
      guard !lines.isEmpty else {
        throw Refusal(description: "\(path): the caption is empty; write one, or remove the file")
      }
      return lines.joined(separator: "\n")
    }
    return nil
  }
}
