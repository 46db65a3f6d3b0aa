#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// Small files that stand beside the weights.
package enum TextFile {
  /// The bytes of a file, or nil when there is no such file.
  /// - Throws: ``SafeTensorsError`` when it is there and cannot be read, or is larger than `limit` bytes.
  package static func contents(_ path: String, limit: Int = .max) throws(SafeTensorsError) -> [UInt8]? {
    guard unsafe access(path, F_OK) == 0 else { return nil }
    let contents = try OpenedContents.open(path: path, isContainer: false)
    guard contents.count <= limit else {
      throw SafeTensorsError(
        path: path, rule: .cannotOpen, detail: "has \(contents.count) bytes, more than the \(limit) that are read")
    }
    return try contents.copy(0..<contents.count)
  }
}
